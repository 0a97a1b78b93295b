/** Pinning and hiding messages: who may, what everybody sees, and that it can be taken back. */
import type { ManualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createTwo, heard, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  ;({ clock, world, bob, hers, his } = await createTwo())
})
afterEach(() => world.close())

async function shared(text: string): Promise<Message['id']> {
  const { id } = await hers.sendMessage({ text })
  await passUntil(clock, () => his.getLastMessage()?.id === id)
  return id
}

const isPinned = async (conversation: Conversation, id: Message['id']): Promise<boolean> =>
  (await conversation.getMessage(id))?.isPinned === true

test('a pinned message is pinned for everybody until it is taken down or deleted', async () => {
  const [one, two] = [await shared('one'), await shared('two')]
  const calls = heard(his, 'pinned')
  const timeline = his.timeline()
  await timeline.ready
  timeline.subscribe(() => undefined)
  await hers.pin(two)
  await hers.pin(one)
  await hers.pin(one)
  await passUntil(clock, () => calls.length === 2)
  expect(calls).toEqual([
    [two, true],
    [one, true],
  ])
  for (const conversation of [hers, his]) expect((await conversation.pinned()).map(({ text }) => text)).toEqual(['one', 'two'])
  await passUntil(clock, () => timeline.getSnapshot().messages.every((message) => message.isPinned))
  await hers.unpin(one)
  await passUntil(clock, () => calls.length === 3)
  expect(calls[2]).toEqual([one, false])
  expect(await isPinned(his, one)).toBe(false)
  await hers.deleteMessage(two)
  await passUntil(clock, async () => (await his.pinned()).length === 0)
})

test('a hidden message stays, and says that it is hidden', async () => {
  const id = await shared('rude')
  await hers.hide(id)
  await passUntil(clock, async () => (await his.getMessage(id))?.isHidden === true)
  expect((await his.getMessages()).messages[0]).toMatchObject({ id, isHidden: true })
  await hers.unhide(id)
  await passUntil(clock, async () => (await his.getMessage(id))?.isHidden === false)
})

test('both need a moderator, and a message that is there', async () => {
  const id = await shared('one')
  for (const call of [his.pin(id), his.hide(id), his.unpin(id)]) await expect(call).rejects.toMatchObject({ code: 'NotAllowed' })
  await hers.setRole(bob.me.id, 'moderator')
  await passUntil(clock, () => his.role === 'moderator')
  await his.pin(id)
  await passUntil(clock, () => isPinned(hers, id))
  await hers.deleteMessage(id)
  await expect(hers.pin(id)).rejects.toMatchObject({ code: 'MessageNotFound' })
  await expect(hers.hide('x' as Message['id'])).rejects.toMatchObject({ code: 'InvalidArgument' })
})
