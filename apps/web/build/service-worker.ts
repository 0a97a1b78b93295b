/**
 * Builds `src/offline/service-worker.ts` into `/service-worker.js` and tells it which files the page consists of, each with a hash, so that a new
 * build is noticed.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { build, type Plugin } from 'vite'

const FILE = 'service-worker.js'
/** Not needed to run, or never asked for by that name. */
const LEFT_OUT = /\.(?:map|br|gz)$/

/** One file of the page as `workbox-precaching` takes it. */
interface Precached {
  readonly url: string
  readonly revision: string
}

async function filesOf(folder: string): Promise<Precached[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile() && !LEFT_OUT.test(entry.name)).map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    paths.map(async (path) => ({
      url: `/${relative(folder, path).split(sep).join('/')}`,
      revision: createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
        .slice(0, 16),
    })),
  )
  return files.sort((a, b) => a.url.localeCompare(b.url))
}

/** The Vite plugin. It looks at what is on the disk once the page is built, its public files included. */
export function serviceWorker(): Plugin {
  let root = ''
  let folder = ''
  return {
    name: 'parley-service-worker',
    apply: 'build',
    configResolved(config) {
      root = config.root
      folder = join(config.root, config.build.outDir)
    },
    async closeBundle() {
      await build({
        configFile: false,
        root,
        publicDir: false,
        logLevel: 'warn',
        define: { PRECACHED: JSON.stringify(await filesOf(folder)), 'process.env.NODE_ENV': '"production"' },
        build: {
          outDir: folder,
          emptyOutDir: false,
          target: 'es2023',
          rolldownOptions: { input: join(root, 'src/offline/service-worker.ts'), output: { format: 'iife', entryFileNames: FILE } },
        },
      })
    },
  }
}
