/**
 * Every decoder that reads bytes of a peer: random bytes, and valid bytes with small injuries. Either it refuses with `Reject`, or what it
 * read, written again, gives the same bytes. Nothing else is ever thrown. (`admit` and `decodeCbor` have the same test in their own files.)
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  PackedEntries,
  ParleyError,
  Reject,
  concatBytes,
  decodeChainState,
  decodeControl,
  decodeDelete,
  decodeEdit,
  decodeEntry,
  decodeHeader,
  decodeLinkMessage,
  decodePost,
  decodeReact,
  encodeChainState,
  encodeControl,
  encodeDelete,
  encodeEdit,
  encodeEntry,
  encodeHeader,
  encodeInviteLink,
  encodeLinkMessage,
  encodePost,
  encodeReact,
  equalBytes,
  extendChain,
  fromBase64Url,
  hlcBytes,
  hlcFromBytes,
  parseInviteLink,
  purgeEntry,
  startChain,
  toBase64Url,
} from '../src/index.ts'
import type { StoredEntry } from '../src/index.ts'
import { alice, cases, conversation, hash, hostile, mutated } from './support/fixtures.ts'
import {
  arbitraryChainState,
  arbitraryControl,
  arbitraryEdit,
  arbitraryEntry,
  arbitraryHeader,
  arbitraryInviteLink,
  arbitraryLinkMessage,
  arbitraryPost,
  bytesOf,
} from './support/structures.ts'

interface Codec {
  name: string
  valid: fc.Arbitrary<Uint8Array>
  /** Decodes, and encodes what came out. */
  again: (bytes: Uint8Array) => Uint8Array
}

const target = bytesOf(36)
const purged = arbitraryEntry().map(({ bytes }) => purgeEntry(bytes, hash))

const codecs: Codec[] = [
  {
    name: 'entry',
    valid: fc.oneof(
      arbitraryEntry().map(({ bytes }) => bytes),
      purged,
    ),
    again: (bytes) => {
      const { header, body, purgedBodyHash, signature } = decodeEntry(bytes)
      return encodeEntry(encodeHeader(header), body ?? { purged: purgedBodyHash as Uint8Array }, signature)
    },
  },
  { name: 'header', valid: arbitraryHeader().map(encodeHeader), again: (bytes) => encodeHeader(decodeHeader(bytes)) },
  { name: 'chain state', valid: arbitraryChainState().map(encodeChainState), again: (bytes) => encodeChainState(decodeChainState(bytes)) },
  { name: 'post', valid: arbitraryPost().map(encodePost), again: (bytes) => encodePost(decodePost(bytes)) },
  { name: 'edit', valid: arbitraryEdit().map(encodeEdit), again: (bytes) => encodeEdit(decodeEdit(bytes)) },
  { name: 'delete', valid: target.map((id) => encodeDelete({ target: id })), again: (bytes) => encodeDelete(decodeDelete(bytes)) },
  {
    name: 'react',
    valid: fc.tuple(target, fc.boolean()).map(([id, on]) => encodeReact({ target: id, emoji: '🎉', on })),
    again: (bytes) => encodeReact(decodeReact(bytes)),
  },
  { name: 'control', valid: arbitraryControl().map(encodeControl), again: (bytes) => encodeControl(decodeControl(bytes)) },
  {
    name: 'link message',
    valid: arbitraryLinkMessage().map(encodeLinkMessage),
    again: (bytes) => encodeLinkMessage(decodeLinkMessage(bytes)),
  },
  { name: 'clock', valid: bytesOf(8), again: (bytes) => hlcBytes(hlcFromBytes(bytes)) },
]

test.each(codecs)('$name: refused, or the same bytes again', ({ valid, again }) => {
  let accepted = 0
  fc.assert(
    fc.property(hostile(valid), (bytes) => {
      try {
        if (!equalBytes(again(bytes), bytes)) throw new Error('accepted bytes that it would write differently')
        accepted++
      } catch (error) {
        if (!(error instanceof Reject)) throw error
      }
    }),
    cases(8_500),
  )
  expect(accepted).toBeGreaterThan(0)
})

test('an entry among other bytes is read, or refused, as it is alone', () => {
  const around = fc.uint8Array({ maxLength: 80 })
  const outcome = (read: () => StoredEntry): unknown => {
    try {
      const { header, headerBytes, body, purgedBodyHash, signature, bytes, length, isSigned } = read()
      return { header, headerBytes, body, purgedBodyHash, signature, bytes, length, isSigned }
    } catch (error) {
      if (error instanceof Reject) return error.code
      throw error
    }
  }
  fc.assert(
    fc.property(hostile(arbitraryEntry().map(({ bytes }) => bytes)), around, around, (bytes, before, after) => {
      const entries = new PackedEntries(concatBytes(before, bytes, after), [before.length, before.length + bytes.length])
      expect(outcome(() => entries.decode(0))).toEqual(outcome(() => decodeEntry(bytes)))
    }),
    cases(5_000),
  )
})

test('an injured entry extends no chain with anything but a rejection', () => {
  const start = startChain(hash, conversation, alice)
  fc.assert(
    fc.property(mutated(arbitraryEntry().map(({ bytes }) => bytes)), (bytes) => {
      try {
        if (extendChain(hash, conversation, alice, start, decodeEntry(bytes)).nextSeq !== 1) throw new Error('went on by another number')
      } catch (error) {
        if (!(error instanceof Reject)) throw error
      }
    }),
    cases(5_000),
  )
})

test('an injured invite link is refused with InviteInvalid, or is the same link', () => {
  const fragment = arbitraryInviteLink().map((link) => fromBase64Url(encodeInviteLink('', link).slice(1)))
  fc.assert(
    fc.property(mutated(fragment), (bytes) => {
      const text = `#${toBase64Url(bytes)}`
      try {
        if (encodeInviteLink('', parseInviteLink(text)) !== text) throw new Error('accepted a link that it would write differently')
      } catch (error) {
        if (!(error instanceof ParleyError && error.code === 'InviteInvalid')) throw error
      }
    }),
    cases(5_000),
  )
})
