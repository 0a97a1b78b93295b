/** Peers that hold the same entries show the same, whatever road the entries took. */
import { createManualClock, createMemoryDisk, createMemoryNetwork, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation } from '../src/index.ts'
import { allTexts, createGroupOn, createSharedGroup, createWorld, heard, passUntil, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const ids = async (conversation: Conversation): Promise<string[]> => {
  const { totalPages } = await conversation.getMessages()
  const found: string[] = []
  for (let page = totalPages; page >= 1; page--) found.push(...(await conversation.getMessages(page)).messages.map((m) => m.id))
  return found
}

const total = async (conversation: Conversation): Promise<number> => (await conversation.getMessages()).totalMessages

/** Every conversation shows the same messages, in the same order, and nothing was refused on the way. */
async function expectSame(...conversations: Conversation[]): Promise<void> {
  const [first, ...others] = await Promise.all(conversations.map(ids))
  for (const other of others) expect(other).toEqual(first)
  for (const peer of world.peers) expect(peer.inspect().rejected).toEqual({})
}

const send = (conversation: Conversation, count: number, name: string): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, i) => conversation.sendMessage({ text: `${name} ${i}` })))

test('what both sides wrote offline merges in the same order', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await until(() => hers.members().every((m) => m.name !== ''))
  world.network.partition(['alice'], ['bob'])
  for (let i = 0; i < 20; i++) {
    await hers.sendMessage({ text: `alice ${i}` })
    await his.sendMessage({ text: `bob ${i}` })
  }
  const edited = (await hers.getMessages()).messages[3]!
  await hers.updateMessage(edited.id, { text: 'alice edited' })
  await his.deleteMessage((await his.getMessages()).messages[5]!.id)
  world.network.heal()
  await until(async () => (await total(hers)) === 39 && (await total(his)) === 39)
  await until(async () => (await his.getMessage(edited.id))?.text === 'alice edited')
  await expectSame(hers, his)
  expect((await allTexts(hers)).sort()).toEqual((await allTexts(his)).sort())
})

test('three peers in a line forward everything: a and c are never linked', async () => {
  const [left, right] = [createMemoryNetwork(), createMemoryNetwork({ name: 'right' })]
  const alice = await world.peer('alice', { transports: [left.transport('alice')] })
  const bob = await world.peer('bob', { transports: [left.transport('bob'), right.transport('bob')] })
  const carol = await world.peer('carol', { transports: [right.transport('carol')] })
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  const heardByCarol = heard(theirs, 'message')
  await send(hers, 5, 'alice')
  await send(his, 5, 'bob')
  await send(theirs, 5, 'carol')
  await until(async () => (await total(hers)) === 15 && (await total(theirs)) === 15 && (await total(his)) === 15)
  await expectSame(hers, his, theirs)
  expect(heardByCarol.length).toBe(10)
  // Presence, typing and seen travel the same way.
  const [typing, seen] = [heard(theirs, 'typing'), heard(hers, 'seen')]
  hers.startTyping()
  await until(() => typing.some(([user]) => user.id === alice.me.id))
  await theirs.seen()
  await until(() => seen.some(([, user]) => user.id === carol.me.id))
  expect(theirs.members().every((m) => m.status === 'ONLINE')).toBe(true)
  expect(alice.inspect().links.map((l) => l.user)).toEqual([bob.me.id])
})

test('one who joins 3,000 messages of several authors gets all, in order, with equal totals', { timeout: 60_000 }, async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await Promise.all([send(hers, 1_400, 'alice'), send(his, 1_000, 'bob'), send(theirs, 600, 'carol')])
  await until(async () => (await total(hers)) === 3_000 && (await total(his)) === 3_000 && (await total(theirs)) === 3_000)
  const dave = await world.peer('dave')
  const joined = await dave.join(await hers.invite())
  await joined.admitted()
  await until(async () => (await total(joined)) === 3_000)
  await until(() => joined.syncState.phase === 'live')
  await expectSame(hers, his, theirs, joined)
  expect((await joined.getMessages(120)).messages.length).toBe(25)
})

