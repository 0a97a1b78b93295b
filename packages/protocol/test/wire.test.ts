import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { MIN_CHUNK_CLIENT, admit, chunkClient, concatBytes, deviceIdOf, encodeStateVector, project, rootName, u32be } from '../src/index.ts'
import type { EntryRun } from '../src/index.ts'
import { alice, arbitraryLogs, bob, carol, cases, conversation, hash, logOf, unpacked } from './support/fixtures.ts'
import { docOf, entriesIn, pushWithYjs } from './support/yjs.ts'

const aliceLog = logOf(alice, 600).entries
const bobLog = logOf(bob, 3).entries
const both: EntryRun[] = [
  { device: alice, seq: 0, entries: aliceLog },
  { device: bob, seq: 0, entries: bobLog },
]

describe('names', () => {
  test('a client is 2^52 and the first 52 bits of the hash', () => {
    const digest = hash(concatBytes(conversation, alice, u32be(7)))
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(chunkClient(hash, conversation, alice, 7)).toBe(2 ** 52 + Number.parseInt(hex.slice(0, 13), 16))
    const branched = chunkClient(hash, conversation, alice, 7, bob)
    expect(branched).not.toBe(chunkClient(hash, conversation, alice, 7))
    for (let chunk = 0; chunk < 100; chunk++) {
      const client = chunkClient(hash, conversation, alice, chunk)
      expect(Number.isSafeInteger(client) && client >= MIN_CHUNK_CLIENT).toBe(true)
    }
  })

  test('a root names device, branch and chunk', () => {
    expect(rootName(deviceIdOf(alice), 12)).toBe(`l:${deviceIdOf(alice)}::12`)
    expect(rootName(deviceIdOf(alice), 0, Uint8Array.of(1))).toBe(`l:${deviceIdOf(alice)}:ae:0`)
  })
})

describe('branches', () => {
  const branch = { id: bob, seq: 250 }
  const entries = aliceLog.slice(250, 530)
  const branchOf = (device: Uint8Array, id: Uint8Array): typeof branch | undefined =>
    device[0] === alice[0] && id[0] === bob[0] ? branch : undefined
  const update = project(hash, conversation, [
    { device: alice, seq: 0, entries: aliceLog.slice(0, 250) },
    { device: alice, branch, seq: 250, entries },
  ])

  test('a branch that begins inside a chunk has arrays of its own, from item 0 on, and comes back as it was', () => {
    const runs = admit(update, { hash, conversation, chunkOf: () => undefined, branchOf })
    expect(runs.map(({ seq, branch: at, entries: { length } }) => [seq, at?.seq, length])).toEqual([
      [0, undefined, 250],
      [250, 250, 280],
    ])
    expect([...runs[1]!.entries]).toEqual(entries)
    expect(project(hash, conversation, runs)).toEqual(update)
    const doc = docOf(update)
    expect(doc.getArray(rootName(deviceIdOf(alice), 0, bob)).length).toBe(6)
    expect(doc.getArray(rootName(deviceIdOf(alice), 1, bob)).length).toBe(256)
    expect(doc.store.pendingStructs).toBeNull()
    const vector = encodeStateVector(hash, conversation, [
      { device: alice, nextSeq: 250 },
      { device: alice, branch, nextSeq: 530 },
    ])
    expect(vector).toEqual(Y.encodeStateVector(doc))
  })

  test('a branch that nobody told of is refused', () => {
    const refuse = (known?: typeof branchOf): unknown =>
      admit(update, { hash, conversation, chunkOf: () => undefined, ...(known === undefined ? {} : { branchOf: known }) })
    expect(() => refuse()).toThrow(expect.objectContaining({ name: 'Reject', code: 'UnknownChunk' }))
    expect(() => refuse(() => ({ id: bob, seq: 300 }))).toThrow(expect.objectContaining({ name: 'Reject', code: 'BadShape' }))
  })

  test('more items than the first chunk of a branch can hold are refused', () => {
    const long = project(hash, conversation, [{ device: alice, branch: { id: bob, seq: 0 }, seq: 0, entries: aliceLog.slice(0, 7) }])
    expect(() => admit(long, { hash, conversation, chunkOf: () => undefined, branchOf })).toThrow(
      expect.objectContaining({ name: 'Reject', code: 'BadShape' }),
    )
  })
})

