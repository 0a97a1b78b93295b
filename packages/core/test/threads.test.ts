/** Replies: how many there are, which they are, and that both stay true through deletions, restarts and every order of arrival. */
import type { ManualClock, MemoryStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createTwo, passUntil, type World } from './support.ts'

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

const texts = (messages: readonly Message[]): string[] => messages.map(({ text }) => text)
const repliesTo = async (conversation: Conversation, id: Message['id']): Promise<string[]> => texts(await conversation.replies(id))
const count = async (conversation: Conversation, id: Message['id']): Promise<number | undefined> =>
  (await conversation.getMessage(id))?.replies

describe('replies', () => {
  test('are counted and listed for everybody, oldest first, without those deleted', async () => {
    const { id } = await hers.sendMessage({ text: 'who brings what?' })
    await passUntil(clock, () => his.getLastMessage()?.id === id)
    const cake = await his.sendMessage({ text: 'cake', replyTo: id })
    await passUntil(clock, () => hers.getLastMessage()?.id === cake.id)
    await hers.sendMessage({ text: 'plates', replyTo: id })
    await hers.sendMessage({ text: 'of which kind?', replyTo: cake.id })
    await passUntil(clock, async () => (await count(his, id)) === 2 && (await count(his, cake.id)) === 1)
    for (const conversation of [hers, his]) {
      expect(await repliesTo(conversation, id)).toEqual(['cake', 'plates'])
      expect(await repliesTo(conversation, cake.id)).toEqual(['of which kind?'])
    }
    await his.deleteMessage(cake.id)
    await passUntil(clock, async () => (await count(hers, id)) === 1)
    for (const conversation of [hers, his]) expect(await repliesTo(conversation, id)).toEqual(['plates'])
    await expect(hers.replies(cake.id)).rejects.toMatchObject({ code: 'MessageNotFound' })
  })

  test('keep their count through a crash right after a deletion', async () => {
    const { id } = await hers.sendMessage({ text: 'who?' })
    const answer = await hers.sendMessage({ text: 'me', replyTo: id })
    await hers.sendMessage({ text: 'and me', replyTo: id })
    await clock.advance(3_000)
    await hers.deleteMessage(answer.id)
    // The body is purged and the fold not written down.
    world.peers.splice(world.peers.indexOf(alice), 1)
    const again = (await world.peer('alice', { store: store.crash(), transports: [] })).conversations[0]!
    expect(await count(again, id)).toBe(1)
    expect(await repliesTo(again, id)).toEqual(['and me'])
  })

  test('come in parts', async () => {
    const { id } = await hers.sendMessage({ text: 'count!' })
    const sent: Message[] = []
    for (let i = 0; i < 5; i++) sent.push(await hers.sendMessage({ text: `${i}`, replyTo: id }))
    expect(texts(await hers.replies(id, { limit: 2 }))).toEqual(['3', '4'])
    expect(texts(await hers.replies(id, { limit: 2, before: sent[3]!.id }))).toEqual(['1', '2'])
    await expect(hers.replies(id, { limit: 501 })).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  test('that came before what they answer count once it is there', async () => {
    const carol = await world.peer('carol')
    const link = await hers.invite()
    const theirs = await carol.join(link)
    let admitted = false
    void theirs.admitted().then(() => (admitted = true))
    await passUntil(clock, () => admitted)
    await passUntil(clock, () => theirs.syncState.phase === 'live')
    world.network.partition(['alice'], ['bob', 'carol'])
    const { id } = await hers.sendMessage({ text: 'hello?' })
    world.network.heal()
    await passUntil(clock, () => his.getLastMessage()?.id === id)
    await his.sendMessage({ text: 'hello!', replyTo: id })
    await his.react(id, '👋')
    await passUntil(clock, async () => (await count(theirs, id)) === 1 && (await theirs.getMessage(id))?.reactions.length === 1)
  })
})

describe('edits', () => {
  test('are all there, the first version first', async () => {
    const { id } = await hers.sendMessage({ text: 'one', metadata: { n: 1 } })
    await hers.updateMessage(id, { text: 'two' })
    await hers.updateMessage(id, { metadata: { n: 2 } })
    await passUntil(clock, () => his.getLastMessage()?.metadata['n'] === 2)
    for (const conversation of [hers, his]) {
      const versions = await conversation.edits(id)
      expect(versions.map(({ text, metadata }) => [text, metadata['n']])).toEqual([
        ['one', 1],
        ['two', 1],
        ['two', 2],
      ])
      expect(versions.map(({ at }) => at)).toEqual(versions.map(({ at }) => at).toSorted((a, b) => a - b))
    }
    await hers.deleteMessage(id)
    await expect(hers.edits(id)).rejects.toMatchObject({ code: 'MessageNotFound' })
  })

  test('the newest 64 of them', async () => {
    const { id } = await hers.sendMessage({ text: '0' })
    for (let i = 1; i <= 66; i++) await hers.updateMessage(id, { text: `${i}` })
    expect(texts((await hers.edits(id)) as unknown as Message[])).toEqual(['0', ...Array.from({ length: 64 }, (_, i) => `${i + 3}`)])
  })
})

describe('forwarded messages', () => {
  test('say whose words they were, through several hands and conversations', async () => {
    const said = await his.sendMessage({ text: 'the lake is warm', metadata: { n: 1 } })
    await passUntil(clock, () => hers.getLastMessage()?.id === said.id)
    const other = await alice.createGroup({ title: 'Other' })
    const source = { author: 'bob', sentAt: said.sentAt }
    const once = await other.sendMessage({ forward: said.id })
    expect(once).toMatchObject({ text: 'the lake is warm', metadata: { n: 1 }, forwardedFrom: source, author: { id: alice.me.id } })
    const twice = await hers.sendMessage({ forward: once.id, text: 'see below: the lake is warm' })
    await passUntil(clock, () => his.getLastMessage()?.id === twice.id)
    expect(his.getLastMessage()).toMatchObject({ text: 'see below: the lake is warm', forwardedFrom: source })
    await bob.close()
    await other.deleteMessage(once.id)
    await expect(hers.sendMessage({ forward: once.id })).rejects.toMatchObject({ code: 'MessageNotFound' })
  })
})