test('live messages that overtake the history of a joiner arrive with it, not at the next comparison', { timeout: 60_000 }, async () => {
  const clock = createManualClock()
  const still = createWorld(clock)
  const [alice, bob] = [await still.peer('alice'), await still.peer('bob')]
  const [hers] = (await createGroupOn(clock, alice)) as [Conversation]
  await send(hers, 2_600, 'alice')
  const his = await bob.join(await hers.invite())
  await passUntil(clock, () => his.state === 'member')
  const start = clock.now()
  for (let i = 0; i < 40; i++) {
    await hers.sendMessage({ text: `live ${i}` })
    await clock.advance(1)
  }
  await passUntil(clock, async () => (await total(his)) === 2_640)
  expect(clock.now() - start).toBeLessThan(25_000)
  expect(alice.inspect().rejected).toEqual({})
  expect(bob.inspect().rejected).toEqual({})
  await still.close()
})

test('a peer that gets the history elsewhere, between telling what it has and hearing what there is, still hears what comes next at once', async () => {
  const clock = createManualClock()
  const LATENCY_MS = 200
  const [slow, fast] = [createMemoryNetwork({ clock, latencyMs: LATENCY_MS }), createMemoryNetwork({ clock, name: 'fast' })]
  const still = createWorld(clock)
  const alice = await still.peer('alice', { transports: [slow.transport('alice'), fast.transport('alice')] })
  const bob = await still.peer('bob', { transports: [slow.transport('bob'), fast.transport('bob')] })
  const carol = await still.peer('carol', { transports: [fast.transport('carol')] })
  const [hers, his, theirs] = (await createGroupOn(clock, alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await passUntil(clock, () => [hers, his, theirs].every((c) => c.syncState.phase === 'live' && c.members().every((m) => m.name !== '')))
  slow.partition(['alice'], ['bob'])
  fast.partition(['alice', 'carol'], ['bob'])
  await send(hers, 5, 'alice')
  await passUntil(clock, async () => (await total(theirs)) === 5)
  slow.heal()
  await passUntil(clock, () => hers.syncState.peers === 2 && his.syncState.peers === 1)
  // Both heads are on their way now; those of alice have not arrived when carol brings what they speak of.
  await clock.advance(LATENCY_MS + LATENCY_MS / 4)
  expect(await total(his)).toBe(0)
  fast.partition(['alice'], ['bob', 'carol'])
  await passUntil(clock, async () => (await total(his)) === 5)
  await clock.advance(3 * LATENCY_MS)
  fast.partition(['alice'], ['bob'], ['carol'])
  await clock.advance(3 * LATENCY_MS)
  await hers.sendMessage({ text: 'next' })
  const start = clock.now()
  await passUntil(clock, async () => (await total(his)) === 6 || clock.now() - start > 5_000)
  expect(await total(his)).toBe(6)
  await still.close()
})

test.each(['process', 'system'] as const)(
  'a restart after a crash of the %s keeps what was acknowledged and continues the chain',
  async (kind) => {
    const [hisStore, herStore] = [createMemoryStore(), createMemoryStore()]
    const alice = await world.peer('alice', { store: herStore })
    const transport = world.network.transport('bob')
    const bob = await world.peer('bob', { store: hisStore, transports: [transport] })
    const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
    await until(() => hers.members().every((m) => m.name !== ''))
    await send(his, 300, 'before')
    await until(async () => (await total(hers)) === 300)
    world.network.partition(['alice'], ['bob'])
    await send(his, 10, 'offline')
    const kept = await ids(his)
    await transport.stop()
    const store = hisStore.crash(kind)
    world.peers.splice(world.peers.indexOf(bob), 1)
    const again = await world.peer('bob', { store })
    expect([again.me.id, again.me.deviceId]).toEqual([bob.me.id, bob.me.deviceId])
    const his2 = again.conversation(his.getId())!
    expect(his2.getTitle()).toBe('Picnic')
    expect(await ids(his2)).toEqual(kept)
    await his2.sendMessage({ text: 'after' })
    world.network.heal()
    await until(async () => (await total(hers)) === 311)
    await hers.sendMessage({ text: 'welcome back' })
    await until(async () => (await total(his2)) === 312)
    await expectSame(hers, his2)
  },
)

test('closing and opening again keeps messages, metadata, members, edits and how far one has seen', async () => {
  const disk = createMemoryDisk()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk }) })
  const alice = await world.peer('alice')
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const sent = await hers.sendMessage({ text: 'one' })
  await hers.sendMessage({ text: 'two' })
  await hers.setMetadata({ place: 'park' })
  await until(async () => (await total(his)) === 2 && his.getMetadata()['place'] === 'park' && his.members()[0]!.name === 'alice')
  await his.seen(sent.id)
  const before = { messages: await ids(his), members: his.getMembers(), metadata: his.getMetadata(), unread: his.unread }
  await bob.close()
  world.peers.splice(world.peers.indexOf(bob), 1)
  const again = await world.peer('bob', { store: createMemoryStore({ disk }) })
  const his2 = again.conversations[0]!
  expect({ messages: await ids(his2), members: his2.getMembers(), metadata: his2.getMetadata(), unread: his2.unread }).toEqual(before)
  expect(his2.unread).toBe(1)
  expect(his2.getLastMessage()!.text).toBe('two')
})