describe('project, read by Yjs', () => {
  test('a document has the entries in order', () => {
    const doc = docOf(project(hash, conversation, both))
    expect(entriesIn(doc, alice, 600)).toEqual(aliceLog)
    expect(entriesIn(doc, bob, 3)).toEqual(bobLog)
    expect(doc.store.pendingStructs).toBeNull()
    expect(doc.store.pendingDs).toBeNull()
  })

  test('documents built by different routes are byte-identical, and equal to the projection', () => {
    const whole = project(hash, conversation, both)
    const entryByEntry = [...aliceLog.keys()].map((seq) =>
      project(hash, conversation, [{ device: alice, seq, entries: [aliceLog[seq] as Uint8Array] }]),
    )
    const runs = [
      { device: alice, seq: 300, entries: aliceLog.slice(300, 520) },
      { device: bob, seq: 0, entries: bobLog },
      { device: alice, seq: 520, entries: aliceLog.slice(520) },
      { device: alice, seq: 10, entries: aliceLog.slice(10, 300) },
      { device: alice, seq: 0, entries: aliceLog.slice(0, 10) },
    ].map((run) => project(hash, conversation, [run]))
    const routes = [
      docOf(whole),
      docOf(...entryByEntry, project(hash, conversation, [both[1] as EntryRun])),
      // Shuffled: Yjs keeps runs with a missing predecessor until it comes.
      docOf(...runs),
      docOf(Y.mergeUpdates(runs)),
      docOf(whole, whole, ...runs),
    ]
    for (const doc of routes) expect(Y.encodeStateAsUpdate(doc)).toEqual(whole)
  })

  test('the same for arbitrary logs cut at arbitrary places', () => {
    fc.assert(
      fc.property(arbitraryLogs(), fc.array(fc.nat(), { maxLength: 6 }), fc.infiniteStream(fc.nat()), (logs, cuts, order) => {
        const whole = project(hash, conversation, logs)
        const pieces = logs.flatMap((log) => cut(log, cuts)).map((run) => ({ run, order: order.next().value as number }))
        const shuffled = pieces.sort((a, b) => a.order - b.order).map(({ run }) => run)
        expect(project(hash, conversation, shuffled)).toEqual(whole)
        const doc = docOf(...shuffled.map((run) => project(hash, conversation, [run])))
        expect(Y.encodeStateAsUpdate(doc)).toEqual(whole)
        const heads = logs.map(({ device, entries }) => ({ device, nextSeq: entries.length }))
        expect(encodeStateVector(hash, conversation, heads)).toEqual(Y.encodeStateVector(doc))
      }),
      cases(60),
    )
  })

  test('what Yjs itself emits for pushes under the derived client is the projection, and is admitted', () => {
    const groups = [aliceLog.slice(0, 1), aliceLog.slice(1, 3), aliceLog.slice(3, 254), aliceLog.slice(254, 260), aliceLog.slice(260, 600)]
    const { doc, updates } = pushWithYjs(alice, groups)
    expect(Y.encodeStateAsUpdate(doc)).toEqual(project(hash, conversation, [both[0] as EntryRun]))
    const known = new Map([0, 1, 2].map((chunk) => [chunkClient(hash, conversation, alice, chunk), { device: alice, chunk }]))
    let seq = 0
    for (const [i, update] of updates.entries()) {
      const entries = groups[i] as Uint8Array[]
      expect(update).toEqual(project(hash, conversation, [{ device: alice, seq, entries }]))
      expect(unpacked(admit(update, { hash, conversation, chunkOf: (client) => known.get(client) }))).toEqual([
        { device: alice, seq, entries },
      ])
      seq += entries.length
    }
    expect(seq).toBe(600)
  })

  test('an update against a state vector of heads holds exactly what is missing', () => {
    const doc = docOf(project(hash, conversation, both))
    const vector = encodeStateVector(hash, conversation, [{ device: alice, nextSeq: 300 }])
    const missing = project(hash, conversation, [{ device: alice, seq: 300, entries: aliceLog.slice(300) }, both[1] as EntryRun])
    expect(Y.encodeStateAsUpdate(doc, vector)).toEqual(missing)
  })

  test('nothing is the empty update and the empty vector', () => {
    const doc = new Y.Doc()
    expect(project(hash, conversation, [])).toEqual(Y.encodeStateAsUpdate(doc))
    expect(project(hash, conversation, [{ device: carol, seq: 9, entries: [] }])).toEqual(Y.encodeStateAsUpdate(doc))
    expect(encodeStateVector(hash, conversation, [{ device: carol, nextSeq: 0 }])).toEqual(Y.encodeStateVector(doc))
  })

  test('each conversation has clients of its own', () => {
    expect(chunkClient(hash, hash(conversation), alice, 0)).not.toBe(chunkClient(hash, conversation, alice, 0))
  })
})

describe('project refuses what has no projection', () => {
  const invalid = expect.objectContaining({ code: 'InvalidArgument' })
  test.each<[string, EntryRun[]]>([
    ['two runs that overlap', [run(0, 5), run(4, 2)]],
    ['the same run twice', [run(0, 5), run(0, 5)]],
    ['an overlap across a chunk boundary', [run(0, 300), run(256, 10)]],
    ['a gap within a chunk', [run(0, 5), run(6, 1)]],
    ['a gap within a later chunk', [run(250, 10), run(262, 1)]],
    ['a device of 15 bytes', [{ device: alice.slice(1), seq: 0, entries: bobLog }]],
    ['a negative sequence number', [run(-1, 1)]],
    ['a sequence number beyond 32 bits', [{ device: alice, seq: 2 ** 32 - 1, entries: bobLog }]],
  ])('%s', (_name, runs) => {
    expect(() => project(hash, conversation, runs)).toThrow(invalid)
  })

  test('a gap between chunks is none', () => {
    const runs = [run(0, 5), run(256, 5), run(520, 5)]
    expect(
      unpacked(admit(project(hash, conversation, runs), { hash, conversation, chunkOf: () => ({ device: alice, chunk: 2 }) })),
    ).toEqual(runs)
  })
})

function run(seq: number, count: number): EntryRun {
  return { device: alice, seq, entries: Array.from({ length: count }, (_, i) => Uint8Array.of(i)) }
}

/** The same entries as several runs. */
function cut(log: EntryRun, places: readonly number[]): EntryRun[] {
  const bounds = [...new Set([0, log.entries.length, ...places.map((place) => place % (log.entries.length + 1))])].sort((a, b) => a - b)
  return bounds.slice(1).map((end, i) => ({ device: log.device, seq: bounds[i] as number, entries: log.entries.slice(bounds[i], end) }))
}
