/** Every list of a link message at its limit can be read; one item more cannot. (Shapes and single refusals are in the vectors.) */
import { expect, test } from 'vitest'
import {
  MAX_BLOB_ASKS,
  MAX_NEEDS,
  MAX_BLOB_INDEX,
  MAX_BLOB_MANIFEST_BYTES,
  MAX_BLOB_PIECE_BYTES,
  MAX_BLOB_WANTS,
  MAX_CONTROLS,
  MAX_HEADS,
  MAX_LINK_MESSAGE_BYTES,
  MAX_PROOFS,
  MAX_SLOTS,
  MAX_WANTS,
  Reject,
  decodeLinkMessage,
  encodeLinkMessage,
  type LinkMessage,
} from '../src/index.ts'
import { alice } from './support/fixtures.ts'

const handle = new Uint8Array(8)
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item)
const head = { device: alice, nextSeq: 1, head: new Uint8Array(8), controls: 1 }
const carrier = { device: alice, seq: 1, prevId: new Uint8Array(32), entry: new Uint8Array(90) }

const lists: [name: string, max: number, message: (count: number) => LinkMessage][] = [
  ['proofs', MAX_PROOFS, (count) => ({ type: 'proofs', tags: times(count, new Uint8Array(16)) })],
  ['have', MAX_HEADS, (count) => ({ type: 'have', handle, heads: times(count, head) })],
  ['got', MAX_HEADS, (count) => ({ type: 'got', handle, heads: times(count, { device: alice, nextSeq: 1 }) })],
  [
    'want, both lists',
    MAX_WANTS,
    (count) => ({
      type: 'want',
      handle,
      controls: times(count, { device: alice, from: 1 }),
      ranges: times(count, { device: alice, from: 1, to: 2 }),
    }),
  ],
  ['controls', MAX_CONTROLS, (count) => ({ type: 'controls', handle, entries: times(count, carrier) })],
  ['need', MAX_NEEDS, (count) => ({ type: 'need', handle, epochs: times(count, new Uint8Array(16)) })],
  ['blobAsk', MAX_BLOB_ASKS, (count) => ({ type: 'blobAsk', handle, blobs: times(count, new Uint8Array(32)) })],
  [
    'blobWant',
    MAX_BLOB_WANTS,
    (count) => ({ type: 'blobWant', handle, blob: new Uint8Array(32), manifest: false, chunks: times(count, 0).map((_, i) => i) }),
  ],
  ['unheard', MAX_SLOTS, (count) => ({ type: 'unheard', handle, devices: times(count, new Uint8Array(16)) })],
  ['slots', MAX_SLOTS, (count) => ({ type: 'slots', handle, slots: times(count, new Uint8Array(200)) })],
]

test.each(lists)('%s: %i items, and no more', (_name, max, message) => {
  expect(decodeLinkMessage(encodeLinkMessage(message(max)))).toEqual(message(max))
  expect(codeOf(encodeLinkMessage(message(max + 1)))).toBe('LimitExceeded')
})

test('a message of 4 MiB and its envelope, and no longer', () => {
  const longest: LinkMessage = { type: 'update', handle, bytes: new Uint8Array(MAX_LINK_MESSAGE_BYTES - 16) }
  expect(encodeLinkMessage(longest)).toHaveLength(MAX_LINK_MESSAGE_BYTES)
  expect(codeOf(encodeLinkMessage(longest))).toBe('accepted')
  expect(codeOf(encodeLinkMessage({ ...longest, bytes: new Uint8Array(MAX_LINK_MESSAGE_BYTES - 15) }))).toBe('LimitExceeded')
})

test('a manifest and a chunk of the largest size, and no larger', () => {
  const blob = new Uint8Array(32)
  const manifest = (length: number): LinkMessage => ({ type: 'blobManifest', handle, blob, bytes: new Uint8Array(length) })
  const chunk = (length: number): LinkMessage => ({ type: 'blobChunk', handle, blob, index: MAX_BLOB_INDEX, bytes: new Uint8Array(length) })
  expect(codeOf(encodeLinkMessage(manifest(MAX_BLOB_MANIFEST_BYTES)))).toBe('accepted')
  expect(codeOf(encodeLinkMessage(manifest(MAX_BLOB_MANIFEST_BYTES + 1)))).toBe('LimitExceeded')
  expect(codeOf(encodeLinkMessage(chunk(MAX_BLOB_PIECE_BYTES)))).toBe('accepted')
  expect(codeOf(encodeLinkMessage(chunk(MAX_BLOB_PIECE_BYTES + 1)))).toBe('LimitExceeded')
})

function codeOf(bytes: Uint8Array): string {
  try {
    decodeLinkMessage(bytes)
    return 'accepted'
  } catch (error) {
    if (error instanceof Reject) return error.code
    throw error
  }
}
