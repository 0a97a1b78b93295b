/** Mentions as ranges of a text, how many of them are unread, and what this user marks as read and unread. */
import { createMemoryDisk, createMemoryStore, type ManualClock, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Parley, SendMessageInit } from '../src/index.ts'
import { createTwo, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let disk: MemoryDisk
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  disk = createMemoryDisk()
  ;({ clock, world, alice, bob, hers, his } = await createTwo({ store: createMemoryStore({ disk }) }))
})
afterEach(() => world.close())

async function restartBob(): Promise<void> {
  await bob.close()
  bob = await world.peer('bob', { store: createMemoryStore({ disk }) })
  his = bob.conversations[0]!
}

async function say(init: SendMessageInit): Promise<Message> {
  const message = await hers.sendMessage(init)
  await passUntil(clock, () => his.getLastMessage()?.id === message.id)
  return message
}

describe('mentions', () => {
  test('arrive as they were written, in order', async () => {
    const mentions = [
      { user: bob.me.id, from: 10, to: 14 },
      { user: alice.me.id, from: 3, to: 9 },
    ]
    const { id } = await say({ text: 'hi @alice @bob', mentions })
    expect((await his.getMessage(id))!.mentions).toEqual(mentions.toReversed())
    expect(Object.isFrozen((await his.getMessage(id))!.mentions[0])).toBe(true)
  })

  test.each([
    ['beyond the text', [{ from: 0, to: 4 }], 'InvalidArgument'],
    ['empty', [{ from: 1, to: 1 }], 'InvalidArgument'],
    [
      'that overlap',
      [
        { from: 0, to: 2 },
        { from: 1, to: 3 },
      ],
      'InvalidArgument',
    ],
    ['at no place', [{ from: Number.NaN, to: 1 }], 'InvalidArgument'],
  ])('%s are refused', async (_name, ranges, code) => {
    const mentions = ranges.map((range) => ({ user: bob.me.id, ...range }))
    await expect(hers.sendMessage({ text: 'bob', mentions })).rejects.toMatchObject({ code })
    await expect(hers.sendMessage({ text: 'bob', mentions: [{ user: 'x' as typeof bob.me.id, from: 0, to: 3 }] })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    expect((await hers.getMessages()).totalMessages).toBe(0)
  })

  test('stay with the text, and go with it unless they are given anew', async () => {
    const mentions = [{ user: bob.me.id, from: 0, to: 4 }]
    const { id } = await say({ text: '@bob come', mentions })
    expect((await hers.updateMessage(id, { metadata: { n: 1 } })).mentions).toEqual(mentions)
    expect((await hers.updateMessage(id, { text: 'come' })).mentions).toEqual([])
    expect((await hers.updateMessage(id, { text: '@bob', mentions })).mentions).toEqual(mentions)
    expect((await hers.updateMessage(id, { mentions: null })).mentions).toEqual([])
  })

  test('are counted while unread, through edits, deletions and a restart', async () => {
    const at = (user: Parley): SendMessageInit => ({ text: 'hey you', mentions: [{ user: user.me.id, from: 0, to: 3 }] })
    const first = await say(at(bob))
    await say(at(alice))
    await say({ text: 'nobody' })
    const last = await say(at(bob))
    await passUntil(clock, () => his.unreadMentions === 2)
    expect(his.unread).toBe(4)
    await hers.updateMessage(first.id, { text: 'never mind' })
    await passUntil(clock, () => his.unreadMentions === 1)
    await hers.updateMessage(first.id, { text: 'hey you', mentions: at(bob).mentions! })
    await passUntil(clock, () => his.unreadMentions === 2)
    await his.seen(first.id)
    expect([his.unread, his.unreadMentions]).toEqual([3, 1])
    await restartBob()
    expect([his.unread, his.unreadMentions]).toEqual([3, 1])
    await hers.deleteMessage(last.id)
    await passUntil(clock, () => his.unreadMentions === 0)
    expect(his.unread).toBe(2)
    expect(hers.unreadMentions).toBe(0)
  })
})

describe('unread', () => {
  test('firstUnread is the oldest message of others that was not seen', async () => {
    expect(his.firstUnread).toBe(undefined)
    const one = await say({ text: 'one' })
    await his.sendMessage({ text: 'mine' })
    const two = await say({ text: 'two' })
    await passUntil(clock, () => his.unread === 2)
    expect(his.firstUnread).toBe(one.id)
    await his.seen(one.id)
    expect(his.firstUnread).toBe(two.id)
    await his.seen()
    expect([his.firstUnread, his.unread]).toEqual([undefined, 0])
    expect(hers.firstUnread).toBe((await hers.getMessages()).messages.find((m) => m.author.id === bob.me.id)!.id)
  })

  test('can be marked again, survives a restart, and is told to nobody', async () => {
    const [one, two, three] = [await say({ text: 'one' }), await say({ text: 'two' }), await say({ text: 'three' })]
    await his.seen()
    await passUntil(clock, async () => (await hers.getMessage(three.id))!.seenBy.length === 1)
    await his.markUnread(two.id)
    expect([his.unread, his.firstUnread]).toEqual([2, two.id])
    expect((await hers.getMessage(three.id))!.seenBy).toEqual([bob.me.id])
    await restartBob()
    expect([his.unread, his.firstUnread]).toEqual([2, two.id])
    await say({ text: 'four' })
    await passUntil(clock, () => his.unread === 3)
    await his.seen(one.id)
    expect(his.unread).toBe(1)
    await his.seen()
    expect(his.unread).toBe(0)
    await expect(his.markUnread('nonsense' as Message['id'])).rejects.toMatchObject({ code: 'InvalidArgument' })
  })
})
