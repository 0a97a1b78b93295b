import { base32nopad, base64urlnopad } from '@scure/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ByteReader,
  compareBytes,
  concatBytes,
  equalBytes,
  fromBase32,
  fromBase64Url,
  isParleyError,
  readU32be,
  textFromUtf8,
  toBase32,
  toBase64Url,
  u32be,
  utf8,
  varUint,
} from '../src/index.ts'
import { cases } from './support/fixtures.ts'

const bytes = fc.uint8Array({ maxLength: 80 })

describe('text forms', () => {
  test('base32 and base64url agree with another implementation and come back', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toBase32(value)).toBe(base32nopad.encode(value).toLowerCase())
        expect(fromBase32(toBase32(value))).toEqual(value)
        expect(toBase64Url(value)).toBe(base64urlnopad.encode(value))
        expect(fromBase64Url(toBase64Url(value))).toEqual(value)
      }),
      cases(300),
    )
  })

  test.each(['a', 'aaa', 'ab', 'AA', 'aa======', 'a1', 'a a', 'aé', 'aaaaaa', '\u0000a'])('base32 refuses %j', (text) => {
    expect(() => fromBase32(text)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test.each(['A', 'AB', 'AA==', 'A+', 'A/', 'AAAAA', 'A\n'])('base64url refuses %j', (text) => {
    expect(() => fromBase64Url(text)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  })

  test('any text is read as the one text of its bytes, or refused', () => {
    const alphabet = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '2', '7', 'A', 'Z', '_', '-', '=', '+', '/'), maxLength: 12 })
    fc.assert(
      fc.property(alphabet, (text) => {
        expect(readOrUndefined(() => toBase32(fromBase32(text))) ?? text).toBe(text)
        expect(readOrUndefined(() => toBase64Url(fromBase64Url(text))) ?? text).toBe(text)
      }),
      cases(500),
    )
  })

  test('UTF-8 keeps a byte order mark and refuses what is not UTF-8', () => {
    expect(textFromUtf8(utf8('\ufeffhi'))).toBe('\ufeffhi')
    expect(utf8('\ud800')).toEqual(utf8('\ufffd'))
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      expect(() => textFromUtf8(Uint8Array.from(bad))).toThrow(expect.objectContaining({ name: 'Reject', code: 'BadShape' }))
    }
  })
})

describe('bytes', () => {
  test('concatenation, equality and order', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect([...concatBytes(a, b)]).toEqual([...a, ...b])
        expect(equalBytes(a, b)).toBe(toBase32(a) === toBase32(b))
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0))
      }),
      cases(300),
    )
  })

  test('numbers of four bytes and of variable length come back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.maxSafeNat(), (small, large) => {
        expect(readU32be(u32be(small))).toBe(small)
        expect(new ByteReader(varUint(large)).varUint()).toBe(large)
      }),
      cases(300),
    )
    expect(() => readU32be(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: 'BadShape' }))
  })

  test.each([
    ['a padded number', [0x80, 0x00], 'NotCanonical'],
    ['a number that ends too early', [0x80], 'BadShape'],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 'BadShape'],
    ['nine bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], 'BadShape'],
  ])('a variable-length number: %s is refused', (_name, input, code) => {
    expect(() => new ByteReader(Uint8Array.from(input)).varUint()).toThrow(expect.objectContaining({ code }))
  })
})

function hex(value: Uint8Array): string {
  return [...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function readOrUndefined(read: () => string): string | undefined {
  try {
    return read()
  } catch (error) {
    expect(isParleyError(error, 'InvalidArgument')).toBe(true)
    return undefined
  }
}
