import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeDelete,
  decodeEdit,
  decodePost,
  decodeReact,
  encodeCbor,
  encodeDelete,
  encodeEdit,
  encodePost,
  encodeReact,
  utf8,
} from '../src/index.ts'
import type { CborValue, FlatMap, PostPayload } from '../src/index.ts'
import { cases } from './support/fixtures.ts'
import { arbitraryEdit, arbitraryPost, bytesOf } from './support/structures.ts'

const target = new Uint8Array(36).fill(4)

function post(change: Partial<PostPayload>): PostPayload {
  return { text: '', metadata: {}, reply: undefined, ...change }
}

describe('round trips', () => {
  test('post, edit, delete and react come back', () => {
    fc.assert(
      fc.property(arbitraryPost(), arbitraryEdit(), bytesOf(36), fc.boolean(), (posted, edited, target, on) => {
        expect(decodePost(encodePost(posted))).toEqual(posted)
        expect(decodeEdit(encodeEdit(edited))).toEqual(edited)
        expect(decodeDelete(encodeDelete({ target }))).toEqual({ target })
        expect(decodeReact(encodeReact({ target, emoji: '👍🏽', on }))).toEqual({ target, emoji: '👍🏽', on })
      }),
      cases(150),
    )
  })

  test('fields that hold nothing are left out at the end', () => {
    expect(encodePost(post({ text: 'hi' }))).toEqual(encodeCbor(['hi']))
    expect(encodePost(post({ text: 'hi', metadata: { b: 1, a: true } }))).toEqual(encodeCbor(['hi', ['a', true, 'b', 1]]))
    expect(encodePost(post({ text: 'hi', reply: target }))).toEqual(encodeCbor(['hi', [], target]))
    expect(encodePost(post({ metadata: { a: '' } }))).toEqual(encodeCbor(['', ['a', '']]))
    expect(encodeEdit({ target, ...post({ text: 'hi' }) })).toEqual(encodeCbor([target, 'hi']))
  })

  test('numbers that are no safe integers come back exactly, zero and minus zero apart', () => {
    const metadata = { half: 0.5, tiny: Number.MIN_VALUE, big: 2 ** 60, zero: 0, minus: -0, max: Number.MAX_VALUE }
    const decoded = decodePost(encodePost(post({ metadata }))).metadata
    for (const [key, value] of Object.entries(metadata)) expect(Object.is(decoded[key], value)).toBe(true)
  })

  test('`__proto__` is a key like any other', () => {
    const metadata = Object.fromEntries([['__proto__', 'x']]) as FlatMap
    const decoded = decodePost(encodePost(post({ metadata }))).metadata
    expect(Object.entries(decoded)).toEqual([['__proto__', 'x']])
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
  })

  test('lone surrogates become U+FFFD', () => {
    expect(decodePost(encodePost(post({ text: 'a\ud800b' }))).text).toBe('a\ufffdb')
  })
})

describe('bounds of what is written', () => {
  test.each([
    ['nothing at all', post({}), 'EmptyMessage'],
    ['only a reply', post({ reply: target }), 'EmptyMessage'],
    ['a text of 40,001 bytes', post({ text: `${'é'.repeat(20_000)}x` }), 'TooLarge'],
    ['65 keys', post({ metadata: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i])) }), 'InvalidMetadata'],
    ['an empty key', post({ metadata: { '': 1 } }), 'InvalidMetadata'],
    ['a key of 65 bytes', post({ metadata: { ['k'.repeat(65)]: 1 } }), 'InvalidMetadata'],
    ['a value of 4,097 bytes', post({ metadata: { a: 'x'.repeat(4_097) } }), 'InvalidMetadata'],
    ['NaN', post({ metadata: { a: Number.NaN } }), 'InvalidMetadata'],
    ['Infinity', post({ metadata: { a: Number.POSITIVE_INFINITY } }), 'InvalidMetadata'],
    ['null', post({ metadata: { a: null } as unknown as FlatMap }), 'InvalidMetadata'],
    ['an object', post({ metadata: { a: {} } as unknown as FlatMap }), 'InvalidMetadata'],
    ['undefined', post({ metadata: { a: undefined } as unknown as FlatMap }), 'InvalidMetadata'],
    ['keys that differ in lone surrogates only', post({ metadata: { '\ud800': 1, '\ud801': 2 } }), 'InvalidMetadata'],
    ['a reply that is no message id', post({ text: 'a', reply: new Uint8Array(32) }), 'InvalidArgument'],
    [
      'more than a body holds',
      post({ metadata: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'x'.repeat(4_000)])) }),
      'TooLarge',
    ],
  ])('refuses %s', (_name, payload, code) => {
    expect(() => encodePost(payload)).toThrow(expect.objectContaining({ name: 'ParleyError', code }))
  })

  test('what is just within the bounds is written', () => {
    const metadata = { ['k'.repeat(64)]: 'x'.repeat(4_096) }
    expect(decodePost(encodePost(post({ text: 'é'.repeat(20_000), metadata }))).text).toHaveLength(20_000)
  })

  test('an invalid value is named by its key', () => {
    expect(() => encodePost(post({ metadata: { good: 1, bad: Number.NaN } }))).toThrow(/"bad"/)
  })

  test('reactions and targets', () => {
    const invalid = expect.objectContaining({ name: 'ParleyError', code: 'InvalidArgument' })
    expect(() => encodeReact({ target, emoji: '', on: true })).toThrow(invalid)
    expect(() => encodeReact({ target, emoji: 'x'.repeat(65), on: true })).toThrow(invalid)
    expect(() => encodeDelete({ target: new Uint8Array(35) })).toThrow(invalid)
    expect(() => encodeEdit({ ...post({ text: 'a' }), target: new Uint8Array(35) })).toThrow(invalid)
  })
})

