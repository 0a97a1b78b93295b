/** Builds the page of this folder and serves it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, preview } from 'vite'

/** The page at `url`, until `close`. */
export async function serveTabsPage(): Promise<{ url: string; close(): Promise<void> }> {
  const outDir = await mkdtemp(join(tmpdir(), 'parley-tabs-page-'))
  const shared = { configFile: false, root: fileURLToPath(new URL('.', import.meta.url)), logLevel: 'warn' } as const
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
