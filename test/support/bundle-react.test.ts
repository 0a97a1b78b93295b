/** What the hooks and components add to a page that has React and the engine. */
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { build, defaultClientConditions, type Rolldown } from 'vite'

/** Everything, minified and compressed, with the virtualiser under the timeline, which is a half of it: 22.6 KB when it was made. */
const MAX_WHOLE_BYTES = 24_000
/** One hook. */
const MAX_HOOK_BYTES = 1_500

const ENTRY = fileURLToPath(new URL('../../packages/react/src/index.ts', import.meta.url))
const PAGE = 'virtual:page'

/** As an application's bundler does it that imports this of the package. */
async function bundle(imported: string): Promise<{ bytes: number; modules: readonly string[] }> {
  const page = {
    name: 'page',
    resolveId: (id: string) => (id === PAGE ? `\0${PAGE}` : undefined),
    load: (id: string) => (id === `\0${PAGE}` ? `export ${imported} from ${JSON.stringify(ENTRY)}` : undefined),
  }
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [page],
    resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2023',
      rolldownOptions: { input: PAGE, preserveEntrySignatures: 'strict', external: /^(react|react-dom|@parley\/chat)($|\/)/ },
    },
  })) as Rolldown.RolldownOutput
  const chunks = built.output.filter((part) => part.type === 'chunk')
  return {
    bytes: chunks.reduce((sum, { code }) => sum + gzipSync(code).length, 0),
    modules: chunks.flatMap((chunk) => Object.keys(chunk.modules)),
  }
}

test('all of @parley/react is less than 24 KB, and who imports one hook gets one hook', { timeout: 60_000 }, async () => {
  const isVirtual = (id: string): boolean => id.includes('/@tanstack/')
  const whole = await bundle('*')
  expect(whole.bytes).toBeLessThan(MAX_WHOLE_BYTES)
  expect(whole.modules.some(isVirtual)).toBe(true)
  const hook = await bundle('{ useTyping }')
  expect(hook.bytes).toBeLessThan(MAX_HOOK_BYTES)
  expect(hook.modules.filter((id) => isVirtual(id) || id.includes('/components/'))).toEqual([])
})
