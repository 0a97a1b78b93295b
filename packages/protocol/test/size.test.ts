/**
 * What a message costs beyond its text, counted on real entries and real updates.
 */
import { expect, test } from 'vitest'
import {
  EntryKind,
  SEAL_OVERHEAD_BYTES,
  decodeEntry,
  encodeEntry,
  encodeHeader,
  encodePost,
  extendChain,
  mustSign,
  project,
  standsAlone,
  startChain,
  utf8,
} from '../src/index.ts'
import type { ChainState } from '../src/index.ts'
import { START_MS, alice, conversation, epoch, hash } from './support/fixtures.ts'

const text = 'A message as people write them, about a hundred characters long, said in the middle of a longer talk.'
/** Whether alice signs each message, as when she sends them one by one, or only where she must, as in history. */
type Signing = 'each' | 'chunk'

/** Alice's log: a message about every minute. */
function log(count: number, signing: Signing): { entries: Uint8Array[]; states: ChainState[] } {
  const states = [startChain(hash, conversation, alice)]
  const entries: Uint8Array[] = []
  let now = START_MS
  for (let seq = 0; seq < count; seq++) {
    const state = states[seq] as ChainState
    now += 40_000 + ((seq * 7_919) % 50_000)
    const alone = standsAlone(seq, EntryKind.post)
    const headerBytes = encodeHeader({
      kind: EntryKind.post,
      time: alone ? now : now - state.hlc.ms,
      ctr: 0,
      epoch: alone ? epoch : 'same',
      deps: [],
      posts: seq + 1,
      deletes: 0,
      controls: 0,
    })
    const payload = encodePost({ text, metadata: {}, reply: undefined })
    const body = new Uint8Array(payload.length + SEAL_OVERHEAD_BYTES)
    const isSigned = signing === 'each' || mustSign(seq, EntryKind.post)
    entries.push(encodeEntry(headerBytes, body, isSigned ? new Uint8Array(64) : undefined))
    states.push(extendChain(hash, conversation, alice, state, decodeEntry(entries[seq] as Uint8Array)))
  }
  return { entries, states }
}

test('a stored message without own signature costs at most 64 bytes beyond its text', () => {
  const { entries } = log(1_000, 'chunk')
  const overhead = entries.map((entry) => entry.length - utf8(text).length)
  const plain = overhead.filter((_, seq) => !standsAlone(seq, EntryKind.post) && !mustSign(seq, EntryKind.post))
  expect(Math.max(...plain)).toBeLessThanOrEqual(64)
  const average = overhead.reduce((a, b) => a + b, 0) / overhead.length
  expect(average).toBeLessThanOrEqual(64)
  expect({ plain: Math.max(...plain), average: Math.round(average * 100) / 100 }).toEqual({ plain: 62, average: 60.98 })
})

test('a live message costs at most 140 bytes beyond its text, Yjs framing included', () => {
  const { entries } = log(1_000, 'each')
  // What one more item adds to the update of a chunk; the envelope (counts, client, clock, delete set) is not counted.
  const added = entries.flatMap((_, seq) => {
    const start = seq - (seq % 256)
    if (seq === start) return []
    const shorter = project(hash, conversation, [{ device: alice, seq: start, entries: entries.slice(start, seq) }])
    const longer = project(hash, conversation, [{ device: alice, seq: start, entries: entries.slice(start, seq + 1) }])
    const countGrew = seq - start === 127 ? 1 : 0
    return [longer.length - shorter.length - countGrew - utf8(text).length]
  })
  expect(Math.max(...added)).toBeLessThanOrEqual(140)
  const alone = project(hash, conversation, [{ device: alice, seq: 700, entries: [entries[700] as Uint8Array] }])
  expect({
    entry: (entries[700] as Uint8Array).length - text.length,
    item: Math.max(...added),
    update: alone.length - text.length,
  }).toEqual({ entry: 127, item: 140, update: 153 })
})
