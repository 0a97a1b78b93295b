/** The calls of API.md section 1, one test for each row. */
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

describe('getMessages(page?)', () => {
  test('an empty conversation has one empty page', async () => {
    expect(await hers.getMessages()).toEqual({ messages: [], page: 1, totalMessages: 0, totalPages: 1 })
    await expect(hers.getMessages(2)).rejects.toEqual(refusal('PageOutOfRange'))
  })

  test('pages hold 25, the first the most recent ones, oldest to newest inside', async () => {
    await sendAll(hers, 60)
    const first = await hers.getMessages()
    expect(first.messages.map((m) => Number(m.text))).toEqual(Array.from({ length: 25 }, (_, i) => 36 + i))
    expect({ ...first, messages: [] }).toEqual({ messages: [], page: 1, totalMessages: 60, totalPages: 3 })
    expect((await hers.getMessages(2)).messages.map((m) => Number(m.text))).toEqual(Array.from({ length: 25 }, (_, i) => 11 + i))
    expect((await hers.getMessages(3)).messages.map((m) => Number(m.text))).toEqual(Array.from({ length: 10 }, (_, i) => 1 + i))
  })

  test('null and undefined mean page 1', async () => {
    await sendAll(hers, 26)
    const first = await hers.getMessages(1)
    expect(await hers.getMessages(null)).toEqual(first)
    expect(await hers.getMessages(undefined)).toEqual(first)
  })

  test('exactly 25 messages are one page', async () => {
    await sendAll(hers, 25)
    expect((await hers.getMessages()).totalPages).toBe(1)
  })

  test.each([0, -1, 3, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1' as unknown as number])(
    'page %s is refused with PageOutOfRange',
    async (page) => {
      await sendAll(hers, 26)
      await expect(hers.getMessages(page)).rejects.toEqual(refusal('PageOutOfRange'))
    },
  )

  test('a deleted message is in no page and no total', async () => {
    const sent = await sendAll(hers, 26)
    await hers.deleteMessage(sent[3]!.id)
    const page = await hers.getMessages()
    expect([page.totalMessages, page.totalPages, page.messages.length]).toEqual([25, 1, 25])
    expect(page.messages.some((m) => m.id === sent[3]!.id)).toBe(false)
  })

  test('a message is a frozen plain object with everything about it', async () => {
    const { id } = await hers.sendMessage({ text: 'hi', metadata: { tag: 'x' } })
    const [message] = (await hers.getMessages()).messages
    expect(message).toMatchObject({
      id,
      conversationId: hers.getId(),
      text: 'hi',
      metadata: { tag: 'x' },
      author: { id: alice.me.id, name: 'alice' },
    })
    expect(message).toMatchObject({ editedAt: undefined, replyTo: undefined, seenBy: [] })
    expect([message, message!.metadata, message!.author, message!.seenBy].every((value) => Object.isFrozen(value))).toBe(true)
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype)
  })
})

