/**
 * Certificates of further devices, and chains of them, under one provider.
 */
import { decodeCbor, deviceIdBytes, encodeCbor, MAX_CERT_CHAIN, userIdBytes, type CborValue } from '@parley/protocol'
import { ed25519 } from '@noble/curves/ed25519.js'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  bundleCerts,
  certChainOf,
  certsIn,
  claimedIssuer,
  completeDeviceCert,
  endorseDevice,
  issueDeviceCert,
  trustedDeviceCert,
  verifyCertChain,
  verifyDeviceCert,
  type CertLookup,
  type CryptoProvider,
  type DeviceCert,
} from '../src/index.ts'
import { SMALL_ORDER_KEYS } from './agreement-vectors.ts'
import { bytesOf, flipBit } from './bytes.ts'
import { addedBy, CREATED_MS, keysOf, rootOf, type FamilyDevice } from './family.ts'
import { T8 } from './strict-vectors.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const lookup =
  (...devices: FamilyDevice[]): CertLookup =>
  (id) =>
    devices.find(({ cert }) => cert.deviceId === id)?.cert

/** Defines the tests for one provider. */
export function deviceChainSuite(create: () => CryptoProvider): void {
  const provider = create()
  let [alice, phone, tablet, bob]: FamilyDevice[] = []
  const people = (): Record<'alice' | 'phone' | 'tablet' | 'bob', FamilyDevice> => ({
    alice: alice as FamilyDevice,
    phone: phone as FamilyDevice,
    tablet: tablet as FamilyDevice,
    bob: bob as FamilyDevice,
  })

  beforeAll(async () => {
    alice = await rootOf(provider, 'alice')
    phone = await addedBy(provider, alice, 'phone')
    tablet = await addedBy(provider, phone, 'tablet')
    bob = await rootOf(provider, 'bob')
  })

  /** The phone's certificate with fields replaced and both signatures fitting them, made with alice's and the phone's keys unless told. */
  async function forge(
    change: (fields: CborValue[]) => void,
    {
      issuer = people().alice,
      own = people().phone,
      late,
    }: { issuer?: FamilyDevice; own?: FamilyDevice; late?: (proof: CborValue[]) => void } = {},
  ): Promise<Uint8Array> {
    const fields = [...(decodeCbor(people().phone.cert.bytes) as readonly CborValue[])].slice(0, 6)
    change(fields)
    const by = deviceIdBytes(issuer.cert.deviceId)
    const proof: CborValue[] = [
      1,
      by,
      await issuer.keys.signing.sign(Uint8Array.of(...text('parley/1/device'), ...encodeCbor([...fields, by]))),
    ]
    late?.(proof)
    fields.push(proof)
    return encodeCbor([...fields, await own.keys.signing.sign(Uint8Array.of(...text('parley/1/cert'), ...encodeCbor(fields)))])
  }

  describe('certificates of further devices', () => {
    test('say who added them, and hold for whoever knows that device', async () => {
      const { alice, phone } = people()
      const { bytes } = phone.cert
      expect(await verifyDeviceCert(provider, bytes, lookup(alice))).toEqual(phone.cert)
      expect(phone.cert).toMatchObject({
        userId: alice.cert.userId,
        issuer: alice.cert.deviceId,
        isRecovery: false,
        createdMs: CREATED_MS + 1,
        signKey: phone.keys.signing.publicKey,
        agreeKey: phone.keys.agreement.publicKey,
      })
      expect(phone.cert.deviceId).not.toBe(alice.cert.deviceId)
      expect(claimedIssuer(bytes)).toBe(alice.cert.deviceId)
      expect([claimedIssuer(alice.cert.bytes), claimedIssuer(bytesOf('noise', 200))]).toEqual([undefined, undefined])
      expect(await forge(() => undefined)).toEqual(bytes)
    })

    test('hold for nobody who does not know the issuer, or knows another under its name', async () => {
      const { alice, phone, tablet, bob } = people()
      for (const issuerOf of [undefined, lookup(), lookup(bob), lookup(tablet), () => bob.cert, () => tablet.cert, () => phone.cert]) {
        expect(await verifyDeviceCert(provider, phone.cert.bytes, issuerOf)).toBeUndefined()
      }
      const impostor: DeviceCert = { ...alice.cert, userId: bob.cert.userId }
      expect(await verifyDeviceCert(provider, phone.cert.bytes, () => impostor)).toBeUndefined()
    })

    test('nobody adds a device to another user', async () => {
      const { alice, bob } = people()
      const forged = await forge(() => undefined, { issuer: bob })
      expect(await verifyDeviceCert(provider, forged, lookup(alice, bob))).toBeUndefined()
      const named = await forge(() => undefined, { issuer: bob, late: (proof) => (proof[1] = deviceIdBytes(alice.cert.deviceId)) })
      expect(await verifyDeviceCert(provider, named, lookup(alice, bob))).toBeUndefined()
      const moved = await forge((fields) => (fields[1] = userIdBytes(bob.cert.userId)))
      expect(await verifyDeviceCert(provider, moved, lookup(alice, bob))).toBeUndefined()
    })

    test('a device does not add itself', async () => {
      const { phone } = people()
      const forged = await forge(() => undefined, { issuer: phone })
      expect(await verifyDeviceCert(provider, forged, lookup(phone))).toBeUndefined()
    })

    test('each changed bit is refused', async () => {
      const { alice, phone } = people()
      const { bytes } = phone.cert
      for (let bit = 0; bit < bytes.length * 8; bit += 5)
        expect(await verifyDeviceCert(provider, flipBit(bytes, bit), lookup(alice))).toBeUndefined()
    })

    test('a recovery device is said to be one', async () => {
      const { alice } = people()
      const recovery = await addedBy(provider, alice, 'recovery', { isRecovery: true })
      expect(recovery.cert).toMatchObject({ isRecovery: true, userId: alice.cert.userId })
      expect((decodeCbor(recovery.cert.bytes) as readonly CborValue[])[5]).toBe(1)
    })

    const wrong: readonly [name: string, change: (fields: CborValue[]) => void, late?: (proof: CborValue[]) => void][] = [
      ['version 2', (fields) => (fields[0] = 2)],
      ['unknown capabilities', (fields) => (fields[5] = 2)],
      ['negative capabilities', (fields) => (fields[5] = -1)],
      ['time beyond 48 bits', (fields) => (fields[4] = 2 ** 48)],
      ['agreement key of small order', (fields) => (fields[3] = SMALL_ORDER_KEYS[2] as Uint8Array)],
      ['agreement key at p', (fields) => (fields[3] = SMALL_ORDER_KEYS[5] as Uint8Array)],
      ['proof of an unknown kind', () => undefined, (proof) => (proof[0] = 2)],
      ['proof of a first device with an issuer', () => undefined, (proof) => (proof[0] = 0)],
      ['issuer of 15 bytes', () => undefined, (proof) => (proof[1] = bytesOf('issuer', 15))],
      ['issuer of 17 bytes', () => undefined, (proof) => (proof[1] = bytesOf('issuer', 17))],
      ['issuer signature of 63 bytes', () => undefined, (proof) => (proof[2] = bytesOf('signature', 63))],
      ['issuer signature of another', () => undefined, (proof) => (proof[2] = bytesOf('signature', 64))],
      ['proof with more items', () => undefined, (proof) => proof.push(0)],
      ['proof with fewer items', () => undefined, (proof) => proof.pop()],
    ]
    test.each(wrong)('refused: %s', async (_name, change, late) => {
      const bytes = await forge(change, late === undefined ? {} : { late })
      expect(await verifyDeviceCert(provider, bytes, lookup(people().alice))).toBeUndefined()
    })

    test('a signing key with torsion is refused, however it is signed', async () => {
      const { phone, alice } = people()
      const torsioned = ed25519.Point.fromBytes(phone.keys.signing.publicKey).add(T8).toBytes()
      expect(await verifyDeviceCert(provider, await forge((fields) => (fields[2] = torsioned)), lookup(alice))).toBeUndefined()
    })
  })

  describe('adding a device elsewhere', () => {
    const offerOf = (name: string) => {
      const keys = keysOf(provider, name)
      return {
        keys,
        offer: { signKey: keys.signing.publicKey, agreeKey: keys.agreement.publicKey, createdMs: CREATED_MS, isRecovery: false },
      }
    }

    test('takes an offer, an endorsement and the signature of the new device', async () => {
      const { alice } = people()
      const { keys, offer } = offerOf('laptop')
      const endorsement = (await endorseDevice(provider, alice, offer)) as Uint8Array
      const bytes = (await completeDeviceCert(provider, keys, endorsement, alice.cert)) as Uint8Array
      expect(bytes).toEqual(await issueDeviceCert(provider, alice, keys, { createdMs: CREATED_MS }))
      expect(await verifyDeviceCert(provider, bytes, lookup(alice))).toMatchObject({ issuer: alice.cert.deviceId })
    })

    test('an offer with unfit keys or time is not endorsed, nor one of the device itself', async () => {
      const { alice } = people()
      const { offer } = offerOf('laptop')
      const torsioned = ed25519.Point.fromBytes(offer.signKey).add(T8).toBytes()
      for (const change of [
        { signKey: torsioned },
        { signKey: offer.signKey.subarray(1) },
        { signKey: alice.keys.signing.publicKey },
        { agreeKey: new Uint8Array(32) },
        { agreeKey: offer.agreeKey.subarray(1) },
        { createdMs: -1 },
        { createdMs: 2 ** 48 },
        { createdMs: 0.5 },
      ]) {
        expect(await endorseDevice(provider, alice, { ...offer, ...change })).toBeUndefined()
      }
    })

    test('an endorsement of other keys, of another issuer, damaged or of a first device is not signed', async () => {
      const { alice, phone } = people()
      const { keys, offer } = offerOf('laptop')
      const endorsement = (await endorseDevice(provider, alice, offer)) as Uint8Array
      expect(await completeDeviceCert(provider, keysOf(provider, 'other'), endorsement, alice.cert)).toBeUndefined()
      expect(await completeDeviceCert(provider, { ...keys, agreement: phone.keys.agreement }, endorsement, alice.cert)).toBeUndefined()
      expect(await completeDeviceCert(provider, keys, endorsement, phone.cert)).toBeUndefined()
      for (let bit = 0; bit < endorsement.length * 8; bit += 41)
        expect(await completeDeviceCert(provider, keys, flipBit(endorsement, bit), alice.cert)).toBeUndefined()
      const root = encodeCbor((decodeCbor(alice.cert.bytes) as readonly CborValue[]).slice(0, 7))
      expect(await completeDeviceCert(provider, alice.keys, root, alice.cert)).toBeUndefined()
      for (const bytes of [new Uint8Array(0), bytesOf('noise', 300), encodeCbor([1, 2, 3, 4, 5, 6, 7])])
        expect(await completeDeviceCert(provider, keys, bytes, alice.cert)).toBeUndefined()
    })
  })

  describe('chains', () => {
    test('prove every device with nothing else at hand', async () => {
      const { alice, phone, tablet } = people()
      const chain = await verifyCertChain(provider, tablet.chain)
      expect(chain).toEqual([alice.cert, phone.cert, tablet.cert])
      expect(certChainOf(tablet.cert, lookup(alice, phone))).toEqual(tablet.chain)
      expect(certChainOf(alice.cert, lookup())).toEqual(alice.chain)
      expect(certChainOf(tablet.cert, lookup(alice))).toBeUndefined()
    })

    test('may branch, as the devices of a user do', async () => {
      const { alice, phone, tablet } = people()
      const laptop = await addedBy(provider, alice, 'laptop')
      const certs = [alice, laptop, phone, tablet].map(({ cert }) => cert)
      expect(
        await verifyCertChain(
          provider,
          certs.map(({ bytes }) => bytes),
        ),
      ).toEqual(certs)
    })

    test('are refused without a root, out of order, with a device twice, of two users, and empty', async () => {
      const { alice, phone, tablet, bob } = people()
      const [a, p, t, b] = [alice, phone, tablet, bob].map(({ cert }) => cert.bytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
      const again = await issueDeviceCert(provider, alice, phone.keys, { createdMs: CREATED_MS + 5 })
      for (const chain of [[], [p], [p, t], [p, a], [a, t], [a, t, p], [a, a], [a, p, p], [a, p, again], [a, b], [b, p], [a, p, b]]) {
        expect(await verifyCertChain(provider, chain)).toBeUndefined()
        if (chain.length > 1) expect(await verifyDeviceCert(provider, bundleCerts(chain), () => alice.cert)).toBeUndefined()
      }
    })

    test('in a bundle stand for themselves, with nobody known', async () => {
      const { alice, tablet } = people()
      const bundle = bundleCerts(tablet.chain)
      expect(await verifyDeviceCert(provider, bundle)).toEqual({ ...tablet.cert, bytes: bundle })
      expect(await verifyDeviceCert(provider, encodeCbor([...tablet.chain.slice(0, 2), bundle]))).toBeUndefined()
      expect(trustedDeviceCert((bytes) => provider.sha256(bytes), bundle)).toEqual({ ...tablet.cert, bytes: bundle })
      expect(claimedIssuer(bundle)).toBeUndefined()
      expect(certsIn(bundle)).toEqual(tablet.chain)
      expect(certChainOf({ ...tablet.cert, bytes: bundle }, () => undefined)).toEqual(tablet.chain)
      expect(bundleCerts([alice.cert.bytes])).toBe(alice.cert.bytes)
      const signed = await issueDeviceCert(
        provider,
        { keys: tablet.keys, cert: { ...tablet.cert, bytes: bundle } },
        keysOf(provider, 'watch'),
        { createdMs: 1 },
      )
      expect((await verifyDeviceCert(provider, bundleCerts([...tablet.chain, signed])))?.issuer).toBe(tablet.cert.deviceId)
    })

    test('end at eight', async () => {
      let last = people().alice
      for (let i = 1; i < MAX_CERT_CHAIN; i++) last = await addedBy(provider, last, `generation ${i}`)
      expect(last.chain).toHaveLength(MAX_CERT_CHAIN)
      const known = await verifyCertChain(provider, last.chain)
      const ninth = await issueDeviceCert(provider, last, keysOf(provider, 'ninth'), { createdMs: CREATED_MS })
      expect(await verifyCertChain(provider, [...last.chain, ninth])).toBeUndefined()
      const certOf: CertLookup = (id) => known?.find(({ deviceId }) => deviceId === id)
      const cert = (await verifyDeviceCert(provider, ninth, certOf)) as DeviceCert
      expect(cert.issuer).toBe(last.cert.deviceId)
      expect(certChainOf(cert, certOf)).toBeUndefined()
    })
  })
}
