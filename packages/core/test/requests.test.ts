/** What strangers ask: heard, accepted, declined, blocked, and bounded. */
import { conversationIdBytes, userIdBytes } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { conversationKey, knockKey, knockRange } from '../src/replica/keyspace.ts'
import { encodeRecord } from '../src/replica/record.ts'
import { createSharedGroup, createWorld, heard, textsOf, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** A stranger who holds `asked`'s card begins a conversation. */
async function ask(stranger: Parley, asked: Parley): Promise<Conversation> {
  await stranger.addContact(await asked.contactCard())
  return stranger.createConversation({ with: asked.me.id })
}

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60))

test('a stranger asks: the request has their name and none of their messages, until it is accepted', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const asked: Conversation[] = []
  bob.on('request', (conversation) => void asked.push(conversation))
  const hers = await ask(alice, bob)
  await hers.sendMessage({ text: 'do you remember me?' })
  await until(() => asked.length === 1)
  const his = asked[0]!
  expect([his.state, his.kind, his.getTitle()]).toEqual(['request', 'direct', 'alice'])
  expect([bob.requests, bob.conversations, bob.contacts]).toEqual([[his], [], []])
  await quiet()
  expect((await his.getMessages()).totalMessages).toBe(0)
  await expect(his.sendMessage({ text: 'x' })).rejects.toMatchObject({ code: 'NotAMember' })
  await his.accept()
  expect([his.state, bob.requests, bob.conversations]).toEqual(['member', [], [his]])
  expect(bob.contacts).toMatchObject([{ id: alice.me.id, name: 'alice' }])
  await until(async () => (await textsOf(his)).join() === 'do you remember me?')
  await his.sendMessage({ text: 'I do' })
  await until(async () => (await textsOf(hers)).length === 2)
  await expect(his.accept()).rejects.toMatchObject({ code: 'NotAllowed' })
  await expect(his.decline()).rejects.toMatchObject({ code: 'NotAllowed' })
})

test('declined: forgotten, not asked again by the same person, also after a restart; until they are added', async () => {
  const [aliceDisk, bobDisk] = [createMemoryDisk(), createMemoryDisk()]
  const stores = { alice: { store: createMemoryStore({ disk: aliceDisk }) }, bob: { store: createMemoryStore({ disk: bobDisk }) } }
  const [alice, first] = [await world.peer('alice', stores.alice), await world.peer('bob', stores.bob)]
  const id = (await ask(alice, first)).getId()
  await until(() => first.requests.length === 1)
  await first.requests[0]!.decline()
  expect([first.requests, first.conversation(id)]).toEqual([[], undefined])
  await first.close()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk: bobDisk }) })
  await until(() => bob.inspect().rejected['NotAMember'] === 1)
  expect(bob.requests).toEqual([])
  await bob.addContact(await alice.contactCard())
  const his = await bob.createConversation({ with: alice.me.id })
  expect(his.getId()).toBe(id)
  await his.sendMessage({ text: 'I was wrong' })
  await until(async () => (await textsOf(alice.conversation(id)!)).join() === 'I was wrong')
})

test('an open request outlives a restart, and whoever is added with an open request is accepted', async () => {
  const disk = createMemoryDisk()
  const [alice, first] = [await world.peer('alice'), await world.peer('bob', { store: createMemoryStore({ disk }) })]
  const hers = await ask(alice, first)
  await until(() => first.requests.length === 1)
  await first.close()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk }) })
  expect(bob.requests.map((request) => request.getTitle())).toEqual(['alice'])
  await bob.addContact(await alice.contactCard())
  expect(bob.requests).toEqual([])
  await bob.conversation(hers.getId())!.sendMessage({ text: 'welcome' })
  await until(async () => (await textsOf(hers)).join() === 'welcome')
})

test('a request whose taking in was cut short is told anew; whom nobody need tell is forgotten', async () => {
  const disk = createMemoryDisk()
  const [alice, first] = [await world.peer('alice'), await world.peer('bob', { store: createMemoryStore({ disk }) })]
  await alice.addContact(await first.contactCard())
  await first.close()
  const hers = await alice.createConversation({ with: first.me.id })
  // What is on the disk when the process ends between the two batches of taking a request in; and a knock without its conversation.
  const store = createMemoryStore({ disk })
  const id = conversationIdBytes(hers.getId())
  const record = { state: 'request', seed: undefined, hints: [], refusal: undefined, since: 1, peer: alice.me.id } as const
  await store.write([
    { type: 'put', key: conversationKey(id), value: encodeRecord(record) },
    {
      type: 'put',
      key: knockKey(
        id.map((byte) => byte ^ 1),
        userIdBytes(alice.me.id),
      ),
      value: new Uint8Array(0),
    },
  ])
  await store.close()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk }) })
  await until(() => bob.requests.length === 1)
  expect(bob.requests[0]!.getTitle()).toBe('alice')
  await bob.close()
  const rows = createMemoryStore({ disk })
  expect(await rows.range(knockRange())).toEqual([])
  await rows.close()
})

test('a group by a stranger is a request, by its title; accepting it takes part', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await alice.addContact(await bob.contactCard())
  const hers = await alice.createGroup({ title: 'Picnic', members: [bob.me.id] })
  await hers.sendMessage({ text: 'bring cake' })
  await until(() => bob.requests.length === 1)
  const his = bob.requests[0]!
  expect([his.kind, his.getTitle(), (await his.getMessages()).totalMessages]).toEqual(['group', 'Picnic', 0])
  await his.accept()
  await until(async () => (await textsOf(his)).join() === 'bring cake')
  expect(bob.contacts.map(({ id }) => id)).toEqual([alice.me.id])
})

test('a card that was replaced is of no use', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const old = await bob.contactCard()
  await bob.renewContactCard()
  await alice.addContact(old)
  await alice.createConversation({ with: bob.me.id })
  // They meet all the same, for another reason.
  await createSharedGroup(alice, bob)
  await quiet()
  expect(bob.requests).toEqual([])
  await alice.addContact(await bob.contactCard())
  await until(() => bob.requests.length === 1)
})

test('blocked: no request, no message event, nothing typed, and their messages are marked; unblocked, all is as before', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await bob.block(alice.me.id)
  await bob.block(carol.me.id)
  expect([bob.isBlocked(alice.me.id), bob.isBlocked(bob.me.id)]).toEqual([true, false])
  await expect(bob.block(bob.me.id)).rejects.toMatchObject({ code: 'InvalidArgument' })
  const [messages, typing] = [heard(his, 'message'), heard(his, 'typing')]
  hers.startTyping()
  await hers.sendMessage({ text: 'can you hear me?' })
  await until(async () => (await his.getMessages()).totalMessages === 1)
  await ask(carol, bob)
  await until(() => bob.inspect().rejected['NotAMember'] === 1)
  expect([messages, typing, bob.requests, his.unread]).toEqual([[], [], [], 0])
  expect((await his.getMessages()).messages).toMatchObject([{ text: 'can you hear me?', isBlocked: true }])
  await bob.unblock(alice.me.id)
  expect((await his.getMessages()).messages).toMatchObject([{ isBlocked: false }])
  await hers.sendMessage({ text: 'and now?' })
  await until(() => messages.length === 1)
})

test('who is blocked while they ask is forgotten', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await ask(alice, bob)
  await until(() => bob.requests.length === 1)
  await bob.block(alice.me.id)
  expect([bob.requests, bob.contacts]).toEqual([[], []])
})
