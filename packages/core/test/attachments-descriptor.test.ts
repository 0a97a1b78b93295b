import { encodeCbor, Reject, type CborValue } from '@parley/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeDescriptor,
  encodeDescriptor,
  MAX_DESCRIPTOR_BYTES,
  MAX_DIMENSION,
  MAX_THUMBNAIL_BYTES,
  thumbnailType,
  type AttachmentDescriptor,
} from '../src/attachments/descriptor.ts'
import { MAX_FILE_NAME_BYTES, safeFileName } from '../src/attachments/names.ts'
import { MAX_FILE_BYTES } from '../src/blob-store.ts'

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3)
const PLAIN: AttachmentDescriptor = {
  blobId: new Uint8Array(32).fill(1),
  key: new Uint8Array(32).fill(2),
  size: 5,
  sha256: new Uint8Array(32).fill(3),
  name: 'notes.txt',
  type: 'text/plain',
  dimensions: undefined,
  thumbnail: undefined,
}
const FIXED: CborValue[] = [PLAIN.blobId, PLAIN.key, PLAIN.size, PLAIN.sha256, PLAIN.name, PLAIN.type]

function refusal(fields: CborValue): unknown {
  try {
    return decodeDescriptor(encodeCbor(fields))
  } catch (error) {
    return error instanceof Reject ? error.code : error
  }
}

/** The fixed fields with one of them replaced. */
function having(at: number, value: CborValue): CborValue[] {
  return FIXED.with(at, value)
}

describe('round trips', () => {
  test('any descriptor comes back, its name made safe', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const side = fc.integer({ min: 1, max: MAX_DIMENSION })
    const thumbnail = fc.uint8Array({ maxLength: 500 }).map((rest) => Uint8Array.of(...PNG, ...rest))
    const any = fc.record({
      blobId: bytes,
      key: bytes,
      size: fc.nat(MAX_FILE_BYTES),
      sha256: bytes,
      name: fc.string({ unit: 'binary', maxLength: 400 }),
      type: fc.constantFrom('text/plain', 'image/svg+xml', 'application/vnd.oasis.opendocument.text'),
      dimensions: fc.option(fc.record({ width: side, height: side }), { nil: undefined }),
      thumbnail: fc.option(thumbnail, { nil: undefined }),
    })
    fc.assert(
      fc.property(any, (descriptor) => {
        expect(decodeDescriptor(encodeDescriptor(descriptor))).toEqual({ ...descriptor, name: safeFileName(descriptor.name) })
      }),
    )
  })

  test('what holds nothing is left out at the end', () => {
    expect(encodeDescriptor(PLAIN)).toEqual(encodeCbor(FIXED))
    expect(encodeDescriptor({ ...PLAIN, dimensions: { width: 4, height: 3 } })).toEqual(encodeCbor([...FIXED, 4, 3]))
    expect(encodeDescriptor({ ...PLAIN, thumbnail: PNG })).toEqual(encodeCbor([...FIXED, null, null, PNG]))
  })

  test('the largest stays within its limit', () => {
    const thumbnail = new Uint8Array(MAX_THUMBNAIL_BYTES)
    thumbnail.set(PNG)
    const largest = { ...PLAIN, size: MAX_FILE_BYTES, name: 'n'.repeat(MAX_FILE_NAME_BYTES), type: `a/${'b'.repeat(125)}` }
    const bytes = encodeDescriptor({ ...largest, dimensions: { width: MAX_DIMENSION, height: MAX_DIMENSION }, thumbnail })
    expect(bytes.length).toBeLessThanOrEqual(MAX_DESCRIPTOR_BYTES)
    expect(decodeDescriptor(bytes).name).toHaveLength(MAX_FILE_NAME_BYTES)
  })
})

