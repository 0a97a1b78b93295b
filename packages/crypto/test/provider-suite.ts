/**
 * What every CryptoProvider must do. Run by each of them, in Node and in Chromium.
 */
import { expect, test } from 'vitest'
import { hpkeOpen, hpkeSeal, hpkeSealMany, isAcceptablePublicKey, sealBody, type CryptoProvider } from '../src/index.ts'
import { RFC_7748, SMALL_ORDER_KEYS } from './agreement-vectors.ts'
import { bytesOf, flipBit, hex, randomFrom, unhex } from './bytes.ts'
import { strictVectors } from './strict-vectors.ts'

/** RFC 8032, section 7.1: secret key, public key, message, signature. */
const RFC_8032: readonly [name: string, secretKey: string, publicKey: string, message: string, signature: string][] = [
  [
    'TEST 1',
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    'TEST 2',
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'TEST 3',
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
  [
    'TEST SHA(abc)',
    '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  ],
]

/** Defines the tests for one provider. */
export function providerSuite(create: () => CryptoProvider): void {
  const provider = create()

  test.each(RFC_8032)('RFC 8032, %s', async (_name, secretKey, publicKey, message, signature) => {
    const key = provider.signingKey(unhex(secretKey))
    expect(hex(key.publicKey)).toBe(publicKey)
    expect(hex(await key.sign(unhex(message)))).toBe(signature)
    expect(await provider.verify({ publicKey: unhex(publicKey), message: unhex(message), signature: unhex(signature) })).toBe(true)
  })

  test.each(strictVectors())('strict acceptance: $name', async (vector) => {
    expect(await provider.verify(vector)).toBe(vector.valid)
    expect(isAcceptablePublicKey(vector.publicKey)).toBe(vector.keyAcceptable)
  })

  test('seals and opens as everybody does', () => {
    const key = bytesOf('key', 32)
    for (const length of [0, 1, 63, 64, 65, 1_000]) {
      const [nonce, aad, text] = [bytesOf(`nonce ${length}`, 24), bytesOf('aad', length % 100), bytesOf('text', length)]
      const sealed = provider.sealBody(key, nonce, aad, text)
      expect(sealed).toEqual(sealBody(key, nonce, aad, text))
      // As it comes from a peer: somewhere in something longer.
      const within = new Uint8Array(sealed.length + 8).subarray(3, 3 + sealed.length)
      within.set(sealed)
      expect(provider.openBody(key, within, aad)).toEqual(text)
      expect(provider.openBody(flipBit(key, 9), sealed, aad)).toBeUndefined()
      expect(provider.openBody(key, sealed, flipBit(bytesOf('aad', 100), 1))).toBeUndefined()
      for (const bit of [0, 180, 24 * 8, sealed.length * 8 - 1]) expect(provider.openBody(key, flipBit(sealed, bit), aad)).toBeUndefined()
      expect(provider.openBody(key, sealed.subarray(0, -1), aad)).toBeUndefined()
    }
    expect(provider.openBody(key, new Uint8Array(39), new Uint8Array(0))).toBeUndefined()
    for (const length of [0, 31, 33])
      expect(() => provider.sealBody(new Uint8Array(length), bytesOf('nonce', 24), new Uint8Array(0), key)).toThrow()
    expect(() => provider.openBody(new Uint8Array(31), new Uint8Array(60), new Uint8Array(0))).toThrow()
    expect(() => provider.sealBody(key, new Uint8Array(12), new Uint8Array(0), key)).toThrow()
  })

  test('any changed bit of key, message or signature makes the verdict false', async () => {
    const secretKey = bytesOf('alice', 32)
    const message = bytesOf('hello', 20)
    const key = provider.signingKey(secretKey)
    const { publicKey } = key
    const signature = await key.sign(message)
    const jobs = [
      ...Array.from({ length: 512 }, (_, bit) => ({ publicKey, message, signature: flipBit(signature, bit) })),
      ...Array.from({ length: 160 }, (_, bit) => ({ publicKey, message: flipBit(message, bit), signature })),
      ...Array.from({ length: 64 }, (_, i) => ({ publicKey: flipBit(publicKey, i * 4), message, signature })),
    ]
    expect(await provider.verify({ publicKey, message, signature })).toBe(true)
    expect((await provider.verifyMany(jobs)).filter((valid) => valid)).toEqual([])
  })

  test('verifyMany answers in the order of its jobs, and nothing for nothing', async () => {
    const vectors = strictVectors()
    expect(await provider.verifyMany(vectors)).toEqual(vectors.map((vector) => vector.valid))
    expect(await provider.verifyMany([])).toEqual([])
  })

  test('works on views into larger buffers and leaves the caller’s bytes alone', async () => {
    const buffer = bytesOf('buffer', 200)
    const copy = buffer.slice()
    const key = provider.signingKey(buffer.subarray(3, 35))
    const message = buffer.subarray(40, 199)
    const signature = await key.sign(message)
    expect(await provider.verify({ publicKey: key.publicKey, message, signature })).toBe(true)
    expect(await provider.agreementKey(buffer.subarray(7, 39)).agree(key.publicKey)).toHaveLength(32)
    expect(buffer).toEqual(copy)
  })

  test('SHA-256 of FIPS 180-4 vectors, in plain arrays of their own', () => {
    const empty = provider.sha256(new Uint8Array(0))
    expect(hex(empty)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hex(provider.sha256(new TextEncoder().encode('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(empty.constructor).toBe(Uint8Array)
    expect(provider.sha256(new Uint8Array(0))).not.toBe(empty)
  })

  test('keys copy the bytes that they were made of', async () => {
    const seed = bytesOf('alice', 32)
    const [signing, agreement] = [provider.signingKey(seed), provider.agreementKey(seed)]
    const theirs = provider.agreementKey(bytesOf('bob', 32)).publicKey
    const before = [await signing.sign(Uint8Array.of(1)), await agreement.agree(theirs)]
    seed.fill(0)
    expect([await signing.sign(Uint8Array.of(1)), await agreement.agree(theirs)]).toEqual(before)
  })

  test('RFC 7748, section 6.1: both ends agree on the secret of the document', async () => {
    const alice = provider.agreementKey(unhex(RFC_7748.alice))
    const bob = provider.agreementKey(unhex(RFC_7748.bob))
    expect([hex(alice.publicKey), hex(bob.publicKey)]).toEqual([RFC_7748.alicePublic, RFC_7748.bobPublic])
    expect(hex((await alice.agree(bob.publicKey))!)).toBe(RFC_7748.shared)
    expect(hex((await bob.agree(alice.publicKey))!)).toBe(RFC_7748.shared)
  })

  test('agrees with no key of small order, not canonical or of a wrong length', async () => {
    const key = provider.agreementKey(bytesOf('alice', 32))
    for (const theirs of SMALL_ORDER_KEYS) expect(await key.agree(theirs)).toBeUndefined()
    expect(await key.agree(flipBit(key.publicKey, 255))).toBeUndefined()
    for (const length of [0, 31, 33]) expect(await key.agree(bytesOf('short', length))).toBeUndefined()
  })

  test('encapsulates as the key of the same secret agrees', async () => {
    const secret = bytesOf('ephemeral', 32)
    const bob = provider.agreementKey(bytesOf('bob', 32))
    const made = await provider.encapsulate(secret, bob.publicKey)
    expect(made?.publicKey).toEqual(provider.agreementKey(secret).publicKey)
    expect(made?.shared).toEqual(await bob.agree(made!.publicKey))
    const rfc = await provider.encapsulate(unhex(RFC_7748.alice), unhex(RFC_7748.bobPublic))
    expect([hex(rfc!.publicKey), hex(rfc!.shared)]).toEqual([RFC_7748.alicePublic, RFC_7748.shared])
  })

  test('encapsulates to no key of small order, not canonical or of a wrong length, and from no short secret', async () => {
    const secret = bytesOf('ephemeral', 32)
    const { publicKey } = provider.agreementKey(bytesOf('bob', 32))
    for (const theirs of SMALL_ORDER_KEYS) expect(await provider.encapsulate(secret, theirs)).toBeUndefined()
    expect(await provider.encapsulate(secret, flipBit(publicKey, 255))).toBeUndefined()
    for (const length of [0, 31, 33]) expect(await provider.encapsulate(secret, bytesOf('short', length))).toBeUndefined()
    await expect(provider.encapsulate(secret.subarray(1), publicKey)).rejects.toThrow('A secret key has 32 bytes.')
  })

  test('opens what is sealed to its keys, and nothing else', async () => {
    const key = provider.agreementKey(bytesOf('bob', 32))
    const [info, secret] = [bytesOf('info', 32), bytesOf('epoch secret', 64)]
    const box = await hpkeSeal(provider, key.publicKey, info, secret)
    expect(await hpkeOpen(key, info, box)).toEqual(secret)
    expect(await hpkeOpen(provider.agreementKey(bytesOf('carol', 32)), info, box)).toBeUndefined()
    expect(await hpkeOpen(key, info, flipBit(box, 300))).toBeUndefined()
  })

  test('seals to many, to each their own box, and lets the event loop turn', async () => {
    const keys = Array.from({ length: 9 }, (_, i) => provider.agreementKey(bytesOf(`member ${i}`, 32)))
    const recipients = keys.map(({ publicKey }, i) => ({ publicKey, info: bytesOf(`info ${i}`, 40) }))
    const secret = bytesOf('epoch secret', 33)
    let turns = 0
    const yieldNow = async (): Promise<void> => void turns++
    const boxes = await hpkeSealMany(provider, recipients, secret, { random: randomFrom('ephemerals'), yieldNow })
    expect(turns).toBe(2)
    const singly = randomFrom('ephemerals')
    for (const [i, { publicKey, info }] of recipients.entries()) {
      expect(boxes[i]).toEqual(await hpkeSeal(provider, publicKey, info, secret, { random: singly }))
      expect(await hpkeOpen(keys[i]!, info, boxes[i]!)).toEqual(secret)
      expect(await hpkeOpen(keys[(i + 1) % 9]!, info, boxes[i]!)).toBeUndefined()
    }
    expect(new Set(boxes.map((box) => hex(box.subarray(0, 32)))).size).toBe(9)
    expect(await hpkeSealMany(provider, [], secret)).toEqual([])
    const unfit = recipients.with(4, { publicKey: SMALL_ORDER_KEYS[0]!, info: secret })
    await expect(hpkeSealMany(provider, unfit, secret)).rejects.toThrow('not fit for key agreement')
  })

  test('a secret of a wrong length is refused without being quoted', () => {
    const secret = bytesOf('short', 31)
    for (const make of [() => provider.signingKey(secret), () => provider.agreementKey(secret)]) {
      const error = thrownBy(make)
      expect(error).toBeInstanceOf(Error)
      expectNothingOf(secret, `${String(error)} ${JSON.stringify(error)}`)
    }
  })

  test('a key shows nothing of its secret to whoever prints or walks it', () => {
    const seed = bytesOf('alice', 32)
    for (const key of [provider.signingKey(seed), provider.agreementKey(seed)]) {
      expect(Object.keys(key)).toContain('publicKey')
      expectNothingOf(seed, `${JSON.stringify(key)} ${Object.values(key).map(String).join(' ')}`)
    }
  })
}

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

function expectNothingOf(secret: Uint8Array, text: string): void {
  expect(text).not.toContain(hex(secret).slice(0, 8))
  expect(text).not.toContain([...secret.subarray(0, 4)].join(','))
}
