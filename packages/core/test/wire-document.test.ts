/** Wire documents under stock Yjs sync, and what hostile updates do to them. */
import { signRun, verifyRun, type RunAuthor, type UnsignedEntry } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import {
  CHUNK_ENTRIES,
  chunkClient,
  concatBytes,
  decodeEntry,
  deviceIdOf,
  encodeEntry,
  encodeHeader,
  EntryKind,
  entryId,
  project,
  Reject,
  rootName,
  startChain,
  utf8,
  varUint,
  type ChainState,
  type EntryRun,
} from '@parley/protocol'
import { createManualClock, seededRandom } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { openWireDocument, type PoisonReason, type WireDocument, type WireVerdict } from '../src/index.ts'

const provider = nodeProvider()
const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)
const conversation = hash(utf8('conversation'))
const EPOCH = hash(utf8('epoch')).slice(0, 16)
const START_MS = 1_790_000_000_000
const NAMES = ['alice', 'bob'] as const
type Name = (typeof NAMES)[number]

const keyOf = (name: Name) => provider.signingKey(hash(utf8(`${name} signs`)))
const authorOf = (name: Name): RunAuthor => ({ conversation, device: deviceOf(name), signKey: keyOf(name).publicKey })
const deviceOf = (name: string): Uint8Array => hash(utf8(`${name} device`)).slice(0, 16)

/** Two logs and a wire document on them, as one peer has them. */
class Peer {
  readonly clock = createManualClock()
  readonly entries: Record<Name, Uint8Array[]> = { alice: [], bob: [] }
  readonly states = Object.fromEntries(NAMES.map((name) => [name, startChain(hash, conversation, deviceOf(name))])) as Record<
    Name,
    ChainState
  >
  readonly poisonings: PoisonReason[] = []
  readonly reported: unknown[] = []
  readonly opened: Y.Doc[] = []
  readonly wire: WireDocument
  /** Verifications, one after the other. */
  #work: Promise<unknown> = Promise.resolve()

  constructor() {
    this.wire = openWireDocument({
      hash,
      conversation,
      clock: this.clock,
      load: async () => this.hot(),
      isKnown: (device) => NAMES.some((name) => deviceIdOf(deviceOf(name)) === deviceIdOf(device)),
      verify: (runs) => {
        const verdict = this.#work.then(() => this.#verify(runs))
        this.#work = verdict
        return verdict
      },
      report: (error) => this.reported.push(error),
    })
    this.wire.events.on('opened', (doc) => this.opened.push(doc))
    this.wire.events.on('poisoned', (reason) => this.poisonings.push(reason))
  }

  get doc(): Y.Doc {
    if (this.wire.doc === undefined) throw new Error('no document')
    return this.wire.doc
  }

  hot(): EntryRun[] {
    return NAMES.filter((name) => this.entries[name].length > 0).map((name) => {
      const all = this.entries[name]
      const seq = Math.max(0, Math.floor((all.length - 1) / CHUNK_ENTRIES) - 1) * CHUNK_ENTRIES
      return { device: deviceOf(name), seq, entries: all.slice(seq) }
    })
  }

  projection(): Uint8Array {
    return project(hash, conversation, this.hot())
  }

