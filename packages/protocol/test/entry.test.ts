import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  EntryKind,
  bodyAad,
  concatBytes,
  decodeEntry,
  decodeHeader,
  encodeCbor,
  encodeEntry,
  encodeHeader,
  entryId,
  firstPrevId,
  purgeEntry,
  signedHead,
  utf8,
  varUint,
} from '../src/index.ts'
import type { EntryHeader, EntryParts } from '../src/index.ts'
import { alice, bob, cases, conversation, epoch, hash } from './support/fixtures.ts'
import { arbitraryEntry, arbitraryHeader } from './support/structures.ts'

const post: EntryHeader = { kind: EntryKind.post, time: 5, ctr: 0, epoch: 'same', deps: [], posts: 1, deletes: 0, controls: 0 }
const signature = new Uint8Array(64).fill(1)

describe('header', () => {
  test('comes back from its bytes', () => {
    fc.assert(
      fc.property(arbitraryHeader(), (header) => {
        expect(decodeHeader(encodeHeader(header))).toEqual(header)
      }),
      cases(300),
    )
  })

  test('is written as the format says', () => {
    expect(encodeHeader(post)).toEqual(Uint8Array.of(0x87, 0x00, 0x05, 0x00, 0x00, 0x80, 0x01, 0x00))
    const control = { ...post, kind: EntryKind.control, epoch: 'clear', controls: 3 } as const
    expect(encodeHeader(control)).toEqual(Uint8Array.of(0x88, 0x10, 0x05, 0x00, 0xf6, 0x80, 0x01, 0x00, 0x03))
  })

  test.each([
    ['an unknown kind', [6, 5, 0, 0, [], 1, 0], 'BadShape'],
    ['a time of 49 bits', [0, 2 ** 48, 0, 0, [], 1, 0], 'BadShape'],
    ['a counter of 17 bits', [0, 5, 65_536, 0, [], 1, 0], 'BadShape'],
    ['an epoch that is neither 0, 16 bytes nor null', [0, 5, 0, 1, [], 1, 0], 'BadShape'],
    ['an epoch of 15 bytes', [0, 5, 0, new Uint8Array(15), [], 1, 0], 'BadShape'],
    ['a control counter in a post', [0, 5, 0, 0, [], 1, 0, 1], 'BadShape'],
    ['a control entry without its counter', [16, 5, 0, 0, [], 1, 0], 'BadShape'],
    [
      '17 deps',
      [0, 5, 0, 0, Array.from({ length: 17 }, (_, i) => [new Uint8Array(8).fill(i), 0, new Uint8Array(8)]), 1, 0],
      'LimitExceeded',
    ],
    ['deps out of order', [0, 5, 0, 0, [dep(2), dep(1)], 1, 0], 'NotCanonical'],
    ['the same dep twice', [0, 5, 0, 0, [dep(1), dep(1)], 1, 0], 'NotCanonical'],
  ] as const)('refuses %s', (_name, items, code) => {
    expect(() => decodeHeader(encodeCbor(items))).toThrow(expect.objectContaining({ name: 'Reject', code }))
  })

  test('is not written when a field is out of range', () => {
    const invalid = expect.objectContaining({ code: 'InvalidArgument' })
    const bad: Partial<EntryHeader>[] = [
      { time: -1 },
      { time: 0.5 },
      { ctr: 65_536 },
      { epoch: new Uint8Array(8) },
      { posts: 2 ** 32 },
      { controls: 1 },
      { deps: [depOf(2), depOf(1)] },
      { deps: [{ ...depOf(1), entry8: alice }] },
      { kind: 7 as EntryKind },
    ]
    for (const change of bad) expect(() => encodeHeader({ ...post, ...change })).toThrow(invalid)
  })
})

/** What an entry decodes to, its parts read once. */
function partsOf(bytes: Uint8Array): EntryParts {
  const { header, headerBytes, body, purgedBodyHash, signature } = decodeEntry(bytes)
  return { header, headerBytes, body, purgedBodyHash, signature }
}

