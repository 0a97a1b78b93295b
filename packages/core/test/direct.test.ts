/** Contacts and direct conversations: from a card to a chat, whoever begins it and whoever is offline. */
import { createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { createWorld, heard, textsOf, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** Both know each other by their cards. */
async function friends(a: Parley, b: Parley): Promise<void> {
  await a.addContact(await b.contactCard())
  await b.addContact(await a.contactCard())
}

/** The direct conversation of these two, at both ends, once both take part. */
async function directOf(a: Parley, b: Parley): Promise<[Conversation, Conversation]> {
  const hers = await a.createConversation({ with: b.me.id })
  await until(() => b.conversation(hers.getId())?.state === 'member')
  const his = b.conversation(hers.getId())!
  await until(() => hers.syncState.phase === 'live' && his.syncState.phase === 'live')
  await until(() => hers.members().every(({ devices }) => devices.length === 1))
  return [hers, his]
}

test('two contacts: one begins, both write, and each sees the other by name', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await friends(alice, bob)
  expect(alice.contacts).toMatchObject([{ id: bob.me.id, name: 'bob', isBlocked: false }])
  const [hers, his] = await directOf(alice, bob)
  expect([hers.kind, hers.getTitle(), his.getTitle()]).toEqual(['direct', 'bob', 'alice'])
  await hers.sendMessage({ text: 'hello' })
  await his.sendMessage({ text: 'hi' })
  for (const conversation of [hers, his]) await until(async () => (await textsOf(conversation)).length === 2)
  expect(await textsOf(hers)).toEqual(await textsOf(his))
  expect([...hers.getMembers()].sort()).toEqual([alice.me.id, bob.me.id].sort())
  expect(await bob.createConversation({ with: alice.me.id })).toBe(his)
  expect(bob.requests).toEqual([])
  await bob.setProfile({ name: 'Robert' })
  await until(() => hers.getTitle() === 'Robert')
  expect(alice.contacts[0]!.name).toBe('Robert')
})

test('group calls are refused with NotAGroup', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  await friends(alice, bob)
  await friends(alice, carol)
  const [hers] = await directOf(alice, bob)
  const calls = [
    () => hers.invite(),
    () => hers.setTitle('x'),
    () => hers.addMember(carol.me.id),
    () => hers.removeMember(bob.me.id),
    () => hers.setRole(bob.me.id, 'reader'),
    () => hers.setHistory('joined'),
    () => hers.leave(),
  ]
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'NotAGroup' })
})

test('messages written before the other has ever heard of it arrive', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await friends(alice, bob)
  world.network.partition(['alice'], ['bob'])
  const hers = await alice.createConversation({ with: bob.me.id })
  await hers.sendMessage({ text: 'are you there?' })
  expect(bob.conversations).toEqual([])
  world.network.heal()
  await until(() => bob.conversation(hers.getId())?.state === 'member')
  const his = bob.conversation(hers.getId())!
  await until(async () => (await textsOf(his)).join() === 'are you there?')
  await his.sendMessage({ text: 'yes' })
  await until(async () => (await textsOf(hers)).length === 2)
})

test('both begin while offline: one conversation, and everything that both wrote', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await friends(alice, bob)
  world.network.partition(['alice'], ['bob'])
  const hers = await alice.createConversation({ with: bob.me.id })
  const his = await bob.createConversation({ with: alice.me.id })
  expect(hers.getId()).toBe(his.getId())
  await hers.sendMessage({ text: 'from alice' })
  await his.sendMessage({ text: 'from bob' })
  world.network.heal()
  for (const conversation of [hers, his]) await until(async () => (await textsOf(conversation)).length === 2)
  expect(await textsOf(hers)).toEqual(await textsOf(his))
  await hers.sendMessage({ text: 'and now' })
  await until(async () => (await textsOf(his)).length === 3)
  expect([alice.conversations.length, bob.conversations.length]).toEqual([1, 1])
})

