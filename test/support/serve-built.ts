/** Builds a page of a test, from the sources of our packages, and serves it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, preview } from 'vite'

/** The `index.html` of a folder at `url`, until `close`. */
export async function serveBuilt(folder: URL): Promise<{ url: string; close(): Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), 'parley-page-'))
  const shared = { configFile: false, root: fileURLToPath(folder), logLevel: 'warn' } as const
  const resolve = { conditions: ['@parley/source', ...defaultClientConditions] }
  await build({ ...shared, resolve, build: { outDir, emptyOutDir: true, target: 'es2023', chunkSizeWarningLimit: 2_000 } })
  const server = await preview({ ...shared, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } })
  return {
    url: server.resolvedUrls!.local[0]!,
    async close() {
      await server.close()
      await rm(outDir, { recursive: true })
    },
  }
}
