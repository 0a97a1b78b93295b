/** The index of one conversation on a timeline that is a list: made on demand, in segments, and true whatever happens meanwhile. */
import { messageIdOf, type MessageId } from '@parley/protocol'
import { createManualClock } from '@parley/testing'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { SearchBudget, MAX_HELD_SEGMENTS } from '../src/search/budget.ts'
import { INDEX_IDLE_MS, SEGMENT_MESSAGES, SearchIndex, type Found } from '../src/search/search-index.ts'
import type { IndexedMessage } from '../src/search/segment.ts'
import { compareKeys, timelineKey } from '../src/replica/timeline-key.ts'
import type { TimelineChange } from '../src/replica/timeline.ts'

const DEVICE = new Uint8Array(16).fill(1)
const keyOf = (n: number): Uint8Array => timelineKey({ ms: 1_000 + n, ctr: 0 }, new Uint8Array(32), DEVICE, n)
const idOf = (n: number): MessageId => messageIdOf(DEVICE, n, new Uint8Array(16))

let clock = createManualClock()
let texts: Map<number, string>
let index: SearchIndex
let budget: SearchBudget
let reads: number
/** Runs in the middle of reading messages. */
let onRead: (() => void) | undefined

beforeEach(() => {
  clock = createManualClock()
  texts = new Map()
  reads = 0
  onRead = undefined
  budget = new SearchBudget()
  index = makeIndex()
})

function makeIndex(): SearchIndex {
  const sorted = (): number[] => [...texts.keys()].sort((a, b) => a - b)
  return new SearchIndex({
    clock,
    budget,
    timeline: {
      get total() {
        return texts.size
      },
      rank: async (key) => sorted().filter((n) => compareKeys(keyOf(n), key) < 0).length,
      slice: async (from, to) => sorted().slice(from, to).map(keyOf),
    },
    async read(keys) {
      const numbers = keys.map((key) => new DataView(key.buffer, key.byteOffset).getUint32(40))
      reads += numbers.length
      const found = numbers.flatMap((n): IndexedMessage[] => {
        const text = texts.get(n)
        return text === undefined ? [] : [{ id: idOf(n), key: keyOf(n), text, fileNames: '', hasAttachment: false }]
      })
      await Promise.resolve()
      onRead?.()
      return found
    },
    report: (error) => {
      throw error
    },
  })
}

function tell(...changes: TimelineChange[]): void {
  index.apply(changes)
}

function post(n: number, text: string): void {
  texts.set(n, text)
  tell({ type: 'posted', key: keyOf(n) })
}

function edit(n: number, text: string): void {
  texts.set(n, text)
  tell({ type: 'edited', id: idOf(n) })
}

function remove(n: number): void {
  texts.delete(n)
  tell({ type: 'deleted', id: idOf(n) })
}

const find = (word: string, options: { limit?: number; signal?: AbortSignal } = {}): Promise<Found> =>
  index.find({
    words: [word],
    isFuzzy: false,
    limit: options.limit ?? 100_000,
    before: undefined,
    signal: options.signal,
    isWanted: () => true,
    onProgress: () => {},
  })
const ids = ({ matches }: Found): MessageId[] => matches.map(({ id }) => id)

test('nothing is read before somebody searches, and everything once', async () => {
  for (let n = 0; n < 300; n++) post(n, `number ${n}`)
  expect(reads).toBe(0)
  expect(index.size).toBe(0)
  expect((await find('number')).total).toBe(300)
  expect((await find('number')).total).toBe(300)
  expect(reads).toBe(300)
})

test('follows what is posted, also late, edited and deleted', async () => {
  for (let n = 10; n < 20; n++) post(n, 'tea')
  await find('tea')
  post(30, 'tea later')
  post(5, 'tea long before')
  edit(12, 'coffee')
  remove(15)
  expect(ids(await find('tea'))).toEqual([30, 19, 18, 17, 16, 14, 13, 11, 10, 5].map(idOf))
  expect(ids(await find('coffee'))).toEqual([idOf(12)])
})

test('the words of a deleted message are gone at once, those that it had before an edit too', async () => {
  post(1, 'secret')
  post(2, 'other')
  await find('other')
  edit(1, 'harmless')
  remove(1)
  expect(index.size).toBe(0)
  expect((await find('secret')).total).toBe(0)
  expect(ids(await find('other'))).toEqual([idOf(2)])
})

describe('while messages are being read', () => {
  test('what is deleted does not come in', async () => {
    for (let n = 0; n < 200; n++) post(n, 'tea')
    onRead = () => {
      onRead = undefined
      remove(199)
      remove(3)
    }
    const found = await find('tea')
    expect(found.total).toBe(198)
    expect(ids(found)).not.toContain(idOf(199))
  })

  test('what is edited comes in as it then is', async () => {
    for (let n = 0; n < 200; n++) post(n, 'tea')
    onRead = () => {
      onRead = undefined
      edit(150, 'coffee')
    }
    await find('tea')
    expect(ids(await find('coffee'))).toEqual([idOf(150)])
    expect((await find('tea')).total).toBe(199)
  })

  test('everything may become different', async () => {
    for (let n = 0; n < 200; n++) post(n, 'tea')
    onRead = () => {
      onRead = undefined
      texts.clear()
      texts.set(7, 'tea')
      tell()
    }
    expect(ids(await find('tea'))).toEqual([idOf(7)])
  })
})