  /** Writes as the person whose device this is. */
  async write(name: Name, count: number, body = 'body'): Promise<void> {
    const device = deviceOf(name)
    const drafts: UnsignedEntry[] = []
    let { nextSeq: seq, prevId, posts } = this.states[name]
    for (let i = 0; i < count; i++, seq++) {
      const alone = seq % CHUNK_ENTRIES === 0
      const time = alone ? START_MS + seq : 1
      const epoch = alone ? EPOCH : 'same'
      const header = { kind: EntryKind.post, time, ctr: 0, epoch, deps: [], posts: ++posts, deletes: 0, controls: 0 } as const
      const draft = { seq, kind: EntryKind.post, headerBytes: encodeHeader(header), body: utf8(`${name} ${seq} ${body}`) }
      const bodyHash = hash(draft.body)
      prevId = entryId(hash, { conversation, device, seq, prevId, headerBytes: draft.headerBytes, bodyHash })
      drafts.push({ ...draft, id: prevId })
    }
    const entries = await signRun(keyOf(name), { conversation, device }, drafts)
    const first = this.entries[name].length
    expect(await this.#verify([{ device, seq: first, entries }])).toBe('stored')
  }

  async #verify(runs: readonly EntryRun[]): Promise<WireVerdict> {
    for (const { device, seq, entries } of runs) {
      const name = NAMES.find((one) => deviceIdOf(deviceOf(one)) === deviceIdOf(device))
      if (name === undefined) return 'refused'
      const state = this.states[name]
      if (seq > state.nextSeq) return 'waiting'
      try {
        const run = await verifyRun(provider, authorOf(name), state, entries.slice(state.nextSeq - seq))
        if (run.rest > 0) return 'waiting'
        this.states[name] = run.state
        const bytes = run.entries.map((entry) => entry.bytes)
        this.entries[name].push(...bytes)
        this.wire.add([{ device, seq: state.nextSeq, entries: bytes }])
      } catch (error) {
        if (error instanceof Reject) return 'refused'
        throw error
      }
    }
    return 'stored'
  }

  /** Until the document is there, pauses included, and nothing is being verified. */
  async rest(): Promise<void> {
    await this.clock.advance(0)
    await this.#work
    await this.clock.advanceUntil(() => this.wire.doc !== undefined, 600_000)
  }
}

async function peerOf(alice = 0, bob = 0): Promise<Peer> {
  const peer = new Peer()
  await peer.rest()
  if (alice > 0) await peer.write('alice', alice)
  if (bob > 0) await peer.write('bob', bob)
  return peer
}

/** What a stock provider does. */
function exchange(a: Peer, b: Peer): void {
  Y.applyUpdate(b.doc, Y.encodeStateAsUpdate(a.doc, Y.encodeStateVector(b.doc)), 'provider')
  Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(b.doc, Y.encodeStateVector(a.doc)), 'provider')
}

test('two documents under stock sync carry entries between two logs, across chunks', async () => {
  const [alice, bob] = [await peerOf(300, 0), await peerOf(0, 20)]
  exchange(alice, bob)
  await Promise.all([alice.rest(), bob.rest()])
  expect(bob.entries).toEqual(alice.entries)
  expect([alice.entries.alice.length, alice.entries.bob.length]).toEqual([300, 20])
  await alice.write('alice', 250)
  exchange(alice, bob)
  await Promise.all([alice.rest(), bob.rest()])
  expect(bob.entries.alice).toEqual(alice.entries.alice)
  expect(Y.encodeStateAsUpdate(bob.doc)).toEqual(Y.encodeStateAsUpdate(alice.doc))
  expect([...alice.poisonings, ...bob.poisonings]).toEqual([])
  expect(bob.wire.inspect()).toEqual({ poisonings: 0, reasons: {}, unverified: 0 })
})

test('begins as the projection of the hot entries, and leaves old chunks behind', async () => {
  const peer = await peerOf(300, 3)
  expect(Y.encodeStateAsUpdate(peer.doc)).toEqual(peer.projection())
  const before = peer.doc
  await peer.write('alice', 20 * CHUNK_ENTRIES)
  await peer.rest()
  expect(peer.doc).not.toBe(before)
  expect(Y.encodeStateAsUpdate(peer.doc)).toEqual(peer.projection())
  expect(peer.doc.share.size).toBe(3)
  expect(peer.poisonings).toEqual([])
})

test('entries behind a gap wait, and are settled when the log has them', async () => {
  const [alice, bob] = [await peerOf(3 * CHUNK_ENTRIES), await peerOf()]
  const seq = CHUNK_ENTRIES
  const run = { device: deviceOf('alice'), seq, entries: alice.entries.alice.slice(seq) }
  Y.applyUpdate(bob.doc, project(hash, conversation, [run]), 'provider')
  await bob.rest()
  expect(bob.wire.inspect().unverified).toBe(2 * CHUNK_ENTRIES)
  await bob.write('alice', 3 * CHUNK_ENTRIES)
  await bob.rest()
  expect(bob.wire.inspect()).toEqual({ poisonings: 0, reasons: {}, unverified: 0 })
})

