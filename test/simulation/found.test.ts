/** What the simulator has found, each cut down to the few steps that it takes. */
import { createEngine, type Conversation, type Parley, type Store } from '@parley/core'
import { nodeProvider } from '@parley/crypto/node'
import { createManualClock, createMemoryNetwork, createMemoryStore, seededRandom, silentLogger, simulationCrypto } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Long enough to meet, compare heads and pass everything on; longer than the pause between two checkpoints. */
const SOME_MS = 5_000

/** More messages than one node of the index holds, and fewer than bring about a checkpoint at once. */
const MANY = 230
/** So many of them, and so long, push everything before out of the messages kept in memory. */
const LONG_MESSAGES = 30
const LONG_TEXT = 'x'.repeat(39_000)
/** Table of the overlays in the core's keyspace. */
const OVERLAY_TABLE = 0x21

const crypto = simulationCrypto(nodeProvider())
let clock = createManualClock()
let network = createMemoryNetwork({ clock })
let open: Parley[] = []
let seed = 0

beforeEach(() => {
  clock = createManualClock()
  network = createMemoryNetwork({ clock })
  open = []
  seed = 1
})

afterEach(async () => {
  // One that a test crashed or broke cannot close any more.
  await Promise.allSettled(open.map((peer) => peer.close()))
})

test('a position that a user has seen survives a power cut', async () => {
  const store = createMemoryStore()
  const alice = await start('alice', store)
  const group = await alice.createGroup()
  const bob = await start('bob')
  const his = await join(bob, group)
  await his.sendMessage({ text: 'hello' })
  await clock.advance(SOME_MS)
  // What came before this one is on the disk for good; the position is what the power cut is about.
  await group.sendMessage({ text: 'hello bob' })
  expect(group.unread).toBe(1)
  network.partition(['alice'], ['bob'])
  await group.seen()
  const after = store.crash('system')
  const again = await start('alice again', after)
  expect(again.conversation(group.getId())?.unread).toBe(0)
})

test('what a newcomer has seen is not lost on those who hear of the newcomer later', async () => {
  const alice = await start('alice')
  const group = await alice.createGroup()
  const bobs = createMemoryStore()
  const bob = await start('bob', bobs)
  await join(bob, group)
  const { id } = await group.sendMessage({ text: 'hello' })
  await clock.advance(SOME_MS)
  network.partition(['bob'])
  const carol = await start('carol')
  const hers = await join(carol, group)
  await clock.advance(SOME_MS)
  await hers.seen()
  await clock.advance(SOME_MS)
  // Bob gets the slot as soon as he meets alice, before he knows that carol is a member.
  network.heal()
  await clock.advance(SOME_MS)
  const his = bob.conversation(group.getId())
  expect(his?.getMembers()).toContain(carol.me.id)
  expect((await his?.getMessage(id))?.seenBy).toContain(carol.me.id)
})

test('an index that could not be written on a full disk is whole after the next start', async () => {
  const store = createMemoryStore()
  const alice = await start('alice', store)
  const group = await alice.createGroup()
  await Promise.all(Array.from({ length: MANY }, (_, i) => group.sendMessage({ text: `message ${i}` })))
  const errors: Error[] = []
  alice.on('error', (error) => errors.push(error))
  // The checkpoint, and the small row that is written beside it.
  store.failNextWrites(2)
  await clock.advance(SOME_MS)
  expect(errors.map((error) => error.message)).toHaveLength(1)
  await group.sendMessage({ text: 'one more' })
  await clock.advance(SOME_MS)
  const again = await start('alice again', store.crash())
  expect((await again.conversation(group.getId())?.getMessages())?.totalMessages).toBe(MANY + 1)
})

test('a message that is read while the folds are written down does not lose its edit', async () => {
  const gate = gated(createMemoryStore())
  const alice = await start('alice', gate.store)
  const group = await alice.createGroup()
  await group.sendMessage({ text: 'one' })
  const { id } = await group.sendMessage({ text: 'two' })
  await clock.advance(SOME_MS)
  await group.updateMessage(id, { text: 'two, edited' })
  for (let i = 0; i < LONG_MESSAGES; i++) await group.sendMessage({ text: LONG_TEXT })
  gate.hold()
  const reading = group.getMessages(2)
  await clock.advance(SOME_MS)
  gate.release()
  expect((await reading).messages.slice(0, 2).map((message) => message.text)).toEqual(['one', 'two, edited'])
})

test('the view document follows after the clock was set back', async () => {
  let skewMs = 0
  const alice = await start('alice', createMemoryStore(), () => skewMs)
  const group = await alice.createGroup()
  await group.sendMessage({ text: 'before' })
  await clock.advance(SOME_MS)
  skewMs = -3_600_000
  await group.sendMessage({ text: 'after' })
  await clock.advance(SOME_MS)
  expect(group.doc.getArray<{ text: string }>('messages').map(({ text }) => text)).toEqual(['before', 'after'])
})

test('a profile that closes on a full disk is closed', async () => {
  const store = createMemoryStore()
  const alice = await start('alice', store)
  const group = await alice.createGroup()
  await group.sendMessage({ text: 'hello' })
  store.failNextWrites(1)
  await expect(alice.close()).rejects.toMatchObject({ code: 'StorageFull' })
  await expect(store.get(Uint8Array.of(1))).rejects.toMatchObject({ code: 'Closed' })
  expect(network.channels()).toEqual([])
})

async function start(name: string, store: Store = createMemoryStore(), skew: () => number = () => 0): Promise<Parley> {
  const peer = await createEngine({
    store,
    transports: [network.transport(name)],
    crypto,
    clock: { now: () => clock.now() + skew(), setTimeout: (callback, ms) => clock.setTimeout(callback, ms) },
    random: seededRandom(seed++),
    logger: silentLogger(),
    name,
  })
  open.push(peer)
  return peer
}

async function join(peer: Parley, group: Conversation): Promise<Conversation> {
  const conversation = await peer.join(await group.invite())
  await clock.advanceUntil(() => conversation.state === 'member')
  await clock.advance(SOME_MS)
  return conversation
}

/** A store that answers reads of overlays with what it found when asked, but only once it is released. */
function gated(inner: Store): { store: Store; hold(): void; release(): void } {
  let gate: PromiseWithResolvers<void> | undefined
  const store: Store = {
    get: (key) => inner.get(key),
    async getMany(keys) {
      const rows = await inner.getMany(keys)
      if (keys[0]?.[0] === OVERLAY_TABLE) await gate?.promise
      return rows
    },
    range: (query) => inner.range(query),
    write: (operations, options) => inner.write(operations, options),
    estimate: () => inner.estimate(),
    close: () => inner.close(),
  }
  return { store, hold: () => void (gate = Promise.withResolvers()), release: () => gate?.resolve() }
}
