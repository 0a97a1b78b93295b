/** What of a conversation is on the disk: when it is, after a restart, and no more after a deletion. What each call means, `test/contract` says. */
import { isParleyError } from '@parley/protocol'
import { createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Metadata, Parley } from '../src/index.ts'
import { storedBody } from './stored.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation
const stores = { alice: createMemoryStore(), bob: createMemoryStore() }

beforeEach(async () => {
  stores.alice = createMemoryStore()
  stores.bob = createMemoryStore()
  world = createWorld()
  alice = await world.peer('alice', { store: stores.alice })
  bob = await world.peer('bob', { store: stores.bob })
  ;[hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
})
afterEach(() => world.close())

const refusal = (code: string): unknown => expect.objectContaining({ name: 'ParleyError', code })
const sorted = (map: object): string[] =>
  Object.entries(map)
    .map(([key, value]) => `${key}=${String(value)}`)
    .toSorted((a, b) => (a < b ? -1 : 1))

const sendAll = (conversation: Conversation, count: number): Promise<Message[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => conversation.sendMessage({ text: `${i + 1}` })))

describe('sendMessage', () => {
  test('has stored the message durably when it resolves', async () => {
    const release = stores.alice.holdWrites()
    let isSent = false
    const sending = hers.sendMessage({ text: 'kept' }).then((message) => {
      isSent = true
      return message
    })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isSent).toBe(false)
    release()
    const { id } = await sending
    const again = await createWorld().peer('alice', { store: stores.alice.crash('system') })
    expect((await again.conversations[0]!.getMessages()).messages.map((m) => m.id)).toEqual([id])
    await again.close()
    // The first engine is on a crashed store from here on, and has nothing to say to anybody.
    world.peers.splice(world.peers.indexOf(alice), 1)
  })

  test('metadata keys that objects have already are keys like any other', async () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Metadata
    const { id } = await hers.sendMessage({ text: 'x', metadata })
    await until(async () => (await his.getMessage(id)) !== undefined)
    expect(sorted((await his.getMessage(id))!.metadata)).toEqual(sorted(metadata))
  })
})

describe('updateMessage', () => {
  test('the reply stays', async () => {
    const first = await hers.sendMessage({ text: 'question' })
    const { id } = await hers.sendMessage({ text: 'answer', replyTo: first.id })
    expect((await hers.updateMessage(id, { text: 'better answer' })).replyTo).toBe(first.id)
  })

  test('edits from before a restart are shown after it', async () => {
    const { id } = await hers.sendMessage({ text: 'one' })
    await hers.updateMessage(id, { text: 'two' })
    await until(async () => (await his.getMessage(id))?.text === 'two')
    const again = await createWorld().peer('bob', { store: stores.bob.crash() })
    world.peers.splice(world.peers.indexOf(bob), 1)
    expect((await again.conversations[0]!.getMessage(id))!.text).toBe('two')
    await again.close()
  })
})

describe('deleteMessage', () => {
  test('the content is purged from the store of every peer, with that of its edits', async () => {
    const { id } = await hers.sendMessage({ text: 'secret' })
    const edited = await hers.updateMessage(id, { text: 'another secret' })
    await until(async () => (await his.getMessage(id))?.text === edited.text)
    for (const store of Object.values(stores)) expect(await storedBody(store, hers.getId(), id)).toBe('body')
    await hers.deleteMessage(id)
    await until(async () => (await his.getMessages()).totalMessages === 0)
    for (const store of Object.values(stores)) {
      expect(await storedBody(store, hers.getId(), id)).toBe('purged')
      expect(await storedBody(store, hers.getId(), id, 1)).toBe('purged')
    }
    for (const conversation of [hers, his]) {
      expect(await conversation.getMessages()).toMatchObject({ messages: [], totalMessages: 0 })
      expect(await conversation.getMessage(id)).toBeUndefined()
      expect(conversation.getLastMessage()).toBeUndefined()
    }
  })

  test('one who joins later never gets the content, and agrees on the total', async () => {
    const sent = await sendAll(hers, 5)
    await hers.deleteMessage(sent[2]!.id)
    const store = createMemoryStore()
    const carol = await world.peer('carol', { store })
    const theirs = await carol.join(await hers.invite())
    await theirs.admitted()
    await until(async () => (await theirs.getMessages()).totalMessages === 4)
    expect(await storedBody(store, hers.getId(), sent[2]!.id)).toBe('purged')
    expect(await storedBody(store, hers.getId(), sent[1]!.id)).toBe('body')
  })
})

test('admitted() that still waits ends with Aborted by its signal, and with Closed by close()', async () => {
  const link = await hers.invite()
  await alice.close()
  await bob.close()
  const carol = await world.peer('carol')
  const conversation = await carol.join(link)
  const control = new AbortController()
  const aborted = conversation.admitted({ signal: control.signal })
  const closed = conversation.admitted()
  control.abort()
  await expect(aborted).rejects.toEqual(refusal('Aborted'))
  await expect(conversation.sendMessage({ text: 'x' })).rejects.toEqual(refusal('NotAMember'))
  const [outcome] = await Promise.all([closed.catch((error: unknown) => error), carol.close()])
  expect(isParleyError(outcome, 'Closed')).toBe(true)
})

test('names and titles that could not be told are refused when they are given', async () => {
  await expect(alice.setProfile({ name: '漢'.repeat(100) })).rejects.toEqual(refusal('TooLarge'))
  await expect(alice.setProfile({ name: 'x'.repeat(101) })).rejects.toEqual(refusal('TooLarge'))
  await alice.setProfile({ name: '漢'.repeat(80) })
  await until(() => his.members()[0]!.name === '漢'.repeat(80))
})
