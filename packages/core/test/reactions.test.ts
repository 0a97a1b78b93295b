/** Reactions between people: who and how many, the last choice wins, and what is bounded. */
import { decodeEntry } from '@parley/protocol'
import type { ManualClock, MemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createTwo, heard, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let store: MemoryStore
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  ;({ clock, world, store, alice, bob, hers, his } = await createTwo())
})
afterEach(() => world.close())

const reactionsOf = async (conversation: Conversation, id: Message['id']): Promise<unknown> =>
  (await conversation.getMessage(id))?.reactions.map(({ emoji, users }) => [emoji, ...users])

async function shared(text: string): Promise<Message> {
  const message = await hers.sendMessage({ text })
  await passUntil(clock, () => his.getLastMessage()?.id === message.id)
  return message
}

test('say who and how many, in order of use, and can be taken back', async () => {
  const { id } = await shared('picnic?')
  const calls = heard(hers, 'reaction')
  await his.react(id, '👍')
  await his.react(id, '🎉')
  await passUntil(clock, () => calls.length === 2)
  await hers.react(id, '👍')
  await hers.react(id, '👍')
  await passUntil(clock, async () => ((await his.getMessage(id))?.reactions[0]?.users.length ?? 0) === 2)
  for (const conversation of [hers, his])
    expect(await reactionsOf(conversation, id)).toEqual([
      ['👍', bob.me.id, alice.me.id],
      ['🎉', bob.me.id],
    ])
  expect(calls).toEqual([
    [id, { emoji: '👍', user: expect.objectContaining({ id: bob.me.id, name: 'bob' }), on: true }],
    [id, { emoji: '🎉', user: expect.objectContaining({ id: bob.me.id }), on: true }],
    [id, { emoji: '👍', user: expect.objectContaining({ id: alice.me.id }), on: true }],
  ])
  await his.unreact(id, '👍')
  await his.unreact(id, '👀')
  await passUntil(clock, () => calls.length === 4)
  expect(await reactionsOf(hers, id)).toEqual([
    ['🎉', bob.me.id],
    ['👍', alice.me.id],
  ])
  expect(Object.isFrozen((await hers.getMessage(id))!.reactions)).toBe(true)
})

test('show in the view document and in the newest message', async () => {
  const { id } = await shared('picnic?')
  await his.react(id, '🎉')
  await passUntil(clock, () => hers.getLastMessage()?.reactions.length === 1)
  await passUntil(clock, () => {
    const [row] = hers.doc.getArray<Message>('messages').toArray()
    return row?.reactions[0]?.users[0] === bob.me.id
  })
})

test('are there after a restart, with and without a last checkpoint', async () => {
  const { id } = await shared('picnic?')
  await his.react(id, '👍')
  await passUntil(clock, () => hers.getLastMessage()?.reactions.length === 1)
  for (let restart = 0; restart < 2; restart++) {
    // Nobody closes what has crashed.
    world.peers.splice(world.peers.indexOf(alice), 1)
    store = store.crash()
    alice = await world.peer('alice', { store, transports: [] })
    expect(await reactionsOf(alice.conversations[0]!, id)).toEqual([['👍', bob.me.id]])
    await clock.advance(3_000)
  }
})

test('are refused beyond their bounds', async () => {
  const { id } = await shared('picnic?')
  await expect(hers.react(id, '')).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(hers.react(id, 'x'.repeat(65))).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(hers.react(id, 7 as unknown as string)).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(hers.react('nonsense' as Message['id'], '👍')).rejects.toMatchObject({ code: 'InvalidArgument' })
  for (let i = 0; i < 16; i++) await hers.react(id, `${i}`)
  await expect(hers.react(id, '16')).rejects.toMatchObject({ code: 'TooLarge' })
  await hers.unreact(id, '3')
  await hers.react(id, '16')
  expect((await hers.getMessage(id))!.reactions).toHaveLength(16)
  await hers.deleteMessage(id)
  await expect(hers.react(id, '👍')).rejects.toMatchObject({ code: 'MessageNotFound' })
  await expect(hers.unreact(id, '👍')).rejects.toMatchObject({ code: 'MessageNotFound' })
})

test('go with the message: their bodies, those of edits and of taken back ones too', async () => {
  const { id } = await shared('the secret word')
  await hers.updateMessage(id, { text: 'another secret' })
  await his.react(id, '👍')
  await his.unreact(id, '👍')
  await his.react(id, '🎉')
  await passUntil(clock, () => hers.getLastMessage()?.reactions[0]?.emoji === '🎉')
  const before = await entriesWithBody()
  await hers.deleteMessage(id)
  // Post, edit and three reactions lost their bodies; the deletion brought one.
  expect(await entriesWithBody()).toBe(before - 5 + 1)
  // Said before it heard of the deletion, and folded after it.
  await passUntil(clock, async () => (await his.getMessages()).totalMessages === 0)
})

async function entriesWithBody(): Promise<number> {
  const rows = await store.range({ gte: Uint8Array.of(0x11), lt: Uint8Array.of(0x12) })
  return rows.filter(({ value }) => decodeEntry(value).body !== undefined).length
}