describe('sendMessage({ text, metadata }, callback?)', () => {
  test('promise and callback give the message that was sent, readable by then', async () => {
    const called: Message[] = []
    const sent = await hers.sendMessage(
      { text: 'hello', metadata: { answer: 42, sure: true, name: 'x' } },
      (message) => void called.push(message),
    )
    expect(called).toEqual([sent])
    expect(sent).toMatchObject({ text: 'hello', metadata: { answer: 42, sure: true, name: 'x' }, author: { id: alice.me.id } })
    expect((await hers.getMessages()).messages).toEqual([sent])
  })

  test('it is stored durably by then', async () => {
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

  test('metadata alone is a message, and replyTo names another one', async () => {
    const first = await hers.sendMessage({ metadata: { poll: 'pizza' } })
    expect(first.text).toBe('')
    expect((await hers.sendMessage({ text: 'yes', replyTo: first.id })).replyTo).toBe(first.id)
  })

  test.each([{}, { text: '' }, { metadata: {} }])('%j is refused with EmptyMessage', async (message) => {
    await expect(hers.sendMessage(message)).rejects.toEqual(refusal('EmptyMessage'))
  })

  test.each([
    [{ list: [1] }],
    [{ list: {} }],
    [{ list: null }],
    [{ list: undefined }],
    [{ list: Number.NaN }],
    [{ list: 1n }],
    [{ list: () => 1 }],
  ])('metadata %o is refused with InvalidMetadata naming the key', async (metadata) => {
    const sending = hers.sendMessage({ text: 'x', metadata: metadata as unknown as Metadata })
    await expect(sending).rejects.toEqual(refusal('InvalidMetadata'))
    await expect(sending).rejects.toThrow("'list'")
  })

  test('metadata that is no object, or too large, is refused with InvalidMetadata', async () => {
    await expect(hers.sendMessage({ text: 'x', metadata: 'y' as unknown as Metadata })).rejects.toEqual(refusal('InvalidMetadata'))
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i]))
    await expect(hers.sendMessage({ text: 'x', metadata: many })).rejects.toEqual(refusal('InvalidMetadata'))
    await expect(hers.sendMessage({ text: 'x', metadata: { long: 'y'.repeat(5_000) } })).rejects.toThrow('long')
  })

  test('a text beyond the limit is refused with TooLarge, another type with InvalidArgument', async () => {
    await expect(hers.sendMessage({ text: 'x'.repeat(40_001) })).rejects.toEqual(refusal('TooLarge'))
    await expect(hers.sendMessage({ text: 5 as unknown as string })).rejects.toEqual(refusal('InvalidArgument'))
    await expect(hers.sendMessage(undefined as unknown as { text: string })).rejects.toEqual(refusal('InvalidArgument'))
    expect((await hers.getMessages()).totalMessages).toBe(0)
  })

  test('a full disk is told as StorageFull, nothing is said, and the next message goes', async () => {
    stores.alice.failNextWrites(1)
    await expect(hers.sendMessage({ text: 'lost' })).rejects.toEqual(refusal('StorageFull'))
    await hers.sendMessage({ text: 'kept' })
    await until(async () => (await his.getMessages()).totalMessages === 1)
    expect((await his.getMessages()).messages[0]!.text).toBe('kept')
  })

  test('a callback that throws harms nobody', async () => {
    const sent = await hers.sendMessage({ text: 'x' }, () => {
      throw new Error('a bug of the application')
    })
    expect(sent.text).toBe('x')
  })

  test('metadata keys that objects have already are keys like any other', async () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Metadata
    const { id } = await hers.sendMessage({ text: 'x', metadata })
    await until(async () => (await his.getMessage(id)) !== undefined)
    expect(sorted((await his.getMessage(id))!.metadata)).toEqual(sorted(metadata))
  })
})

