import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ChainWalk,
  EntryKind,
  decodeChainState,
  decodeEntry,
  encodeChainState,
  encodeEntry,
  encodeHeader,
  entryId,
  extendChain,
  hashInto,
  firstPrevId,
  mustSign,
  purgeEntry,
  startChain,
  utf8,
} from '../src/index.ts'
import type { ChainState, EntryHeader } from '../src/index.ts'
import { START_MS, alice, bob, cases, conversation, epoch, hash, logOf } from './support/fixtures.ts'
import { arbitraryChainState } from './support/structures.ts'

const otherEpoch = hash(utf8('another epoch')).slice(0, 16)
const first: EntryHeader = { kind: EntryKind.post, time: START_MS, ctr: 0, epoch, deps: [], posts: 1, deletes: 0, controls: 0 }
const next: EntryHeader = { kind: EntryKind.post, time: 7, ctr: 0, epoch: 'same', deps: [], posts: 2, deletes: 0, controls: 0 }
const control: EntryHeader = {
  kind: EntryKind.control,
  time: START_MS + 9,
  ctr: 0,
  epoch: 'clear',
  deps: [],
  posts: 1,
  deletes: 0,
  controls: 1,
}

function extend(state: ChainState, header: EntryHeader): ChainState {
  return extendChain(hash, conversation, alice, state, decodeEntry(encodeEntry(encodeHeader(header), utf8('body'), undefined)))
}

