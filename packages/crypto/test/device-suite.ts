/**
 * Device certificates and join proofs under one provider.
 */
import { decodeCbor, deviceIdBytes, encodeCbor, userIdBytes, type CborValue } from '@parley/protocol'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import {
  createDeviceCert,
  createDeviceSecrets,
  deviceIdFrom,
  deviceKeysOf,
  inviteKey,
  joinProof,
  verifyDeviceCert,
  verifyJoinProof,
  type CryptoProvider,
} from '../src/index.ts'
import { bytesOf, flipBit, randomFrom } from './bytes.ts'
import { T8 } from './strict-vectors.ts'

const CREATED_MS = 1_790_000_000_000
const salt16 = bytesOf('salt', 16)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Defines the tests for one provider. */
export function deviceSuite(create: () => CryptoProvider): void {
  const provider = create()
  const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)
  const alice = deviceKeysOf(provider, createDeviceSecrets(randomFrom('alice')))
  const bob = deviceKeysOf(provider, createDeviceSecrets(randomFrom('bob')))
  const certOf = (keys: typeof alice): Promise<Uint8Array> => createDeviceCert(provider, keys, { createdMs: CREATED_MS, salt16 })

  /** A certificate with some fields replaced and a self signature that fits them, made with alice's key. */
  async function forge(change: (fields: CborValue[]) => void, key = alice.signing): Promise<Uint8Array> {
    const fields = [...(decodeCbor(await certOf(alice)) as readonly CborValue[])].slice(0, 7)
    change(fields)
    const signature = await key.sign(Uint8Array.of(...text('parley/1/cert'), ...encodeCbor(fields)))
    return encodeCbor([...fields, signature])
  }

  describe('device certificates', () => {
    test('say what they were made from', async () => {
      const bytes = await certOf(alice)
      const cert = await verifyDeviceCert(provider, bytes)
      const signKey = alice.signing.publicKey
      expect(cert).toMatchObject({ bytes, signKey, agreeKey: alice.agreement.publicKey, createdMs: CREATED_MS })
      expect(deviceIdBytes(cert!.deviceId)).toEqual(hash(Uint8Array.of(...text('parley/1/dev'), ...signKey)).slice(0, 16))
      expect(deviceIdBytes(cert!.deviceId)).toEqual(deviceIdFrom(hash, signKey))
      expect(userIdBytes(cert!.userId)).toEqual(hash(Uint8Array.of(...text('parley/1/user'), ...signKey, ...salt16)))
    })

    test('are the bytes of the format', async () => {
      const fields = decodeCbor(await certOf(alice)) as readonly CborValue[]
      expect(fields).toHaveLength(8)
      expect([fields[0], fields[4], fields[5]]).toEqual([1, CREATED_MS, 0])
      expect(fields[6]).toEqual([0, salt16])
      expect(await forge(() => undefined)).toEqual(await certOf(alice))
    })

    test('do not depend on the buffer that they came in', async () => {
      const bytes = await certOf(alice)
      const cert = await verifyDeviceCert(provider, bytes)
      const signKey = alice.signing.publicKey
      bytes.fill(0)
      expect(cert!.signKey).toEqual(signKey)
      expect(await verifyDeviceCert(provider, cert!.bytes)).toEqual(cert)
    })

    test('a user id that is not the hash of key and salt is refused, though the device signed it', async () => {
      const bobs = await verifyDeviceCert(provider, await certOf(bob))
      expect(await verifyDeviceCert(provider, await forge((fields) => (fields[1] = userIdBytes(bobs!.userId))))).toBeUndefined()
      expect(await verifyDeviceCert(provider, await forge((fields) => (fields[6] = [0, bytesOf('other', 16)])))).toBeUndefined()
    })

    test('a self signature by another key is refused', async () => {
      expect(await verifyDeviceCert(provider, await forge(() => undefined, bob.signing))).toBeUndefined()
    })

    test('each changed bit is refused', async () => {
      const bytes = await certOf(alice)
      for (let bit = 0; bit < bytes.length * 8; bit += 3) expect(await verifyDeviceCert(provider, flipBit(bytes, bit))).toBeUndefined()
    })

    test('bytes behind, bytes missing, and what is no certificate at all are refused', async () => {
      const bytes = await certOf(alice)
      expect(await verifyDeviceCert(provider, Uint8Array.of(...bytes, 0))).toBeUndefined()
      expect(await verifyDeviceCert(provider, Uint8Array.of(...bytes, ...bytes))).toBeUndefined()
      for (let length = 0; length < bytes.length; length += 7)
        expect(await verifyDeviceCert(provider, bytes.subarray(0, length))).toBeUndefined()
      for (const value of [null, 7, 'certificate', [], [1, 2, 3]])
        expect(await verifyDeviceCert(provider, encodeCbor(value))).toBeUndefined()
      expect(await verifyDeviceCert(provider, bytesOf('noise', 10_000))).toBeUndefined()
    })

    const wrong: readonly [name: string, change: (fields: CborValue[]) => void][] = [
      ['version 2', (fields) => (fields[0] = 2)],
      ['capabilities of a first device', (fields) => (fields[5] = 1)],
      ['time before 1970', (fields) => (fields[4] = -1)],
      ['time beyond 48 bits', (fields) => (fields[4] = 2 ** 48)],
      ['time as text', (fields) => (fields[4] = '2026')],
      ['proof of a device added by another, without its signature', (fields) => (fields[6] = [1, salt16])],
      ['proof with more items', (fields) => (fields[6] = [0, salt16, 0])],
      ['proof without salt', (fields) => (fields[6] = [0])],
      ['salt of 15 bytes', (fields) => (fields[6] = [0, salt16.subarray(1)])],
      ['agreement key of small order', (fields) => (fields[3] = new Uint8Array(32))],
      ['agreement key at p', (fields) => (fields[3] = Uint8Array.of(0xed, ...new Uint8Array(30).fill(0xff), 0x7f))],
      ['agreement key of 31 bytes', (fields) => (fields[3] = new Uint8Array(31).fill(9))],
      ['one item more', (fields) => fields.push(0)],
      ['one item less', (fields) => fields.pop()],
    ]
    test.each(wrong)('properly signed, but wrong: %s', async (_name, change) => {
      expect(await verifyDeviceCert(provider, await forge(change))).toBeUndefined()
    })

    test('a torsioned signing key is refused even with a signature that engines accept', async () => {
      const torsioned = ed25519.Point.fromBytes(alice.signing.publicKey).add(T8).toBytes()
      const user = hash(Uint8Array.of(...text('parley/1/user'), ...torsioned, ...salt16))
      const change = (fields: CborValue[]): void => {
        fields[1] = user
        fields[2] = torsioned
      }
      expect(await verifyDeviceCert(provider, await forge(change))).toBeUndefined()
    })
  })

  describe('join proofs', () => {
    const seed = bytesOf('invite', 32)
    const invite = inviteKey(seed)
    const conversation = bytesOf('conversation', 32)

    test('hold for their invite, conversation and certificate', async () => {
      const cert = await certOf(bob)
      const proof = await joinProof(invite, conversation, cert)
      expect(proof).toHaveLength(64)
      expect(invite.publicKey).not.toEqual(provider.signingKey(seed).publicKey)
      expect(await verifyJoinProof(provider, invite.publicKey, conversation, cert, proof)).toBe(true)
    })

    test('are of no use for another certificate, conversation or invite', async () => {
      const cert = await certOf(bob)
      const proof = await joinProof(invite, conversation, cert)
      const other = inviteKey(bytesOf('another invite', 32))
      expect(await verifyJoinProof(provider, invite.publicKey, conversation, await certOf(alice), proof)).toBe(false)
      expect(await verifyJoinProof(provider, invite.publicKey, bytesOf('elsewhere', 32), cert, proof)).toBe(false)
      expect(await verifyJoinProof(provider, other.publicKey, conversation, cert, proof)).toBe(false)
      expect(await verifyJoinProof(provider, invite.publicKey, conversation, cert, proof.subarray(1))).toBe(false)
    })

    test('an invite key of small order in a hostile invite entry lets nobody in', async () => {
      const proof = new Uint8Array(64)
      proof[0] = 1
      const identity = Uint8Array.of(1, ...new Uint8Array(31))
      expect(await verifyJoinProof(provider, identity, conversation, await certOf(bob), proof)).toBe(false)
    })
  })
}
