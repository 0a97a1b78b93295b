import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  claimedIssuer,
  completeDeviceCert,
  epochSecretBytes,
  epochSecretFromBytes,
  verifyCertChain,
  verifyDeviceCert,
} from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { addedBy, keysOf, rootOf } from './family.ts'

const provider = nodeProvider()
const runs = { numRuns: 400, seed: 20_260_101 }

/** A few bytes of `valid` replaced, taken out or put in. */
const injured = (valid: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(fc.nat({ max: valid.length }), fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 5 }))
    .map(([at, removed, inserted]) => Uint8Array.of(...valid.subarray(0, at), ...inserted, ...valid.subarray(at + removed)))

test('a certificate with an injury is none, and nothing is thrown', async () => {
  const alice = await rootOf(provider, 'alice')
  const phone = await addedBy(provider, alice, 'phone')
  const [root, added] = [alice.cert.bytes, phone.cert.bytes]
  const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b)
  await fc.assert(
    fc.asyncProperty(fc.oneof(injured(root), injured(added), fc.uint8Array({ maxLength: 400 })), async (bytes) => {
      fc.pre(!isSame(bytes, root) && !isSame(bytes, added))
      expect(await verifyDeviceCert(provider, bytes, () => alice.cert)).toBeUndefined()
      expect(await verifyCertChain(provider, [root, bytes])).toBeUndefined()
      expect(await verifyCertChain(provider, [bytes, added])).toBeUndefined()
      expect(await completeDeviceCert(provider, keysOf(provider, 'phone'), bytes, alice.cert)).toBeUndefined()
      expect(claimedIssuer(bytes) === undefined || typeof claimedIssuer(bytes) === 'string').toBe(true)
    }),
    runs,
  )
})

test('any bytes are one secret, written back the same, or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 33, maxLength: 33 })),
      fc.nat({ max: 2 }),
      (bytes, form) => {
        if (bytes.length > 0) bytes[0] = form
        const secret = epochSecretFromBytes(bytes)
        if (secret !== undefined) expect(epochSecretBytes(secret)).toEqual(bytes)
        else expect(bytes.length !== 33 || form === 2).toBe(true)
      },
    ),
    runs,
  )
})