describe('entry', () => {
  test('comes back from its bytes, whole and purged', () => {
    fc.assert(
      fc.property(arbitraryEntry(), ({ header, body, signature, bytes }) => {
        const headerBytes = encodeHeader(header)
        expect(partsOf(bytes)).toEqual({ header, headerBytes, body, purgedBodyHash: undefined, signature })
        const purged = purgeEntry(bytes, hash)
        expect(partsOf(purged)).toEqual({ header, headerBytes, body: undefined, purgedBodyHash: hash(body), signature })
        expect(purgeEntry(purged, hash)).toBe(purged)
      }),
      cases(200),
    )
  })

  test('gives views, not copies', () => {
    const bytes = encodeEntry(encodeHeader(post), utf8('a body'), signature)
    const { headerBytes, body, signature: sig } = decodeEntry(bytes)
    for (const view of [headerBytes, body, sig]) expect(view?.buffer).toBe(bytes.buffer)
  })

  test('bounds what it writes', () => {
    const headerBytes = encodeHeader(post)
    const tooLarge = expect.objectContaining({ code: 'TooLarge' })
    const invalid = expect.objectContaining({ code: 'InvalidArgument' })
    expect(decodeEntry(encodeEntry(headerBytes, new Uint8Array(61_440), signature)).body).toHaveLength(61_440)
    expect(() => encodeEntry(headerBytes, new Uint8Array(61_441), signature)).toThrow(tooLarge)
    expect(() => encodeEntry(new Uint8Array(2_049), utf8('x'), signature)).toThrow(tooLarge)
    expect(() => encodeEntry(headerBytes, new Uint8Array(0), signature)).toThrow(invalid)
    expect(() => encodeEntry(headerBytes, { purged: alice }, signature)).toThrow(invalid)
    expect(() => encodeEntry(headerBytes, utf8('x'), alice)).toThrow(invalid)
  })

  test.each([
    ['an empty body', [encodeHeader(post), new Uint8Array(0), null], 'BadShape'],
    ['a purged hash of 31 bytes', [encodeHeader(post), [new Uint8Array(31)], null], 'BadShape'],
    ['a signature of 63 bytes', [encodeHeader(post), utf8('x'), new Uint8Array(63)], 'BadShape'],
    ['a fourth item', [encodeHeader(post), utf8('x'), null, null], 'BadShape'],
    ['a body beyond the limit', [encodeHeader(post), new Uint8Array(61_441), null], 'LimitExceeded'],
    ['a header beyond the limit', [new Uint8Array(2_049), utf8('x'), null], 'LimitExceeded'],
    ['an entry beyond the limit', [encodeHeader(post), new Uint8Array(65_536), null], 'LimitExceeded'],
    ['bytes behind the header', [concatBytes(encodeHeader(post), Uint8Array.of(0)), utf8('x'), null], 'BadShape'],
  ])('refuses %s', (_name, items, code) => {
    expect(() => decodeEntry(encodeCbor(items))).toThrow(expect.objectContaining({ name: 'Reject', code }))
  })
})

describe('what is hashed and signed', () => {
  const headerBytes = encodeHeader(post)
  const parts = { conversation, device: alice, seq: 300, prevId: hash(utf8('p')), headerBytes, bodyHash: hash(utf8('b')) }

  test('is laid out as the format says', () => {
    const seq = Uint8Array.of(0xac, 0x02)
    expect(varUint(300)).toEqual(seq)
    const preimage = concatBytes(
      utf8('parley/1/entry'),
      conversation,
      alice,
      seq,
      parts.prevId,
      Uint8Array.of(8),
      headerBytes,
      parts.bodyHash,
    )
    expect(entryId(hash, parts)).toEqual(hash(preimage))
    expect(firstPrevId(hash, conversation, alice)).toEqual(hash(concatBytes(utf8('parley/1/log'), conversation, alice)))
    expect(signedHead(conversation, alice, 300, parts.prevId)).toEqual(
      concatBytes(utf8('parley/1/head'), conversation, alice, seq, parts.prevId),
    )
    expect(bodyAad(conversation, alice, 300, headerBytes)).toEqual(
      concatBytes(utf8('parley/1/body'), conversation, alice, seq, headerBytes),
    )
  })

  test('changes with every part', () => {
    const id = entryId(hash, parts)
    const others = [
      { conversation: hash(utf8('other')) },
      { device: bob },
      { seq: 301 },
      { prevId: hash(utf8('q')) },
      { headerBytes: encodeHeader({ ...post, time: 6 }) },
      { headerBytes: encodeHeader({ ...post, epoch }) },
      { bodyHash: hash(utf8('c')) },
    ]
    for (const other of others) expect(entryId(hash, { ...parts, ...other })).not.toEqual(id)
  })
})

function dep(first: number): readonly [Uint8Array, number, Uint8Array] {
  return [new Uint8Array(8).fill(first), 1, new Uint8Array(8)]
}

function depOf(first: number) {
  return { device8: new Uint8Array(8).fill(first), seq: 1, entry8: new Uint8Array(8) }
}
