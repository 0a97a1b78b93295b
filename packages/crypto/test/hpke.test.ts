import * as noble from '@panva/hpke-noble'
import { x25519 } from '@noble/curves/ed25519.js'
import { CipherSuite } from 'hpke'
import { describe, expect, test } from 'vitest'
import { hpkeOpen, hpkeSeal, isAcceptableAgreeKey, nobleProvider, x25519PublicKey, x25519Shared, type AgreementKey } from '../src/index.ts'
import { RFC_7748, SMALL_ORDER_KEYS } from './agreement-vectors.ts'
import { bytesOf, flipBit, hex, randomFrom, unhex } from './bytes.ts'

/** RFC 9180, appendix A.2.1, sequence number 0. */
const RFC_9180 = {
  info: unhex('4f6465206f6e2061204772656369616e2055726e'),
  skEm: unhex('f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600'),
  enc: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
  skRm: unhex('8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb'),
  pkRm: unhex('4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a'),
  aad: unhex('436f756e742d30'),
  pt: unhex('4265617574792069732074727574682c20747275746820626561757479'),
  ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
}

const secretKey = bytesOf('bob', 32)
const publicKey = x25519PublicKey(secretKey)
const provider = nobleProvider()
const keyOf = (bytes: Uint8Array): AgreementKey => provider.agreementKey(bytes)
const key = keyOf(secretKey)
const info = bytesOf('info', 64)
const secret = bytesOf('epoch secret', 64)

describe('HPKE base mode', () => {
  test('seals and opens the vector of RFC 9180, A.2.1', async () => {
    const { aad } = RFC_9180
    const box = await hpkeSeal(provider, RFC_9180.pkRm, RFC_9180.info, RFC_9180.pt, { aad, random: () => RFC_9180.skEm })
    expect(hex(box)).toBe(RFC_9180.enc + RFC_9180.ct)
    expect(await hpkeOpen(keyOf(RFC_9180.skRm), RFC_9180.info, box, { aad })).toEqual(RFC_9180.pt)
  })

  test('another implementation opens our boxes, and we open its', async () => {
    const suite = new CipherSuite(noble.KEM_DHKEM_X25519_HKDF_SHA256, noble.KDF_HKDF_SHA256, noble.AEAD_ChaCha20Poly1305)
    const ours = await hpkeSeal(provider, publicKey, info, secret)
    const theirSecret = await suite.DeserializePrivateKey(secretKey)
    expect(new Uint8Array(await suite.Open(theirSecret, ours.slice(0, 32), ours.slice(32), { info }))).toEqual(secret)
    const theirs = await suite.Seal(await suite.DeserializePublicKey(publicKey), secret, { info })
    expect(await hpkeOpen(key, info, Uint8Array.of(...theirs.encapsulatedSecret, ...theirs.ciphertext))).toEqual(secret)
  })

  test('two boxes of the same secret differ', async () => {
    expect(await hpkeSeal(provider, publicKey, info, secret)).not.toEqual(await hpkeSeal(provider, publicKey, info, secret))
  })

  test('a changed bit, another key, info or aad, a cut box: nothing opens', async () => {
    const box = await hpkeSeal(provider, publicKey, info, secret, { random: randomFrom('ephemeral') })
    expect(box.length).toBe(32 + 64 + 16)
    expect(await hpkeOpen(key, info, box)).toEqual(secret)
    // The top bit of enc is not part of the u coordinate (RFC 7748, section 5): that spelling is refused as not canonical.
    for (let bit = 0; bit < box.length * 8; bit += 5) expect(await hpkeOpen(key, info, flipBit(box, bit))).toBeUndefined()
    expect(await hpkeOpen(key, info, flipBit(box, 255))).toBeUndefined()
    expect(await hpkeOpen(keyOf(bytesOf('carol', 32)), info, box)).toBeUndefined()
    expect(await hpkeOpen(key, flipBit(info, 9), box)).toBeUndefined()
    expect(await hpkeOpen(key, info, box, { aad: Uint8Array.of(1) })).toBeUndefined()
    for (const length of [0, 31, 32, 47, 48, box.length - 1]) expect(await hpkeOpen(key, info, box.subarray(0, length))).toBeUndefined()
  })

  test('a box whose ephemeral key is of small order does not open', async () => {
    for (const enc of SMALL_ORDER_KEYS) {
      expect(await hpkeOpen(key, info, Uint8Array.of(...enc, ...new Uint8Array(80)))).toBeUndefined()
    }
  })

  test('sealing to a key of small order is refused, without naming the secret', async () => {
    for (const key of SMALL_ORDER_KEYS)
      await expect(hpkeSeal(provider, key, info, secret)).rejects.toThrow('The public key is not fit for key agreement.')
  })
})

describe('X25519', () => {
  test('the keys and the shared secret of RFC 7748, section 6.1', () => {
    const alice = unhex(RFC_7748.alice)
    const bob = unhex(RFC_7748.bob)
    expect(hex(x25519PublicKey(alice))).toBe(RFC_7748.alicePublic)
    expect(hex(x25519PublicKey(bob))).toBe(RFC_7748.bobPublic)
    expect(hex(x25519Shared(alice, unhex(RFC_7748.bobPublic)) as Uint8Array)).toBe(RFC_7748.shared)
  })

  test('both ends agree', () => {
    const carol = bytesOf('carol', 32)
    expect(x25519Shared(secretKey, x25519PublicKey(carol))).toEqual(x25519Shared(carol, publicKey))
  })

  test('keys of small order, at or above p, or of a wrong length are refused, and they are what the library calls bad', () => {
    for (const key of SMALL_ORDER_KEYS) {
      expect(isAcceptableAgreeKey(key)).toBe(false)
      expect(x25519Shared(secretKey, key)).toBeUndefined()
      expect(() => x25519.getSharedSecret(secretKey, key)).toThrow()
    }
    expect(isAcceptableAgreeKey(flipBit(publicKey, 255))).toBe(false)
    expect(isAcceptableAgreeKey(publicKey.subarray(1))).toBe(false)
    expect(isAcceptableAgreeKey(Uint8Array.of(...publicKey, 0))).toBe(false)
    expect(isAcceptableAgreeKey(publicKey)).toBe(true)
  })
})