describe('refusals', () => {
  test('a caller is told what is wrong', () => {
    const codeOf = (change: Partial<AttachmentDescriptor>): unknown => {
      try {
        return encodeDescriptor({ ...PLAIN, ...change })
      } catch (error) {
        return (error as { code?: unknown }).code
      }
    }
    expect(codeOf({ thumbnail: new Uint8Array(MAX_THUMBNAIL_BYTES + 1) })).toBe('TooLarge')
    expect(codeOf({ size: MAX_FILE_BYTES + 1 })).toBe('TooLarge')
    expect(codeOf({ thumbnail: Uint8Array.of(1, 2, 3) })).toBe('InvalidArgument')
    expect(codeOf({ key: new Uint8Array(16) })).toBe('InvalidArgument')
    expect(codeOf({ type: 'Text/HTML; charset=utf-8' })).toBe('InvalidArgument')
    expect(codeOf({ dimensions: { width: 0, height: 1 } })).toBe('InvalidArgument')
    expect(codeOf({ dimensions: { width: 1, height: 1.5 } })).toBe('InvalidArgument')
  })

  test('every other shape from a peer is refused by name', () => {
    expect(refusal('text')).toBe('BadShape')
    expect(refusal([])).toBe('BadShape')
    expect(refusal(FIXED.slice(0, 5))).toBe('BadShape')
    expect(refusal([...FIXED, 1, 1, PNG, 1])).toBe('BadShape')
    expect(refusal([...FIXED, null])).toBe('NotCanonical')
    expect(refusal([...FIXED, 1, null, PNG])).toBe('BadShape')
    expect(refusal([...FIXED, 1])).toBe('BadShape')
    expect(refusal([...FIXED, 0, 1])).toBe('BadShape')
    expect(refusal([...FIXED, MAX_DIMENSION + 1, 1])).toBe('BadShape')
    expect(refusal([...FIXED, '1', 1])).toBe('BadShape')
    expect(refusal([...FIXED, null, null, new Uint8Array(0)])).toBe('BadShape')
    expect(refusal([...FIXED, null, null, new Uint8Array(MAX_THUMBNAIL_BYTES + 1)])).toBe('LimitExceeded')
    for (const at of [0, 1, 3]) expect(refusal(having(at, new Uint8Array(31)))).toBe('BadShape')
    expect(refusal(having(2, -1))).toBe('BadShape')
    expect(refusal(having(2, MAX_FILE_BYTES + 1))).toBe('LimitExceeded')
    expect(refusal(having(4, ''))).toBe('BadShape')
    expect(refusal(having(4, 'é'.repeat(MAX_FILE_NAME_BYTES / 2 + 1)))).toBe('LimitExceeded')
    for (const type of ['', 'text', 'TEXT/plain', 'text/plain; a=b', `a/${'b'.repeat(126)}`])
      expect(refusal(having(5, type))).toBe('BadShape')
    expect(refusal(having(0, [[1]]))).toBe('LimitExceeded')
  })

  test('arbitrary and altered bytes are refused with Reject, or are a descriptor', () => {
    const bytes = encodeDescriptor({ ...PLAIN, dimensions: { width: 4, height: 3 }, thumbnail: PNG })
    const altered = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, byte]) => bytes.with(at, byte))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), altered), (candidate) => {
        try {
          const { name, size } = decodeDescriptor(candidate)
          expect(safeFileName(name)).toBe(name)
          expect(size).toBeLessThanOrEqual(MAX_FILE_BYTES)
        } catch (error) {
          if (!(error instanceof Reject)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('a hostile name is made safe, and a thumbnail that is no picture is seen to be none', () => {
    const decoded = decodeDescriptor(encodeCbor([...having(4, '../../evil\u202egnp.exe'), null, null, Uint8Array.of(1)]))
    expect(decoded.name).toBe('evilgnp.exe')
    expect(thumbnailType(decoded.thumbnail!)).toBeUndefined()
    expect(thumbnailType(PNG)).toBe('image/png')
    expect(thumbnailType(new TextEncoder().encode('<svg onload="x"/>'))).toBeUndefined()
  })
})