describe('a long history', () => {
  const LONG = 2 * SEGMENT_MESSAGES + 100
  beforeEach(() => {
    // A quick timeline: every key is there.
    for (let n = 0; n < LONG; n++) texts.set(n, n % 2 === 0 ? 'even' : 'odd')
    index = new SearchIndex({
      clock,
      budget,
      timeline: {
        total: LONG,
        rank: async (key) => new DataView(key.buffer, key.byteOffset).getUint32(40),
        slice: async (from, to) => Array.from({ length: Math.min(to, LONG) - from }, (_, i) => keyOf(from + i)),
      },
      async read(keys) {
        reads += keys.length
        return keys.map((key) => {
          const n = new DataView(key.buffer, key.byteOffset).getUint32(40)
          return { id: idOf(n), key, text: texts.get(n) ?? '', fileNames: '', hasAttachment: false }
        })
      },
      report: (error) => {
        throw error
      },
    })
  })

  test('is indexed only as far as needed for a full page, the rest afterwards', async () => {
    const found = await find('even', { limit: 25 })
    expect(found).toMatchObject({ isComplete: false, total: SEGMENT_MESSAGES / 2 })
    expect(found.matches[0]?.id).toBe(idOf(LONG - 2))
    expect(found.matches).toHaveLength(25)
    // The rest is under way; whoever asks next waits for nothing but what is missing.
    expect(await find('odd')).toMatchObject({ isComplete: true, total: LONG / 2 })
    expect(await find('even', { limit: 25 })).toMatchObject({ isComplete: true, total: LONG / 2 })
    expect(reads).toBe(LONG)
  })

  test('after a deletion, only its segment is read again', async () => {
    await find('odd')
    reads = 0
    tell({ type: 'deleted', id: idOf(3) })
    texts.set(3, '')
    expect((await find('odd')).total).toBe(LONG / 2 - 1)
    expect(reads).toBeLessThanOrEqual(SEGMENT_MESSAGES)
  })

  test('beyond what may be held is found all the same, and not kept', async () => {
    const others = Array.from({ length: MAX_HELD_SEGMENTS - 1 }, () => ({}) as never)
    for (const other of others) budget.hold(other)
    expect(await find('odd')).toMatchObject({ isComplete: true, total: LONG / 2 })
    expect(index.size).toBe(SEGMENT_MESSAGES)
    reads = 0
    expect((await find('odd')).total).toBe(LONG / 2)
    expect(reads).toBe(LONG - SEGMENT_MESSAGES)
    for (const other of others) budget.release(other)
    index.clear()
    expect(budget.hasRoom).toBe(true)
  })

  test('can be stopped, and what was indexed stays for the next', async () => {
    const stop = new AbortController()
    const first = await find('odd', { limit: 1 })
    expect(first.isComplete).toBe(false)
    stop.abort()
    await expect(find('nothing', { signal: stop.signal })).rejects.toMatchObject({ code: 'Aborted' })
    expect((await find('odd')).total).toBe(LONG / 2)
    index.close()
    await expect(find('odd')).rejects.toMatchObject({ code: 'Closed' })
  })

  test('is given up when nobody has searched for a while', async () => {
    await find('odd')
    expect(index.size).toBe(LONG)
    await clock.advance(INDEX_IDLE_MS)
    expect(index.size).toBe(0)
  })
})

test('agrees with a look through all messages, whatever happened', async () => {
  const word = fc.constantFrom('tea', 'coffee', 'milk')
  const step = fc.oneof(
    fc.record({ kind: fc.constant('post' as const), n: fc.integer({ min: 0, max: 400 }), word }),
    fc.record({ kind: fc.constant('edit' as const), n: fc.integer({ min: 0, max: 400 }), word }),
    fc.record({ kind: fc.constant('remove' as const), n: fc.integer({ min: 0, max: 400 }), word }),
    fc.record({ kind: fc.constant('search' as const), n: fc.constant(0), word }),
    fc.record({ kind: fc.constant('during' as const), n: fc.integer({ min: 0, max: 400 }), word }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      texts = new Map(Array.from({ length: 200 }, (_, n) => [2 * n, n % 3 === 0 ? 'tea' : 'milk']))
      onRead = undefined
      index = makeIndex()
      for (const { kind, n, word: said } of steps) {
        if (kind === 'post' && !texts.has(n)) post(n, said)
        if (kind === 'edit' && texts.has(n)) edit(n, said)
        if (kind === 'remove' && texts.has(n)) remove(n)
        if (kind === 'during') {
          onRead = () => {
            onRead = undefined
            if (texts.has(n)) edit(n, said)
          }
        }
        if (kind === 'search') await find(said)
      }
      onRead = undefined
      for (const said of ['tea', 'coffee', 'milk']) {
        const expected = [...texts].filter(([, text]) => text === said).map(([n]) => n)
        expect(ids(await find(said))).toEqual(expected.sort((a, b) => b - a).map(idOf))
      }
    }),
    { numRuns: 20 },
  )
})
