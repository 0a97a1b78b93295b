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
  isPlainPost,
  encodeReact,
  utf8,
} from '../src/index.ts'
import type { CborValue, FlatMap, MentionField, PostPayload } from '../src/index.ts'
import { cases } from './support/fixtures.ts'
import { arbitraryEdit, arbitraryPost, bytesOf } from './support/structures.ts'

const target = new Uint8Array(36).fill(4)
const user = new Uint8Array(32).fill(5)
const mention = (from: number, to: number): MentionField => ({ user, from, to })

function post(change: Partial<PostPayload>): PostPayload {
  return { text: '', metadata: {}, reply: undefined, mentions: [], forward: undefined, attachments: [], ...change }
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

  test('the first byte of a post tells whether it says more than text and metadata', () => {
    fc.assert(
      fc.property(arbitraryPost(), (posted) => {
        const { reply, mentions, forward, attachments } = posted
        const isPlain = reply === undefined && mentions.length === 0 && forward === undefined && attachments.length === 0
        expect(isPlainPost(encodePost(posted)[0]!)).toBe(isPlain)
      }),
      { numRuns: 300, seed: 2 },
    )
  })

  test('fields that hold nothing are left out at the end', () => {
    expect(encodePost(post({ text: 'hi' }))).toEqual(encodeCbor(['hi']))
    expect(encodePost(post({ text: 'hi', metadata: { b: 1, a: true } }))).toEqual(encodeCbor(['hi', ['a', true, 'b', 1]]))
    expect(encodePost(post({ text: 'hi', reply: target }))).toEqual(encodeCbor(['hi', [], target]))
    expect(encodePost(post({ metadata: { a: '' } }))).toEqual(encodeCbor(['', ['a', '']]))
    expect(encodePost(post({ text: 'hi', mentions: [{ user, from: 0, to: 2 }] }))).toEqual(encodeCbor(['hi', [], null, [[user, 0, 2]]]))
    expect(encodePost(post({ text: 'hi', forward: { author: 'carol', sentAt: 5 } }))).toEqual(
      encodeCbor(['hi', [], null, [], ['carol', 5]]),
    )
    expect(encodePost(post({ attachments: [target] }))).toEqual(encodeCbor(['', [], null, [], null, [target]]))
    expect(encodeEdit({ target, ...post({ text: 'hi' }) })).toEqual(encodeCbor([target, 'hi']))
    expect(encodePost({ text: 'hi', metadata: {}, reply: undefined })).toEqual(encodeCbor(['hi']))
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
    ['a mention beyond the text', post({ text: 'hi', mentions: [mention(1, 3)] }), 'InvalidArgument'],
    ['a mention of nothing', post({ text: 'hi', mentions: [mention(1, 1)] }), 'InvalidArgument'],
    ['a mention at no place', post({ text: 'hi', mentions: [mention(0.5, 1)] }), 'InvalidArgument'],
    ['mentions that overlap', post({ text: 'hiho', mentions: [mention(0, 2), mention(1, 3)] }), 'InvalidArgument'],
    ['mentions out of order', post({ text: 'hiho', mentions: [mention(2, 3), mention(0, 1)] }), 'InvalidArgument'],
    ['a mention of no user', post({ text: 'hi', mentions: [{ ...mention(0, 1), user: target }] }), 'InvalidArgument'],
    ['65 mentions', post({ text: 'x'.repeat(65), mentions: Array.from({ length: 65 }, (_, i) => mention(i, i + 1)) }), 'TooLarge'],
    ['a first author of 257 bytes', post({ text: 'hi', forward: { author: 'x'.repeat(257), sentAt: 0 } }), 'InvalidArgument'],
    ['a first time before 1970', post({ text: 'hi', forward: { author: 'x', sentAt: -1 } }), 'InvalidArgument'],
    ['11 files', post({ attachments: Array.from({ length: 11 }, () => target) }), 'TooLarge'],
    ['a file of which nothing is said', post({ attachments: [new Uint8Array(0)] }), 'InvalidArgument'],
    ['a file of which 24,577 bytes are said', post({ attachments: [new Uint8Array(24_577)] }), 'TooLarge'],
    ['three files of 24,576 bytes', post({ attachments: Array.from({ length: 3 }, () => new Uint8Array(24_576)) }), 'TooLarge'],
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
    const mentions = Array.from({ length: 64 }, (_, i) => mention(i, i + 1))
    const attachments = [24_576, 24_576].map((length) => new Uint8Array(length))
    const full = post({ text: 'x'.repeat(64), mentions, attachments, forward: { author: 'x'.repeat(256), sentAt: 0 } })
    expect(decodePost(encodePost(full))).toEqual(full)
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
    ['a mention that is a number', ['hi', [], null, [1]], 'BadShape'],
    ['a mention of two fields', ['hi', [], null, [[user, 0]]], 'BadShape'],
    ['a mention of 36 bytes', ['hi', [], null, [[target, 0, 1]]], 'BadShape'],
    ['a mention beyond the text', ['hi', [], null, [[user, 0, 3]]], 'BadShape'],
    ['a mention of nothing', ['hi', [], null, [[user, 1, 1]]], 'BadShape'],
    [
      'mentions that overlap',
      [
        'hiho',
        [],
        null,
        [
          [user, 0, 2],
          [user, 1, 3],
        ],
      ],
      'NotCanonical',
    ],
    [
      'mentions out of order',
      [
        'hiho',
        [],
        null,
        [
          [user, 2, 3],
          [user, 0, 1],
        ],
      ],
      'NotCanonical',
    ],
    ['65 mentions', ['x'.repeat(65), [], null, Array.from({ length: 65 }, (_, i) => [user, i, i + 1])], 'LimitExceeded'],
    ['no mention at the end', ['hi', [], null, []], 'NotCanonical'],
    ['a first author that is no text', ['hi', [], null, [], [1, 1]], 'BadShape'],
    ['a first author of 257 bytes', ['hi', [], null, [], ['x'.repeat(257), 1]], 'LimitExceeded'],
    ['a first time before 1970', ['hi', [], null, [], ['x', -1]], 'BadShape'],
    ['a first author without time', ['hi', [], null, [], ['x']], 'BadShape'],
    ['attachments that are a number', ['hi', [], null, [], null, 1], 'BadShape'],
    ['an attachment that is a number', ['hi', [], null, [], null, [1]], 'BadShape'],
    ['an empty attachment', ['hi', [], null, [], null, [new Uint8Array(0)]], 'BadShape'],
    ['11 attachments', ['hi', [], null, [], null, Array.from({ length: 11 }, () => target)], 'LimitExceeded'],
    ['an attachment of 24,577 bytes', ['hi', [], null, [], null, [new Uint8Array(24_577)]], 'LimitExceeded'],
    ['no attachment at the end', ['hi', [], null, [], null, []], 'NotCanonical'],
    ['a seventh field', ['hi', [], null, [], null, [target], 1], 'BadShape'],
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