describe('attacks', () => {
  const alice = deviceOf('alice')
  const root = (chunk: number) => rootName(deviceIdOf(alice), chunk)
  const client = (chunk: number) => chunkClient(hash, conversation, alice, chunk)

  /** An update that Yjs itself writes for `change`, on top of what the victim has. */
  function hostile(victim: Peer, change: (doc: Y.Doc) => void, as?: number): Uint8Array {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(victim.doc))
    const before = Y.encodeStateVector(doc)
    if (as !== undefined) doc.clientID = as
    change(doc)
    return Y.encodeStateAsUpdate(doc, before)
  }

  const ATTACKS: Record<string, { reason: PoisonReason; update: (victim: Peer) => Uint8Array | Uint8Array[] }> = {
    "E1 a forged entry as the victim's next": {
      reason: 'unverified',
      update: (victim) => hostile(victim, (doc) => doc.getArray(root(0)).push([victim.entries.alice[39]]), client(0)),
    },
    "E1b a struct by the document's own client": {
      reason: 'clientId',
      update: (victim) => hostile(victim, (doc) => doc.getArray(root(0)).push([utf8('x')]), victim.doc.clientID),
    },
    'E2 deletion of everything, now and later': {
      reason: 'deletions',
      update: () => concatBytes(Uint8Array.of(0, 1), varUint(client(0)), Uint8Array.of(1, 0), varUint(2 ** 31)),
    },
    'E2 deletion of what is not there yet': {
      reason: 'deletions',
      update: () => concatBytes(Uint8Array.of(0, 1), varUint(client(1)), Uint8Array.of(1, 0), varUint(2 ** 31)),
    },
    'E3 a claim on all clocks of a chunk to come': {
      reason: 'shape',
      update: () => concatBytes(Uint8Array.of(1, 1), varUint(client(1)), Uint8Array.of(0, 0), varUint(2 ** 31), Uint8Array.of(0)),
    },
    'E5 new root types': {
      reason: 'shape',
      update: (victim) =>
        hostile(victim, (doc) => {
          for (let i = 0; i < 100; i++) doc.getArray(`spam ${i}`).push([i])
        }),
    },
    'E5 the root of a device that nobody knows': {
      reason: 'foreignRoot',
      update: () => project(hash, conversation, [{ device: deviceOf('mallory'), seq: 0, entries: [utf8('x')] }]),
    },
    'E6 structs whose predecessors are missing': {
      reason: 'pending',
      update: () =>
        Array.from({ length: 200 }, (_, i) =>
          project(hash, conversation, [{ device: alice, seq: 2 * CHUNK_ENTRIES + 2 * i + 1 - (i > 127 ? 255 : 0), entries: [utf8('x')] }]),
        ),
    },
    'a map in the place of the array': {
      reason: 'shape',
      update: (victim) => hostile(victim, (doc) => doc.getMap('').set('k', 1), client(1)),
    },
  }

  test.each(Object.entries(ATTACKS))('%s', async (_name, { reason, update }) => {
    const victim = await peerOf(40, 5)
    const history = structuredClone(victim.entries)
    const doc = victim.doc
    const relayed: Uint8Array[] = []
    doc.on('update', (bytes: Uint8Array) => relayed.push(bytes))
    const updates = update(victim)
    for (const bytes of Array.isArray(updates) ? updates : [updates]) Y.applyUpdate(doc, bytes, 'provider')
    await victim.rest()
    expect(victim.poisonings).toEqual([reason])
    expect(victim.opened).toHaveLength(2)
    expect(victim.doc).not.toBe(doc)
    // A forged entry has the right shape, and no other peer will take it either. Anything else is not passed on.
    if (reason !== 'unverified') expect(relayed).toEqual([])
    expect(victim.entries).toEqual(history)
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
    await victim.write('alice', 3)
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
  })

  test('E1 a forged entry without a signature: it waits, gives way to the real one, or is cleared away', async () => {
    const victim = await peerOf(40)
    const forged = hostile(victim, (doc) => doc.getArray(root(0)).push([victim.entries.alice[3]]), client(0))
    Y.applyUpdate(victim.doc, forged, 'provider')
    await victim.rest()
    expect([victim.poisonings, victim.wire.inspect().unverified]).toEqual([[], 1])
    await victim.write('alice', 1)
    expect(victim.poisonings).toEqual(['content'])
    await victim.rest()
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
    const again = hostile(victim, (doc) => doc.getArray(root(0)).push([victim.entries.alice[3]]), client(0))
    Y.applyUpdate(victim.doc, again, 'provider')
    await victim.clock.advance(60_000)
    await victim.rest()
    expect(victim.poisonings).toEqual(['content', 'unverified'])
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
  })

  test('an entry in another form, without the signature that a later one covers, is the same entry', async () => {
    const [author, reader] = [await peerOf(), await peerOf()]
    await author.write('alice', 1)
    const signed = author.entries.alice[0]!
    await author.write('alice', 1)
    const { headerBytes, body } = decodeEntry(signed)
    const sealed = encodeEntry(headerBytes, body!, undefined)
    Y.applyUpdate(reader.doc, project(hash, conversation, [{ device: alice, seq: 0, entries: [sealed] }]), 'provider')
    reader.wire.add([{ device: alice, seq: 0, entries: [signed] }])
    expect(reader.poisonings).toEqual([])
    expect(reader.wire.inspect().unverified).toBe(0)
  })

  test('E1 a forged entry, and the real one is written before it was judged', async () => {
    const victim = await peerOf(40)
    const forged = hostile(victim, (doc) => doc.getArray(root(0)).push([victim.entries.alice[3]]), client(0))
    const written = victim.write('alice', 1)
    Y.applyUpdate(victim.doc, forged, 'provider')
    await written
    await victim.rest()
    expect(victim.poisonings).toHaveLength(1)
    expect(victim.entries.alice).toHaveLength(41)
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
  })

  test('E10 mutated updates: the log stays, and the document comes back', async () => {
    const random = seededRandom(7)
    const victim = await peerOf(20, 5)
    const donor = await peerOf(20, 5)
    await donor.write('alice', 10)
    await donor.write('bob', 3)
    const [before, good] = [structuredClone(victim.entries), donor.projection()]
    for (let round = 0; round < 300; round++) {
      const bytes = good.slice()
      for (const [at, value] of [random.bytes(8), random.bytes(8)].map((b) => [((b[0]! << 8) | b[1]!) % bytes.length, b[2]!] as const))
        bytes[at] = value
      try {
        Y.applyUpdate(victim.doc, bytes, 'provider')
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
      }
      await victim.rest()
      expect(victim.entries.alice.slice(0, 20)).toEqual(before.alice)
      expect(victim.entries.bob.slice(0, 5)).toEqual(before.bob)
    }
    expect(victim.poisonings.length).toBeGreaterThan(20)
    // What is unsigned, and has the right shape, holds its place for a while.
    await victim.clock.advance(60_000)
    await victim.rest()
    exchange(victim, donor)
    await victim.rest()
    expect(victim.entries).toEqual(donor.entries)
    expect(Y.encodeStateAsUpdate(victim.doc)).toEqual(victim.projection())
  })

  test('pauses grow while the room is hostile, and shrink after it was clean', async () => {
    const victim = await peerOf(10)
    const pauses: number[] = []
    victim.wire.events.on('poisoned', (_reason, pauseMs) => pauses.push(pauseMs))
    const attack = async (): Promise<void> => {
      Y.applyUpdate(victim.doc, Uint8Array.of(0, 1, 1, 1, 0, 5), 'provider')
      await victim.rest()
    }
    for (let i = 0; i < 10; i++) await attack()
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000])
    await victim.clock.advance(600_000)
    await attack()
    expect(pauses.at(-1)).toBe(1_000)
    expect(victim.wire.inspect().reasons).toEqual({ deletions: 11 })
    victim.wire.close()
    expect(victim.wire.doc).toBeUndefined()
    expect(victim.clock.pending).toBe(0)
  })
})
