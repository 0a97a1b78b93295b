/**
 * Import this before anything of the project: `@parley/crypto` is then what `fast-crypto.ts` makes of it, for the simulations of a plain Node process.
 * In Vitest, `vi.mock` does the same.
 */
import { registerHooks } from 'node:module'

const NAME = '@parley/crypto'
const WRAPPED = 'simulation:crypto'
/** What `withFastCrypto` replaces. */
const REPLACED = ['deriveKey', 'hmacSha256', 'inviteKey', 'openBody', 'sealBody'] as const

let original = ''

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== NAME || context.parentURL === WRAPPED) return next(specifier, context)
    original = next(specifier, context).url
    return { url: WRAPPED, format: 'module', shortCircuit: true }
  },
  load(url, context, next) {
    if (url !== WRAPPED) return next(url, context)
    const source = `
      import * as original from ${JSON.stringify(original)}
      import { withFastCrypto } from ${JSON.stringify(new URL('fast-crypto.ts', import.meta.url).href)}
      export * from ${JSON.stringify(original)}
      export const { ${REPLACED.join(', ')} } = withFastCrypto(original)`
    return { format: 'module', source, shortCircuit: true }
  },
})
