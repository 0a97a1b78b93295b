/** What a page loads before anybody says anything: the engine and its libraries, and of libp2p and the index of the search nothing. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { build, defaultClientConditions, type Rolldown } from 'vite'

/** Of our own packages, minified and compressed: less than a photograph. */
const MAX_ENGINE_BYTES = 150 * 1_024
/** With the libraries under them (Yjs, y-webrtc and its simple-peer, noble). */
const MAX_INITIAL_BYTES = 250_000

const ENTRY = fileURLToPath(new URL('../../packages/chat/src/index.browser.ts', import.meta.url))

type Chunk = Rolldown.OutputChunk

/** As an application's bundler does it, whose entry nobody imports: what comes later may take from it. `external` is left out. */
async function bundle(external: (id: string) => boolean = () => false): Promise<Chunk[]> {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
    build: { write: false, target: 'es2023', rolldownOptions: { input: ENTRY, preserveEntrySignatures: 'allow-extension', external } },
  })) as Rolldown.RolldownOutput | Rolldown.RolldownOutput[]
  return [built].flat().flatMap(({ output }) => output.filter((part) => part.type === 'chunk'))
}

/** The chunks that are loaded with the entry. */
function initial(chunks: readonly Chunk[]): Chunk[] {
  const loaded = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const chunk of loaded) for (const name of chunk.imports) for (const other of chunks) if (other.fileName === name) loaded.add(other)
  return [...loaded]
}

const modules = (chunks: readonly Chunk[]): string[] => chunks.flatMap((chunk) => Object.keys(chunk.modules))
const gzipped = (chunks: readonly Chunk[]): number => chunks.reduce((sum, { code }) => sum + gzipSync(code).length, 0)

test(
  'a page loads less than 150 KB of engine code, nothing of libp2p before there is somebody to dial, and no index before anybody searches',
  { timeout: 60_000 },
  async () => {
    const isLibp2p = (id: string): boolean => /node_modules\/(@libp2p|libp2p|@chainsafe|@multiformats)\//.test(id)
    const whole = await bundle()
    expect(modules(initial(whole)).filter(isLibp2p)).toEqual([])
    expect(modules(whole).some(isLibp2p)).toBe(true)
    expect(gzipped(initial(whole))).toBeLessThan(MAX_INITIAL_BYTES)
    const isIndex = (id: string): boolean => id.includes('node_modules/minisearch/')
    expect(modules(initial(whole)).filter(isIndex)).toEqual([])
    // A piece of its own.
    expect(whole.filter((chunk) => modules([chunk]).some(isIndex)).map((chunk) => modules([chunk]).every(isIndex))).toEqual([true])
    const own = await bundle((id) => !/^[./\0]|^@parley\//.test(id))
    expect(gzipped(initial(own))).toBeLessThan(MAX_ENGINE_BYTES)
  },
)