describe('links', () => {
  test('two links to one device: one is used, the other takes over, nothing comes twice', async () => {
    const [one, two] = [createMemoryNetwork(), createMemoryNetwork({ name: 'second' })]
    const alice = await world.peer('alice', { transports: [one.transport('alice'), two.transport('alice')] })
    const bob = await world.peer('bob', { transports: [one.transport('bob'), two.transport('bob')] })
    const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
    await until(() => alice.inspect().links.filter((l) => l.user === bob.me.id).length === 2)
    expect(hers.syncState.peers).toBe(1)
    const got = heard(his, 'message')
    await send(hers, 20, 'both')
    await until(() => got.length === 20)
    for (const network of [one, two]) {
      const before = got.length
      network.partition(['alice'], ['bob'])
      await send(hers, 5, 'one link')
      await until(() => got.length === before + 5)
      network.heal()
      await until(() => bob.inspect().links.filter((l) => l.user === alice.me.id).length === 2)
    }
    await until(() => hers.syncState.phase === 'live')
    await expectSame(hers, his)
    expect(got.length).toBe(30)
  })

  test('the link is lost again and again in the middle of a range, and everything arrives', { timeout: 60_000 }, async () => {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
    await send(hers, 1, 'alice')
    await until(async () => (await total(his)) === 1)
    world.network.partition(['alice'], ['bob'])
    await send(hers, 2_999, 'alice')
    world.network.heal()
    let cuts = 0
    for (let before = 1; (await total(his)) < 3_000; before = await total(his)) {
      await until(async () => (await total(his)) > before)
      world.network.disconnect('alice', 'bob')
      cuts++
    }
    expect(cuts).toBeGreaterThan(1)
    await expectSame(hers, his)
  })

  test('syncState tells offline work: phases, peers, done and total', async () => {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
    await until(() => his.syncState.phase === 'live')
    const states = heard(his, 'syncState')
    world.network.partition(['alice'], ['bob'])
    await until(() => his.syncState.phase === 'connecting')
    expect(his.syncState.peers).toBe(0)
    await send(hers, 500, 'alice')
    world.network.heal()
    await until(async () => (await total(his)) === 500 && his.syncState.phase === 'live')
    const totals = states.filter(([s]) => s.phase === 'syncing').map(([s]) => s.total)
    expect(Math.max(...totals)).toBe(500)
    expect(states.every(([s]) => s.done <= s.total && s.done >= 0)).toBe(true)
  })
})
