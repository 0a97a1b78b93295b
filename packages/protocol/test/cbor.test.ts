import { decode as cborgDecode, encode as cborgEncode } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reject, decodeCbor, encodeCbor } from '../src/index.ts'
import type { CborValue } from '../src/index.ts'
import { cases, mutated } from './support/fixtures.ts'

const { value } = fc.letrec<{ value: CborValue; leaf: CborValue }>((tie) => ({
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 70_000 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
  ),
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, tie('leaf'), fc.array(tie('value'), { maxLength: 30 })),
}))

const STRICT = { allowUndefined: false, allowIndefinite: false, allowInfinity: false, allowNaN: false, allowBigInt: false, strict: true }

/** What cborg, at its strictest, makes of the bytes within our subset; undefined when it refuses them or they are outside of it. */
function oracle(bytes: Uint8Array): { value: unknown } | undefined {
  let value: unknown
  try {
    value = cborgDecode(bytes, STRICT)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return undefined
  }
  if (!isSubset(value, 4)) return undefined
  const again = cborgEncode(value)
  return again.length === bytes.length && again.every((byte: number, i: number) => byte === bytes[i]) ? { value } : undefined
}

function isSubset(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || value instanceof Uint8Array) return true
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return Array.isArray(value) && depth > 0 && value.every((item) => isSubset(item, depth - 1))
}

function decodeOrReject(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: decodeCbor(bytes) }
  } catch (error) {
    if (!(error instanceof Reject)) throw error
    return undefined
  }
}

describe('against cborg', () => {
  test('encodes as cborg does, and decodes what it encoded', () => {
    fc.assert(
      fc.property(value, (input) => {
        const bytes = encodeCbor(input)
        expect(bytes).toEqual(Uint8Array.from(cborgEncode(input)))
        expect(decodeCbor(bytes)).toEqual(input)
      }),
      cases(500),
    )
  })

  test('accepts exactly what cborg accepts within the subset', () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 24 }),
      mutated(value.map(encodeCbor)),
      mutated(fc.array(value, { maxLength: 4 }).map(encodeCbor)),
    )
    fc.assert(
      fc.property(hostile, (bytes) => {
        const decoded = decodeOrReject(bytes)
        expect(decoded).toEqual(oracle(bytes))
        if (decoded !== undefined) expect(encodeCbor(decoded.value as CborValue)).toEqual(bytes)
      }),
      cases(2_000),
    )
  })

  test('every first byte, alone and before bytes at the edges of lengths', () => {
    const seconds = [0, 1, 0x17, 0x18, 0x40, 0x60, 0x80, 0x81, 0xf6, 0xf7, 0xff]
    for (let first = 0; first < 256; first++) {
      for (const rest of [
        [],
        ...seconds.map((second) => [second]),
        [0, 0],
        [1, 0],
        [0xff, 0xff],
        [0, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 0, 0],
      ]) {
        const bytes = Uint8Array.of(first, ...rest)
        expect(decodeOrReject(bytes)).toEqual(oracle(bytes))
      }
    }
  })
})

describe('limits', () => {
  test('depth, items and length are checked before anything is built', () => {
    const limit = expect.objectContaining({ code: 'LimitExceeded' })
    expect(decodeCbor(Uint8Array.of(0x81, 0x81, 0x81, 0x80))).toEqual([[[[]]]])
    expect(() => decodeCbor(Uint8Array.of(0x81, 0x81, 0x81, 0x81, 0x80))).toThrow(limit)
    expect(() => decodeCbor(new Uint8Array(60_000).fill(0x81))).toThrow(limit)
    expect(() => decodeCbor(encodeCbor(Array.from({ length: 4_097 }, () => 0)))).toThrow(limit)
    expect(() => decodeCbor(encodeCbor([Array.from({ length: 4_000 }, () => 0), Array.from({ length: 200 }, () => 0)]))).toThrow(limit)
    expect(() => decodeCbor(new Uint8Array(65_537))).toThrow(limit)
    expect(decodeCbor(encodeCbor([[1]]), { maxDepth: 2, maxItems: 2, maxBytes: 3 })).toEqual([[1]])
    expect(() => decodeCbor(encodeCbor([[1]]), { maxDepth: 1 })).toThrow(limit)
    expect(() => decodeCbor(encodeCbor([[1]]), { maxItems: 1 })).toThrow(limit)
    expect(() => decodeCbor(encodeCbor([[1]]), { maxBytes: 2 })).toThrow(limit)
  })

  test.each([
    ['an array of 2^32 items', [0x9b, 0, 0, 0, 1, 0, 0, 0, 0]],
    ['a byte string of 2^53 - 1 bytes', [0x5b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['2^53', [0x1b, 0x00, 0x20, 0, 0, 0, 0, 0, 0]],
    ['-2^53', [0x3b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a map', [0xa0]],
    ['a tag', [0xc0, 0x00]],
    ['undefined', [0xf7]],
    ['a half float', [0xf9, 0, 0]],
    ['a double', [0xfb, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['an indefinite array', [0x9f, 0xff]],
    ['bytes after the end', [0x00, 0x00]],
    ['nothing', []],
  ])('refuses %s', (_name, bytes) => {
    expect(() => decodeCbor(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ name: 'Reject', code: 'BadShape' }))
  })

  test.each([
    [[0x18, 0x17]],
    [[0x19, 0, 0xff]],
    [[0x1a, 0, 0, 0xff, 0xff]],
    [[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]],
    [[0x58, 0x01, 0x00]],
    [[0x98, 0x00]],
  ])('refuses the longer form %j', (bytes) => {
    expect(() => decodeCbor(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ name: 'Reject', code: 'NotCanonical' }))
  })

  test('the encoder takes safe integers only', () => {
    for (const bad of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(() => encodeCbor([bad])).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    }
    expect(() => encodeCbor({} as unknown as CborValue)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(() => encodeCbor(undefined as unknown as CborValue)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(encodeCbor(-0)).toEqual(Uint8Array.of(0))
  })
})