function refusal(state: ChainState, header: EntryHeader): string {
  try {
    extend(state, header)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'accepted'
}

const empty = startChain(hash, conversation, alice)
const one = extend(empty, first)

describe('one entry after another', () => {
  test('the state after an entry holds its id, clock, counters and epoch', () => {
    expect(empty).toMatchObject({ nextSeq: 0, prevId: firstPrevId(hash, conversation, alice), posts: 0, epoch: undefined })
    const headerBytes = encodeHeader(first)
    const id = entryId(hash, { conversation, device: alice, seq: 0, prevId: empty.prevId, headerBytes, bodyHash: hash(utf8('body')) })
    expect(one).toEqual({ nextSeq: 1, prevId: id, hlc: { ms: START_MS, ctr: 0 }, posts: 1, deletes: 0, controls: 0, epoch })
    const two = extend(one, next)
    expect(two).toMatchObject({ nextSeq: 2, hlc: { ms: START_MS + 7, ctr: 0 }, posts: 2, epoch })
    const deleted = extend(two, { ...next, kind: EntryKind.delete, time: 0, ctr: 1, deletes: 1 })
    expect(deleted).toMatchObject({ nextSeq: 3, hlc: { ms: START_MS + 7, ctr: 1 }, posts: 2, deletes: 1 })
    expect(extend(deleted, { ...control, posts: 2, deletes: 1 })).toMatchObject({
      nextSeq: 4,
      hlc: { ms: START_MS + 9 },
      controls: 1,
      epoch: undefined,
    })
  })

  test('purging a body changes no id', () => {
    const { entries, states } = logOf(alice, 20)
    let state = startChain(hash, conversation, alice)
    entries.forEach((entry, i) => {
      const bytes = i % 3 === 0 ? purgeEntry(entry, hash) : entry
      state = extendChain(hash, conversation, alice, state, decodeEntry(bytes))
    })
    expect(state).toEqual(states.at(-1))
  })

  test('the same entries give other ids in another conversation or log', () => {
    const parts = decodeEntry(encodeEntry(encodeHeader(first), utf8('body'), undefined))
    expect(extendChain(hash, conversation, bob, startChain(hash, conversation, bob), parts).prevId).not.toEqual(one.prevId)
    expect(extendChain(hash, hash(conversation), alice, startChain(hash, hash(conversation), alice), parts).prevId).not.toEqual(one.prevId)
  })

  test('the state does not keep the bytes of the entry alive', () => {
    const bytes = encodeEntry(encodeHeader(first), utf8('body'), undefined)
    expect(extendChain(hash, conversation, alice, empty, decodeEntry(bytes)).epoch?.buffer).not.toBe(bytes.buffer)
  })
})

describe('a walk', () => {
  test('gives what extending entry by entry gives, also when walks of two logs take turns', () => {
    const [ofAlice, ofBob] = [logOf(alice, 300), logOf(bob, 300)]
    const walks = [ofAlice, ofBob].map((log, i) => ({
      log,
      walk: new ChainWalk(hashInto(hash), conversation, [alice, bob][i]!, log.states[0]!),
    }))
    for (let seq = 0; seq < 300; seq++) {
      for (const { log, walk } of walks) {
        walk.extend(decodeEntry(log.entries[seq]!))
        expect(walk.state()).toEqual(log.states[seq + 1])
        expect([walk.nextSeq, walk.prevId, walk.hlc]).toEqual([seq + 1, log.states[seq + 1]!.prevId, log.states[seq + 1]!.hlc])
      }
    }
  })

  test('stays where it is when an entry is refused', () => {
    const walk = new ChainWalk(hashInto(hash), conversation, alice, one)
    const refused = [{ time: 0 }, { posts: 3 }, { deletes: 1 }, { epoch: 'clear' }] as const
    for (const change of refused) {
      const parts = decodeEntry(encodeEntry(encodeHeader({ ...next, ...change }), utf8('body'), undefined))
      expect(() => walk.extend(parts)).toThrow()
      expect(walk.state()).toEqual(one)
    }
    walk.extend(decodeEntry(encodeEntry(encodeHeader(next), utf8('body'), undefined)))
    expect(walk.state()).toEqual(extend(one, next))
  })

  test('takes parts that were decoded elsewhere, of any size', () => {
    const deps = Array.from({ length: 16 }, (_, i) => ({ device8: new Uint8Array(8).fill(i), seq: i, entry8: new Uint8Array(8) }))
    const parts = decodeEntry(encodeEntry(encodeHeader({ ...next, deps }), utf8('body'), undefined))
    const { header, headerBytes, body, purgedBodyHash, signature } = parts
    const copy = { header, headerBytes: headerBytes.slice(), body, purgedBodyHash, signature }
    expect(extendChain(hash, conversation, alice, one, copy)).toEqual(extendChain(hash, conversation, alice, one, parts))
  })
})

describe('what is refused', () => {
  test('a clock that does not go forward', () => {
    expect(refusal(one, { ...next, time: 0, ctr: 0 })).toBe('BadClock')
    expect(refusal(one, { ...next, time: 0, ctr: 1 })).toBe('accepted')
    expect(refusal(one, { ...control, time: START_MS })).toBe('BadClock')
    expect(refusal(one, { ...control, time: START_MS - 1, ctr: 9 })).toBe('BadClock')
    expect(refusal(empty, { ...first, time: 0 })).toBe('BadClock')
    expect(refusal(one, { ...next, time: 2 ** 48 - 1 })).toBe('BadClock')
  })

  test('counters that do not go on by exactly one where the kind says so', () => {
    const bad: EntryHeader[] = [
      { ...next, posts: 1 },
      { ...next, posts: 3 },
      { ...next, deletes: 1 },
      { ...next, kind: EntryKind.edit, posts: 2 },
      { ...next, kind: EntryKind.delete, posts: 1, deletes: 0 },
      { ...next, kind: EntryKind.delete, posts: 1, deletes: 2 },
      { ...control, controls: 2 },
      { ...control, controls: 0 },
      { ...control, posts: 2 },
    ]
    for (const header of bad) expect(refusal(one, header)).toBe('BadChain')
    expect(refusal(one, { ...next, kind: EntryKind.edit, posts: 1 })).toBe('accepted')
  })

  test('an epoch that is not named where it must be', () => {
    expect(refusal(empty, { ...first, epoch: 'same' })).toBe('BadChain')
    expect(refusal(one, { ...control, epoch: 'same' })).toBe('BadChain')
    expect(refusal(one, { ...next, epoch: 'clear' })).toBe('BadChain')
    const afterClear = extend(one, control)
    const post = { ...next, controls: 0 }
    expect(refusal(afterClear, post)).toBe('BadChain')
    expect(refusal(afterClear, { ...post, epoch })).toBe('accepted')
    expect(refusal(one, { ...control, epoch })).toBe('accepted')
    expect(extend(one, { ...next, epoch: otherEpoch }).epoch).toEqual(otherEpoch)
  })

  test('a chunk start that counts on the chunk before', () => {
    const state = logOf(alice, 256).states.at(-1) as ChainState
    const start = { ...first, posts: 257, time: state.hlc.ms + 1 }
    expect(refusal(state, start)).toBe('accepted')
    expect(refusal(state, { ...start, epoch: 'same' })).toBe('BadChain')
    expect(refusal(state, { ...start, time: 1 })).toBe('BadClock')
  })

  test('an entry beyond the last sequence number', () => {
    const full = { ...one, nextSeq: 2 ** 32 }
    expect(refusal(full, { ...first, time: START_MS + 1, posts: 2 })).toBe('BadChain')
    expect(refusal({ ...full, nextSeq: 2 ** 32 - 1 }, { ...next, time: 1 })).toBe('accepted')
  })
})

test('control entries and the last of each chunk are signed', () => {
  expect([0, 254, 255, 256, 511].map((seq) => mustSign(seq, EntryKind.post))).toEqual([false, false, true, false, true])
  expect(mustSign(0, EntryKind.control)).toBe(true)
})

test('the state comes back from its bytes', () => {
  fc.assert(
    fc.property(arbitraryChainState(), (state) => {
      expect(decodeChainState(encodeChainState(state))).toEqual(state)
    }),
    cases(200),
  )
})
