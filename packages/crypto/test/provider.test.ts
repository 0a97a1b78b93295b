import { createPublicKey, verify as opensslVerify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { nobleProvider, webCryptoProvider, type CryptoProvider } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { unhex } from './bytes.ts'
import { providerSuite } from './provider-suite.ts'
import { strictVectors } from './strict-vectors.ts'

describe('noble', () => {
  providerSuite(nobleProvider)
})
describe('node', () => {
  providerSuite(nodeProvider)
})

describe('webcrypto', async () => {
  const provider = await webCryptoProvider()
  providerSuite(() => provider)
})

describe('webcrypto, feature by feature', () => {
  /** The real Web Crypto with some of its answers replaced. */
  const subtleWith = (changes: Partial<SubtleCrypto>): SubtleCrypto =>
    new Proxy(crypto.subtle, {
      get: (target, name): unknown => Reflect.get(changes, name) ?? (Reflect.get(target, name) as () => unknown).bind(target),
    })
  const unknown = () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
  const expectStrict = async (provider: CryptoProvider): Promise<void> => {
    const vectors = strictVectors()
    expect(await provider.verifyMany(vectors)).toEqual(vectors.map(({ valid }) => valid))
    const singly = await Promise.all(vectors.map((vector) => provider.verify(vector)))
    expect(singly).toEqual(vectors.map(({ valid }) => valid))
  }

  test('is used where it is complete', async () => {
    expect((await webCryptoProvider()).name).toBe('webcrypto')
  })

  test.each(['Ed25519', 'X25519'])('an engine without %s gets noble', async (missing) => {
    const generateKey = (algorithm: string, ...rest: [boolean, KeyUsage[]]) =>
      algorithm === missing ? unknown() : crypto.subtle.generateKey(algorithm, ...rest)
    const provider = await webCryptoProvider(subtleWith({ generateKey: generateKey as SubtleCrypto['generateKey'] }))
    expect(provider.name).toBe('noble')
  })

  test('an engine that takes every signature signs, but does not judge', async () => {
    const provider = await webCryptoProvider(subtleWith({ verify: () => Promise.resolve(true) }))
    expect(provider.name).toBe('webcrypto')
    await expectStrict(provider)
  })

  test('an engine that judges by the cofactored equation does not judge', async () => {
    const raw = new WeakMap<CryptoKey, Uint8Array>()
    const subtle = subtleWith({
      importKey: (async (format: 'raw', bytes: Uint8Array<ArrayBuffer>, ...rest: [string, boolean, KeyUsage[]]) => {
        const key = await crypto.subtle.importKey(format, bytes, ...rest)
        raw.set(key, bytes)
        return key
      }) as SubtleCrypto['importKey'],
      verify: async (_algorithm, key, signature, message) =>
        ed25519.verify(signature as Uint8Array, message as Uint8Array, raw.get(key) as Uint8Array),
    })
    await expectStrict(await webCryptoProvider(subtle))
  })

  test('an engine that breaks down over a signature has given no verdict: ours counts', async () => {
    let calls = 0
    const verify: SubtleCrypto['verify'] = (...job) =>
      ++calls > 2 ? Promise.reject(new DOMException('Out of memory.', 'OperationError')) : crypto.subtle.verify(...job)
    await expectStrict(await webCryptoProvider(subtleWith({ verify })))
    expect(calls).toBeGreaterThan(2)
  })
})

describe('the strict vectors bite: left to themselves, the engines disagree', () => {
  const wellFormed = strictVectors().filter((vector) => vector.publicKey.length === 32 && vector.signature.length === 64)
  const acceptedBy = (accepts: (vector: (typeof wellFormed)[number]) => boolean): string[] =>
    wellFormed.filter((vector) => !vector.valid && accepts(vector)).map((vector) => vector.name)

  test('noble alone takes torsioned R and more', () => {
    const accepted = acceptedBy(({ signature, message, publicKey }) => ed25519.verify(signature, message, publicKey))
    expect(accepted).toContain('R + 1 T8 on an honest key')
    expect(accepted).toContain('torsioned key, k not divisible by 8')
    expect(accepted).toContain('identity as key, S = 0, R = identity')
    expect(accepted).toContain('R = identity written as p + 1')
  })

  // Small-order keys and R are taken by OpenSSL 3.0 (Node 20) and refused by 3.5 (Node 24): a verdict of its own would change with an update.
  test('OpenSSL alone takes torsioned keys, and refuses the torsioned R that noble takes', () => {
    const accepted = acceptedBy(({ signature, message, publicKey }) => {
      const key = createPublicKey({ key: Buffer.concat([unhex('302a300506032b6570032100'), publicKey]), format: 'der', type: 'spki' })
      return opensslVerify(null, message, key, signature)
    })
    expect(accepted).toContain('torsioned key, k divisible by 8')
    expect(accepted).toContain('torsioned key, R takes the torsion away')
    expect(accepted).not.toContain('R + 1 T8 on an honest key')
  })
})
