import { createPublicKey, verify as opensslVerify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { nobleProvider } from '../src/index.ts'
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
