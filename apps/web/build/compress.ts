/**
 * Puts a Brotli and a gzip copy beside every built file that they make smaller: `server/serve.ts` sends those, and takes no time for it.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

/** What is text: pictures are compressed already, and nobody waits for source maps. */
const TEXT = /\.(?:css|html|js|json|svg|webmanifest)$/
/** Smaller files travel in one packet anyway. */
const MIN_BYTES = 1_024
/** Of 11: the last two take ten times as long for two percent. */
const QUALITY = 9

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

/** The Vite plugin; the last one, for it looks at what the others have written. */
export function compress(): Plugin {
  let folder = ''
  return {
    name: 'parley-compress',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir)
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true })
        const paths = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name)).map((entry) => join(entry.parentPath, entry.name))
        await Promise.all(paths.map(compressFile))
      },
    },
  }
}

async function compressFile(path: string): Promise<void> {
  const bytes = await readFile(path)
  if (bytes.length < MIN_BYTES) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  const copies = [
    ['.br', await brotli(bytes, { params })],
    ['.gz', await gzipped(bytes, { level: QUALITY })],
  ] as const
  for (const [ending, copy] of copies) if (copy.length < bytes.length) await writeFile(path + ending, copy)
}
