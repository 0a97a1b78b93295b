/** How far messages have come with each member, after restarts too, and how to keep to oneself what one has seen. */
import { createManualClock, createMemoryDisk, createMemoryStore, type ManualClock, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createGroupOn, createWorld, heard, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let disks: { alice: MemoryDisk; bob: MemoryDisk }
let alice: Parley
let bob: Parley
let carol: Parley
let hers: Conversation
let his: Conversation
let theirs: Conversation

const open = (name: 'alice' | 'bob'): Promise<Parley> => world.peer(name, { store: createMemoryStore({ disk: disks[name] }) })

beforeEach(async () => {
  clock = createManualClock()
  world = createWorld(clock)
  disks = { alice: createMemoryDisk(), bob: createMemoryDisk() }
  alice = await open('alice')
  bob = await open('bob')
  carol = await world.peer('carol')
  ;[hers, his, theirs] = (await createGroupOn(clock, alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await passUntil(clock, () => [hers, his, theirs].every((c) => c.syncState.phase === 'live' && c.getMembers().length === 3))
})
afterEach(() => world.close())

const stateOf = async (id: Message['id']): Promise<string | undefined> => (await hers.getMessage(id))?.state

test('each member is told of, and the further state wins', async () => {
  const { id } = await hers.sendMessage({ text: 'hello' })
  await passUntil(clock, async () => (await hers.receipts(id)).length === 2)
  expect(await hers.receipts(id)).toEqual([
    { user: bob.me.id, state: 'delivered' },
    { user: carol.me.id, state: 'delivered' },
  ])
  await theirs.seen()
  await passUntil(clock, async () => (await stateOf(id)) === 'seen')
  expect(await hers.receipts(id)).toEqual([
    { user: bob.me.id, state: 'delivered' },
    { user: carol.me.id, state: 'seen' },
  ])
  world.network.partition(['alice'], ['bob', 'carol'])
  const later = await hers.sendMessage({ text: 'anybody?' })
  expect(await hers.receipts(later.id)).toEqual([])
  await expect(hers.receipts('x' as Message['id'])).rejects.toMatchObject({ code: 'InvalidArgument' })
})

test('states are the same after a restart, and what was sent offline leaves by itself later', async () => {
  const delivered = await hers.sendMessage({ text: 'delivered' })
  await passUntil(clock, async () => (await hers.receipts(delivered.id)).length === 2)
  world.network.partition(['alice'], ['bob', 'carol'])
  await clock.advance(5_000)
  const stored = await hers.sendMessage({ text: 'stored' })
  expect([await stateOf(delivered.id), await stateOf(stored.id)]).toEqual(['delivered', 'stored'])
  await clock.advance(3_000)
  await alice.close()
  alice = await open('alice')
  hers = alice.conversations[0]!
  expect([await stateOf(delivered.id), await stateOf(stored.id)]).toEqual(['delivered', 'stored'])
  expect(await hers.receipts(delivered.id)).toHaveLength(2)
  const states = heard(hers, 'messageState')
  world.network.heal()
  await passUntil(clock, () => his.getLastMessage()?.id === stored.id && theirs.getLastMessage()?.id === stored.id)
  await passUntil(clock, async () => (await stateOf(stored.id)) === 'delivered')
  expect(states.at(-1)).toEqual([stored.id, 'delivered'])
})

test('without sendSeen nobody hears what was seen, nor of typing; unread follows all the same, also after a restart', async () => {
  await bob.setPreferences({ sendSeen: false })
  const { id } = await hers.sendMessage({ text: 'hello' })
  await passUntil(clock, () => his.unread === 1 && theirs.unread === 1)
  const typing = heard(hers, 'typing')
  const seen = heard(his, 'seen')
  await his.seen()
  his.startTyping()
  expect(his.unread).toBe(0)
  expect(seen.map(([messageId, user]) => [messageId, user.id])).toEqual([[id, bob.me.id]])
  await bob.close()
  bob = await open('bob')
  his = bob.conversations[0]!
  expect(his.unread).toBe(0)
  his.startTyping()
  // Carol's comes after whatever bob's would have been.
  await passUntil(clock, () => his.syncState.phase === 'live')
  await theirs.seen()
  await passUntil(clock, async () => (await stateOf(id)) === 'seen')
  await clock.advance(1_000)
  expect((await hers.getMessage(id))!.seenBy).toEqual([carol.me.id])
  expect(typing).toEqual([])
  await bob.setPreferences({ sendSeen: true })
  his.startTyping()
  await passUntil(clock, () => typing.length === 1)
  const next = await hers.sendMessage({ text: 'again' })
  await passUntil(clock, () => his.unread === 1)
  await his.seen()
  await passUntil(clock, async () => (await hers.getMessage(next.id))!.seenBy.includes(bob.me.id))
})