test('a restart keeps contacts, the conversation, and whom is still to be told', async () => {
  const disk = createMemoryDisk()
  const first = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const bob = await world.peer('bob')
  await friends(first, bob)
  world.network.partition(['alice'], ['bob'])
  const id = (await first.createConversation({ with: bob.me.id })).getId()
  await first.close()
  const alice = await world.peer('alice', { store: createMemoryStore({ disk }) })
  expect(alice.contacts).toMatchObject([{ id: bob.me.id, name: 'bob' }])
  const hers = alice.conversation(id)!
  expect([hers.kind, hers.state, hers.getTitle()]).toEqual(['direct', 'member', 'bob'])
  await hers.sendMessage({ text: 'after the restart' })
  world.network.heal()
  await until(() => bob.conversation(id)?.state === 'member')
  await until(async () => (await textsOf(bob.conversation(id)!)).length === 1)
})

test('somebody of whom there is no card, and oneself, are refused', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await expect(alice.createConversation({ with: bob.me.id })).rejects.toMatchObject({ code: 'ContactUnknown' })
  await expect(alice.createConversation({ with: alice.me.id })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(alice.createGroup({ members: [bob.me.id] })).rejects.toMatchObject({ code: 'ContactUnknown' })
  expect(alice.conversations).toEqual([])
  for (const card of ['', 'x', 'parley-card:', 'parley-card:AAAA'])
    await expect(alice.addContact(card)).rejects.toMatchObject({ code: 'CardInvalid' })
  await expect(alice.addContact(await alice.contactCard())).rejects.toMatchObject({ code: 'CardInvalid' })
})

test('a group with contacts: they are in, hear of it when they come online, and read what was said before', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await friends(alice, bob)
  world.network.partition(['alice'], ['bob'])
  const hers = await alice.createGroup({ title: 'Picnic', members: [bob.me.id] })
  await hers.sendMessage({ text: 'bring cake' })
  world.network.heal()
  await until(() => bob.conversation(hers.getId())?.state === 'member')
  const his = bob.conversation(hers.getId())!
  expect([his.kind, his.getTitle()]).toEqual(['group', 'Picnic'])
  await until(async () => (await textsOf(his)).join() === 'bring cake')
  await his.sendMessage({ text: 'I will' })
  await until(async () => (await textsOf(hers)).length === 2)
  expect(hers.members().map(({ name }) => name)).toEqual(['alice', 'bob'])
})

test('a contact is added to a group that is there, over the link of the conversation that they have', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  // Bob holds no card of hers: he answered her request.
  await alice.addContact(await bob.contactCard())
  const direct = await alice.createConversation({ with: bob.me.id })
  await until(() => bob.requests.length === 1)
  await bob.requests[0]!.accept()
  await until(() => direct.members().every(({ devices }) => devices.length === 1))
  const his = await bob.createGroup({ title: 'Tea' })
  await his.addMember(alice.me.id)
  await until(() => alice.conversation(his.getId())?.state === 'member')
  const hers = alice.conversation(his.getId())!
  const messages = heard(hers, 'message')
  await his.sendMessage({ text: 'four o’clock' })
  await until(() => messages.length === 1)
})

test('removed, forgotten, and added again: what they said before comes back first, so that nothing is said twice at one place', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await friends(alice, bob)
  const hers = await alice.createGroup({ title: 'Picnic', members: [bob.me.id] })
  await until(() => bob.conversation(hers.getId())?.state === 'member')
  const before = bob.conversation(hers.getId())!
  await before.sendMessage({ text: 'one' })
  await until(async () => (await textsOf(hers)).length === 1)
  await hers.removeMember(bob.me.id)
  await until(() => before.state === 'removed')
  await bob.forget(hers.getId())
  expect(bob.conversation(hers.getId())).toBeUndefined()
  await hers.addMember(bob.me.id)
  await until(() => bob.conversation(hers.getId())?.state === 'member')
  const his = bob.conversation(hers.getId())!
  await until(async () => (await textsOf(his)).join() === 'one')
  await his.sendMessage({ text: 'two' })
  await until(async () => (await textsOf(hers)).join() === 'one,two')
  expect([alice.inspect().rejected['Forked'], bob.inspect().rejected['Forked']]).toEqual([undefined, undefined])
})
