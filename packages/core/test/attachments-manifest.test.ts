import { webFileCrypto } from '@parley/crypto'
import { encodeCbor, Reject } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkSet } from '../src/attachments/chunk-set.ts'
import {
  blobIdOf,
  chunkCountOf,
  chunkHashOf,
  chunkLengthOf,
  decodeManifest,
  encodeManifest,
  sealedLengthOf,
  verifiedManifest,
} from '../src/attachments/manifest.ts'
import { FILE_CHUNK_BYTES, MAX_BLOB_CHUNK_BYTES, MAX_BLOB_CHUNKS, MAX_FILE_BYTES, MAX_MANIFEST_BYTES } from '../src/blob-store.ts'

const crypto = webFileCrypto()

function manifestOf(size: number, fill = 7): Uint8Array {
  return encodeManifest({ size, hashes: new Uint8Array(chunkCountOf(size) * 32).fill(fill) })
}

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error instanceof Reject ? error.code : error
  }
  return 'nothing thrown'
}

describe('how a file is cut', () => {
  test('into chunks of 256 KiB, the last one shorter, one for an empty file', () => {
    const counts = [0, 1, FILE_CHUNK_BYTES, FILE_CHUNK_BYTES + 1, MAX_FILE_BYTES].map(chunkCountOf)
    expect(counts).toEqual([1, 1, 1, 2, MAX_BLOB_CHUNKS])
    expect([chunkLengthOf(0, 0), chunkLengthOf(5, 0), chunkLengthOf(FILE_CHUNK_BYTES + 1, 1)]).toEqual([0, 5, 1])
    expect(chunkLengthOf(MAX_FILE_BYTES, MAX_BLOB_CHUNKS - 1)).toBe(FILE_CHUNK_BYTES)
    expect(sealedLengthOf(MAX_FILE_BYTES, 0)).toBe(MAX_BLOB_CHUNK_BYTES)
  })
})

describe('manifest', () => {
  test('any comes back', () => {
    const chunks = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(fc.array(chunks, { minLength: 1, maxLength: 20 }), fc.nat(FILE_CHUNK_BYTES - 1), (hashes, less) => {
        const manifest = { size: hashes.length * FILE_CHUNK_BYTES - less, hashes: Uint8Array.from(hashes.flatMap((hash) => [...hash])) }
        const decoded = decodeManifest(encodeManifest(manifest))
        expect(decoded).toEqual(manifest)
        hashes.forEach((hash, index) => expect(chunkHashOf(decoded, index)).toEqual(hash))
      }),
    )
  })

  test('the largest stays within its limit, and one byte more of file is too large', () => {
    expect(manifestOf(MAX_FILE_BYTES).length).toBeLessThanOrEqual(MAX_MANIFEST_BYTES)
    expect(() => manifestOf(MAX_FILE_BYTES + 1)).toThrow(expect.objectContaining({ code: 'TooLarge' }))
    expect(() => encodeManifest({ size: -1, hashes: new Uint8Array(32) })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(() => encodeManifest({ size: 1, hashes: new Uint8Array(64) })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test('every other shape is refused by name', () => {
    const hash = new Uint8Array(32)
    expect(codeOf(() => decodeManifest(encodeCbor([2, 5, hash])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, 5])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, -5, hash])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, 5, new Uint8Array(0)])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, FILE_CHUNK_BYTES + 1, hash])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, 5, new Uint8Array(64)])))).toBe('BadShape')
    expect(codeOf(() => decodeManifest(encodeCbor([1, MAX_FILE_BYTES + 1, hash])))).toBe('LimitExceeded')
    expect(codeOf(() => decodeManifest(encodeCbor([1, 5, new Uint8Array(MAX_BLOB_CHUNKS * 32 + 32)])))).toBe('LimitExceeded')
    expect(codeOf(() => decodeManifest(new Uint8Array(MAX_MANIFEST_BYTES + 1)))).toBe('LimitExceeded')
    expect(codeOf(() => decodeManifest(Uint8Array.of(...manifestOf(5), 0)))).toBe('BadShape')
  })

  test('arbitrary and altered bytes are refused with Reject, or are a manifest that encodes to the same bytes', () => {
    const bytes = manifestOf(3 * FILE_CHUNK_BYTES)
    const altered = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => bytes.with(at, byte))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), altered), (candidate) => {
        try {
          expect(encodeManifest(decodeManifest(candidate))).toEqual(candidate)
        } catch (error) {
          if (!(error instanceof Reject)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('is taken only for the blob that it names', async () => {
    const bytes = manifestOf(5)
    const blobId = await blobIdOf(crypto, bytes)
    expect(await verifiedManifest(crypto, blobId, bytes)).toEqual(decodeManifest(bytes))
    await expect(verifiedManifest(crypto, blobId, manifestOf(5, 8))).rejects.toMatchObject({ code: 'BadProof' })
    await expect(verifiedManifest(crypto, blobId.with(0, (blobId[0] as number) ^ 1), bytes)).rejects.toMatchObject({ code: 'BadProof' })
    await expect(verifiedManifest(crypto, blobId, new Uint8Array(MAX_MANIFEST_BYTES + 1))).rejects.toMatchObject({ code: 'LimitExceeded' })
    const empty = new Uint8Array(0)
    await expect(verifiedManifest(crypto, await blobIdOf(crypto, empty), empty)).rejects.toMatchObject({ code: 'BadShape' })
  })
})

describe('ChunkSet', () => {
  test('any set comes back from its bytes, with the rest missing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.uniqueArray(fc.nat(99)), (count, indexes) => {
        const set = new ChunkSet(count)
        for (const index of indexes) set.add(index)
        const inside = indexes.filter((index) => index < count)
        expect(set.size).toBe(inside.length)
        expect(set.isComplete).toBe(inside.length === count)
        const again = ChunkSet.fromBytes(set.toBytes(), count)
        expect(again.missing()).toEqual(Array.from({ length: count }, (_, index) => index).filter((index) => !inside.includes(index)))
        for (const index of inside) again.delete(index)
        expect([again.size, again.missing().length]).toEqual([0, count])
      }),
    )
  })

  test('bytes of another length, and bits after the last chunk, are refused', () => {
    expect(codeOf(() => ChunkSet.fromBytes(new Uint8Array(2), 8))).toBe('BadShape')
    expect(codeOf(() => ChunkSet.fromBytes(new Uint8Array(0), 1))).toBe('BadShape')
    expect(codeOf(() => ChunkSet.fromBytes(Uint8Array.of(0b10_0000), 5))).toBe('NotCanonical')
    expect(ChunkSet.fromBytes(Uint8Array.of(0b1_0001), 5).missing()).toEqual([1, 2, 3])
  })
})
