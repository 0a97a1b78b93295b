/** Who keeps a list by the events alone shows what the conversation shows, also when it turns out later whose words count. */
import type { MessageId } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
let alice: Parley
let bob: Parley
let carol: Parley
let dave: Parley
let hers: Conversation
let his: Conversation
let carols: Conversation
let daves: Conversation

beforeEach(async () => {
  world = createWorld()
  ;[alice, bob, carol, dave] = (await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => world.peer(name)))) as [
    Parley,
    Parley,
    Parley,
    Parley,
  ]
  ;[hers, his, carols, daves] = (await createSharedGroup(alice, bob, carol, dave)) as [
    Conversation,
    Conversation,
    Conversation,
    Conversation,
  ]
})
afterEach(() => world.close())

/** What an application has that listens and never reads. */
function listOf(conversation: Conversation): ReadonlyMap<MessageId, string> {
  const list = new Map<MessageId, string>()
  conversation.on('message', ({ id, text }) => void list.set(id, text))
  conversation.on('messageUpdated', ({ id, text }) => void (list.has(id) && list.set(id, text)))
  conversation.on('messageDeleted', (id) => void list.delete(id))
  return list
}

const texts = (list: ReadonlyMap<MessageId, string>): string[] => [...list.values()].sort()

test('what somebody said beside their removal, and nobody shows any more, is told of as gone, and an edit as undone', async () => {
  const list = listOf(daves)
  const early = await his.sendMessage({ text: 'early' })
  await until(() => hers.getLastMessage()?.id === early.id && list.size === 1)
  world.network.partition(['alice'], ['bob', 'carol', 'dave'])
  await his.updateMessage(early.id, { text: 'changed' })
  await his.sendMessage({ text: 'late' })
  await until(() => texts(list).join() === 'changed,late')
  await hers.removeMember(bob.me.id)
  world.network.heal()
  await until(() => !daves.getMembers().includes(bob.me.id))
  await until(() => texts(list).join() === 'early')
  expect((await daves.getMessages()).messages.map(({ text }) => text)).toEqual(['early'])
})

test('what counts again, for who put its author out was out by then, is told of as come', async () => {
  await hers.setRole(bob.me.id, 'admin')
  await until(() => [his, carols, daves].every((one) => one.members().some(({ id, role }) => id === bob.me.id && role === 'admin')))
  const list = listOf(daves)
  world.network.partition(['alice', 'carol'], ['bob', 'dave'])
  const { id } = await carols.sendMessage({ text: 'draft' })
  await carols.updateMessage(id, { text: 'from carol' })
  await his.removeMember(carol.me.id)
  await until(() => !daves.getMembers().includes(carol.me.id))
  // What carol said counts for nobody who knows of her removal alone.
  world.network.partition(['alice'], ['bob'], ['carol', 'dave'])
  await hers.removeMember(bob.me.id)
  world.network.partition(['alice', 'carol', 'dave'], ['bob'])
  await until(() => daves.getMembers().includes(carol.me.id))
  await until(() => texts(list).join() === 'from carol')
  expect((await daves.getMessages()).messages.map(({ text }) => text)).toEqual(['from carol'])
})
