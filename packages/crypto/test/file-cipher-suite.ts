/** What every `FileCrypto` must do; the reference is the AES-GCM and SHA-256 of noble. */
import { gcm } from '@noble/ciphers/aes.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { FILE_TAG_BYTES, type FileCrypto } from '../src/index.ts'
import { bytesOf, flipBit, unhex } from './bytes.ts'

const KEY = bytesOf('file key', 32)

export function fileCipherSuite(create: () => FileCrypto): void {
  test.each([0, 1, 15, 16, 1_000, 262_144])('a chunk of %i bytes is sealed as the reference does, and comes back', async (length) => {
    const key = await create().fileKey(KEY)
    const plaintext = bytesOf('plaintext', length)
    const sealed = await key.seal(258, 8_192, plaintext)
    const aad = new Uint8Array([...new TextEncoder().encode('parley/1/file-chunk'), 0, 0, 0, 1, 2, 0, 0, 0x20, 0])
    expect(sealed).toEqual(gcm(KEY, unhex('000000000000000000000102'), aad).encrypt(plaintext))
    expect(sealed).toHaveLength(length + FILE_TAG_BYTES)
    expect(await key.open(258, 8_192, sealed)).toEqual(plaintext)
  })

  test('another key, place, count or bit, and any cut, is refused', async () => {
    const files = create()
    const key = await files.fileKey(KEY)
    const plaintext = bytesOf('plaintext', 100)
    const sealed = await key.seal(1, 3, plaintext)
    expect(await (await files.fileKey(flipBit(KEY, 7))).open(1, 3, sealed)).toBeUndefined()
    expect(await key.open(2, 3, sealed)).toBeUndefined()
    expect(await key.open(1, 2, sealed)).toBeUndefined()
    for (const bit of [0, 799, 800, 927]) expect(await key.open(1, 3, flipBit(sealed, bit))).toBeUndefined()
    for (const length of [0, 15, 16, 115]) expect(await key.open(1, 3, sealed.slice(0, length))).toBeUndefined()
    expect(await key.open(1, 3, Uint8Array.of(...sealed, 0))).toBeUndefined()
  })

  test('a window of a larger buffer is sealed and opened alone', async () => {
    const key = await create().fileKey(KEY)
    const buffer = bytesOf('buffer', 300)
    const sealed = await key.seal(0, 1, buffer.subarray(100, 150))
    const padded = new Uint8Array(200).fill(9)
    padded.set(sealed, 20)
    expect(await key.open(0, 1, padded.subarray(20, 20 + sealed.length))).toEqual(buffer.slice(100, 150))
  })

  test('SHA-256 is the same whole and in pieces', async () => {
    const files = create()
    const bytes = bytesOf('content', 5_000)
    const hasher = files.hasher()
    for (let at = 0; at < bytes.length; at += 777) hasher.update(bytes.subarray(at, at + 777))
    expect(hasher.digest()).toEqual(sha256(bytes))
    expect(await files.sha256(bytes)).toEqual(sha256(bytes))
    expect(files.hasher().digest()).toEqual(sha256(new Uint8Array(0)))
  })

  test('a key of another length is a mistake of the caller', async () => {
    await expect(create().fileKey(new Uint8Array(16))).rejects.toThrow('32 bytes')
  })
}