describe('updateMessage(messageId, change, callback?)', () => {
  test('a field left out stays, promise and callback give the message as it now is', async () => {
    const { id } = await hers.sendMessage({ text: 'one', metadata: { a: 1, b: 2 } })
    const called: Message[] = []
    const updated = await hers.updateMessage(id, { text: 'two' }, (message) => void called.push(message))
    expect(called).toEqual([updated])
    expect(updated).toMatchObject({ id, text: 'two', metadata: { a: 1, b: 2 } })
    expect(updated.editedAt).toBeGreaterThanOrEqual(updated.sentAt)
    expect(await hers.updateMessage(id, { metadata: { c: 3 } })).toMatchObject({ text: 'two', metadata: { a: 1, b: 2, c: 3 } })
  })

  test('null removes a field, or one key of the metadata', async () => {
    const { id } = await hers.sendMessage({ text: 'one', metadata: { a: 1, b: 2 } })
    expect(await hers.updateMessage(id, { metadata: { a: null } })).toMatchObject({ text: 'one', metadata: { b: 2 } })
    expect((await hers.updateMessage(id, { text: null })).text).toBe('')
    expect((await hers.updateMessage(id, { text: 'again', metadata: null })).metadata).toEqual({})
    await expect(hers.updateMessage(id, { text: null })).rejects.toEqual(refusal('EmptyMessage'))
  })

  test('only the author may: NotAuthor for others, MessageNotFound for what is not there', async () => {
    const { id } = await hers.sendMessage({ text: 'hers' })
    await until(async () => (await his.getMessage(id)) !== undefined)
    await expect(his.updateMessage(id, { text: 'his' })).rejects.toEqual(refusal('NotAuthor'))
    await expect(his.updateMessage('x' as typeof id, { text: 'his' })).rejects.toEqual(refusal('InvalidArgument'))
    await hers.deleteMessage(id)
    await expect(hers.updateMessage(id, { text: 'x' })).rejects.toEqual(refusal('MessageNotFound'))
  })

  test('refusals are those of sendMessage', async () => {
    const { id } = await hers.sendMessage({ text: 'one' })
    await expect(hers.updateMessage(id, { text: 'x'.repeat(40_001) })).rejects.toEqual(refusal('TooLarge'))
    await expect(hers.updateMessage(id, { metadata: { a: [] as unknown as string } })).rejects.toEqual(refusal('InvalidMetadata'))
    expect((await hers.getMessage(id))!.text).toBe('one')
  })

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

describe('deleteMessage(messageId)', () => {
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

  test('author only; twice is MessageNotFound', async () => {
    const { id } = await hers.sendMessage({ text: 'hers' })
    await until(async () => (await his.getMessage(id)) !== undefined)
    await expect(his.deleteMessage(id)).rejects.toEqual(refusal('NotAuthor'))
    await hers.deleteMessage(id)
    await expect(hers.deleteMessage(id)).rejects.toEqual(refusal('MessageNotFound'))
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

test('getId(), getTitle(), getAvatar() are strings', async () => {
  const group = await alice.createGroup({ title: 'Tea', avatar: 'data:image/png;base64,AA==' })
  expect(group.getId()).toMatch(/^[a-z2-7]{52}$/)
  expect([group.getTitle(), group.getAvatar()]).toEqual(['Tea', 'data:image/png;base64,AA=='])
  expect([hers.getAvatar(), (await alice.createGroup()).getTitle()]).toEqual(['', ''])
  await hers.setTitle('Supper')
  await until(() => his.getTitle() === 'Supper')
  expect(his.getId()).toBe(hers.getId())
})

test('getMembers() gives the ids of all members, members() who they are', async () => {
  expect(hers.getMembers()).toEqual([alice.me.id, bob.me.id])
  expect(his.getMembers()).toEqual([alice.me.id, bob.me.id])
  await until(() => hers.members().every((m) => m.name !== '' && m.status === 'ONLINE'))
  expect(hers.members()).toMatchObject([
    { id: alice.me.id, name: 'alice', role: 'founder', devices: [alice.me.deviceId] },
    { id: bob.me.id, name: 'bob', role: 'writer', devices: [bob.me.deviceId] },
  ])
})

describe('getMetadata() and setMetadata(metadata)', () => {
  test('keys merge, null removes, the others hear of it', async () => {
    const group = await alice.createGroup({ metadata: { from: 'start' } })
    expect(group.getMetadata()).toEqual({ from: 'start' })
    expect(await hers.setMetadata({ place: 'park', people: 4, rain: false })).toEqual({ place: 'park', people: 4, rain: false })
    await until(() => his.getMetadata()['people'] === 4)
    expect(await his.setMetadata({ place: null, people: 5 })).toEqual({ people: 5, rain: false })
    await until(() => hers.getMetadata()['people'] === 5)
    expect(hers.getMetadata()).toEqual({ people: 5, rain: false })
    expect(Object.isFrozen(hers.getMetadata())).toBe(true)
  })

  test('what a message could not carry is refused with InvalidMetadata naming the key, and more keys than 64 in all', async () => {
    await expect(hers.setMetadata({ list: [] as unknown as string })).rejects.toThrow("'list'")
    await hers.setMetadata(Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`k${i}`, i])))
    await expect(hers.setMetadata({ more: 1 })).rejects.toEqual(refusal('InvalidMetadata'))
    expect(await hers.setMetadata({ k0: null, more: 1 })).toMatchObject({ more: 1 })
  })
})

test('getLastMessage() is the most recent message sent, at once for own ones', async () => {
  expect(hers.getLastMessage()).toBeUndefined()
  const first = await hers.sendMessage({ text: 'one' })
  expect(hers.getLastMessage()?.id).toBe(first.id)
  await until(() => his.getLastMessage()?.id === first.id)
  const second = await his.sendMessage({ text: 'two' })
  expect(his.getLastMessage()?.id).toBe(second.id)
  await until(() => hers.getLastMessage()?.id === second.id)
  await his.deleteMessage(second.id)
  await until(() => hers.getLastMessage()?.id === first.id)
})

test('after close() calls are refused with Closed', async () => {
  const { id } = await hers.sendMessage({ text: 'x' })
  const waiting = (await alice.createGroup()).admitted()
  await waiting
  await alice.close()
  await alice.close()
  const calls: (() => unknown)[] = [
    () => hers.getMessages(),
    () => hers.getMessage(id),
    () => hers.sendMessage({ text: 'y' }),
    () => hers.updateMessage(id, { text: 'y' }),
    () => hers.deleteMessage(id),
    () => hers.setMetadata({ a: 1 }),
    () => hers.setTitle('x'),
    () => hers.seen(),
    () => hers.invite(),
    () => hers.admitted(),
    async () => hers.startTyping(),
    async () => hers.stopTyping(),
    () => alice.createGroup(),
    () => alice.join('x#y'),
    () => alice.setProfile({ name: 'x' }),
    () => alice.connect('memory:bob'),
  ]
  for (const call of calls) await expect(call()).rejects.toEqual(refusal('Closed'))
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