describe('bounds of what is read', () => {
  const double = (value: number): Uint8Array => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, value)
    return bytes
  }
  const rows = Array.from({ length: 65 }, (_, i) => [`k${String(i).padStart(2, '0')}`, i]).flat()
  test.each<[string, CborValue, string]>([
    ['no array', 'hi', 'BadShape'],
    ['no text', [], 'BadShape'],
    ['an empty message', ['', [], target], 'BadShape'],
    ['an empty text alone', [''], 'NotCanonical'],
    ['empty metadata at the end', ['hi', []], 'NotCanonical'],
    ['no reply at the end', ['hi', [], null], 'NotCanonical'],
    ['mentions', ['hi', [], null, [1]], 'BadShape'],
    ['attachments', ['hi', [], null, [], [1]], 'BadShape'],
    ['a sixth field', ['hi', [], null, [], [], 1], 'BadShape'],
    ['a reply of 35 bytes', ['hi', [], new Uint8Array(35)], 'BadShape'],
    ['a key without value', ['hi', ['a']], 'BadShape'],
    ['keys out of order', ['hi', ['b', 1, 'a', 1]], 'NotCanonical'],
    ['a key twice', ['hi', ['a', 1, 'a', 2]], 'NotCanonical'],
    ['an empty key', ['hi', ['', 1]], 'NotCanonical'],
    ['a key that is no text', ['hi', [1, 1]], 'BadShape'],
    ['65 keys', ['hi', rows], 'LimitExceeded'],
    ['a null value', ['hi', ['a', null]], 'BadShape'],
    ['a value of 4,097 bytes', ['hi', ['a', 'x'.repeat(4_097)]], 'LimitExceeded'],
    ['a text of 40,001 bytes', ['x'.repeat(40_001)], 'LimitExceeded'],
    ['a safe integer written as a double', ['hi', ['a', double(3)]], 'NotCanonical'],
    ['NaN', ['hi', ['a', double(Number.NaN)]], 'NotCanonical'],
    ['Infinity', ['hi', ['a', double(Number.NEGATIVE_INFINITY)]], 'NotCanonical'],
    ['a double of 7 bytes', ['hi', ['a', new Uint8Array(7)]], 'BadShape'],
  ])('a post with %s is refused', (_name, value, code) => {
    expect(() => decodePost(encodeCbor(value))).toThrow(expect.objectContaining({ name: 'Reject', code }))
    if (Array.isArray(value)) {
      expect(() => decodeEdit(encodeCbor([target, ...(value as readonly CborValue[])]))).toThrow(
        expect.objectContaining({ name: 'Reject', code }),
      )
    }
  })

  test('deletions and reactions of another shape are refused', () => {
    const shape = expect.objectContaining({ name: 'Reject', code: 'BadShape' })
    for (const value of [[], [target, 1], [utf8('x')], ['x']]) expect(() => decodeDelete(encodeCbor(value))).toThrow(shape)
    for (const value of [
      [target, 'x'],
      [target, 'x', 1],
      [target, 1, true],
      [target, 'x', true, 0],
      ['x', 'x', true],
    ]) {
      expect(() => decodeReact(encodeCbor(value))).toThrow(shape)
    }
    const limit = expect.objectContaining({ name: 'Reject', code: 'LimitExceeded' })
    expect(() => decodeReact(encodeCbor([target, '', true]))).toThrow(limit)
    expect(() => decodeReact(encodeCbor([target, 'x'.repeat(65), true]))).toThrow(limit)
  })
})
