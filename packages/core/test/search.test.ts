/** `conversation.search()` and `parley.search()`: what is found, what is not, and how it is told. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { ParleyError } from '@parley/protocol'
import { createMemoryBlobStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Parley, SearchResults } from '../src/index.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  world = createWorld()
  alice = await world.peer('alice')
  bob = await world.peer('bob')
  ;[hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
})
afterEach(() => world.close())

const textsOf = ({ results }: SearchResults): string[] => results.map(({ message }) => message.text)

async function say(...texts: string[]): Promise<void> {
  for (const text of texts) await hers.sendMessage({ text })
}

test('tells what its index holds and took; a deletion takes the words out at once', async () => {
  const nothing = { messages: 0, words: 0, buildMs: 0 }
  expect(alice.inspect().search).toEqual(nothing)
  await say('red apple', 'green apple', 'pear')
  expect(alice.inspect().search).toEqual(nothing)
  expect((await alice.search('apple')).total).toBe(2)
  expect(alice.inspect().search).toEqual({ messages: 3, words: 4, buildMs: expect.any(Number) })
  await hers.deleteMessage(hers.getLastMessage()!.id)
  expect(alice.inspect().search).toMatchObject({ messages: 0, words: 0 })
  expect((await alice.search('apple')).total).toBe(2)
  expect(alice.inspect().search).toMatchObject({ messages: 2, words: 3 })
})

describe('finds', () => {
  test('all words of the query, in any order, newest first', async () => {
    await say('bring the blue blanket', 'the blanket is red', 'a BLANKET, as blue as it gets')
    expect(textsOf(await hers.search('blue blanket'))).toEqual(['a BLANKET, as blue as it gets', 'bring the blue blanket'])
    expect(await hers.search('blanket blue nowhere')).toEqual({ results: [], total: 0, cursor: undefined, isComplete: true })
  })

  test('by the beginning of a word, without case and accents, in every script', async () => {
    await say('Crème brûlée', 'Привет, Ёжик', 'مرحبا بالعالم', '東京タワーへ行く', '안녕하세요 여러분', 'Straßenbahn')
    for (const [query, text] of [
      ['creme bru', 'Crème brûlée'],
      ['ежик', 'Привет, Ёжик'],
      ['بالعال', 'مرحبا بالعالم'],
      ['京', '東京タワーへ行く'],
      ['タワー', '東京タワーへ行く'],
      ['안녕', '안녕하세요 여러분'],
      ['STRASSEN', 'Straßenbahn'],
    ] as const)
      expect(textsOf(await hers.search(query))).toEqual([text])
  })

  test('with one wrong letter where nothing has the word as it is', async () => {
    await say('see you on Saturday')
    expect(textsOf(await hers.search('Saturdey'))).toEqual(['see you on Saturday'])
    expect(textsOf(await hers.search('yuo'))).toEqual([])
  })

  test('and says where, in UTF-16 positions', async () => {
    await say('🧺 Käse und kåse', '東京都庁')
    const [cheese] = (await hers.search('kase')).results
    expect(cheese?.highlights).toEqual([
      { field: 'text', start: 3, end: 7 },
      { field: 'text', start: 12, end: 16 },
    ])
    const [town] = (await hers.search('京都庁')).results
    expect(town?.highlights).toEqual([{ field: 'text', start: 1, end: 4 }])
  })

  test('page by page', async () => {
    await say(...Array.from({ length: 7 }, (_, i) => `apple ${i}`))
    const pages: string[][] = []
    let cursor: string | undefined
    do {
      const page = await hers.search('apple', { limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      expect(page).toMatchObject({ total: 7, isComplete: true })
      pages.push(textsOf(page))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(pages).toEqual([['apple 6', 'apple 5', 'apple 4'], ['apple 3', 'apple 2', 'apple 1'], ['apple 0']])
  })

  test('only what the filters let through', async () => {
    await say('plan one')
    await his.sendMessage({ text: 'plan two' })
    await until(async () => (await hers.getMessages()).totalMessages === 2)
    expect(textsOf(await hers.search('plan', { author: bob.me.id }))).toEqual(['plan two'])
    expect(textsOf(await hers.search('plan', { hasAttachment: true }))).toEqual([])
    expect((await hers.search('plan', { hasAttachment: false })).total).toBe(2)
    const { messages } = await hers.getMessages()
    const second = new Date(messages[1]!.sentAt)
    expect(textsOf(await hers.search('plan', { before: second }))).toEqual(messages[0]!.sentAt < messages[1]!.sentAt ? ['plan one'] : [])
    expect(textsOf(await hers.search('plan', { after: second }))).toContain('plan two')
    expect(textsOf(await hers.search('plan', { after: new Date(messages[1]!.sentAt + 1) }))).toEqual([])
  })
})

test('finds files by their names, and says in which', async () => {
  const carol = await world.peer('carol', { attachments: { blobs: createMemoryBlobStore(), crypto: nodeFileCrypto() } })
  const group = await carol.createGroup({ title: 'Files' })
  const file = (name: string): File => new File(['x'], name)
  await group.sendMessage({ text: 'report', file: [file('budget.csv'), file('Über-Plan 2025.pdf')] })
  await group.sendMessage({ text: 'plan without a file' })
  const found = await group.search('plan', { hasAttachment: true })
  expect(found.total).toBe(1)
  expect(found.results[0]?.highlights).toEqual([{ field: 'fileName', attachment: 1, start: 5, end: 9 }])
  expect((await group.search('report uber')).total).toBe(1)
  await group.updateMessage(found.results[0]!.message.id, { file: null })
  expect((await group.search('plan')).total).toBe(1)
  expect((await group.search('plan', { hasAttachment: true })).total).toBe(0)
})

describe('follows', () => {
  test('what is written, edited and deleted, here and elsewhere, after the index was made', async () => {
    await say('first draft')
    await until(async () => (await his.search('draft')).total === 1)
    const second = await hers.sendMessage({ text: 'second draft' })
    await until(async () => (await his.search('draft')).total === 2)
    await hers.updateMessage(second.id, { text: 'final version' })
    await until(async () => (await his.search('final')).total === 1)
    expect((await his.search('draft')).total).toBe(1)
    await hers.deleteMessage(second.id)
    await until(async () => (await his.search('final')).total === 0)
  })

  test('what a moderator hides, and whom this user blocks', async () => {
    await say('visible')
    const { results } = await hers.search('visible')
    await hers.hide(results[0]!.message.id)
    expect((await hers.search('visible')).total).toBe(0)
    await hers.unhide(results[0]!.message.id)
    expect((await hers.search('visible')).total).toBe(1)
    await his.sendMessage({ text: 'noise' })
    await until(async () => (await hers.search('noise')).total === 1)
    await alice.block(bob.me.id)
    expect((await hers.search('noise')).total).toBe(0)
    await alice.unblock(bob.me.id)
    expect((await hers.search('noise')).total).toBe(1)
  })

  test('what this device may read after it was removed', async () => {
    await say('before')
    await until(async () => (await his.search('before')).total === 1)
    await hers.removeMember(bob.me.id)
    await until(() => his.state === 'removed')
    await say('after')
    expect((await his.search('before')).total).toBe(1)
    expect((await his.search('after')).total).toBe(0)
    await bob.forget(his.getId())
    await expect(his.search('before')).rejects.toMatchObject({ code: 'Closed' })
    expect((await bob.search('before')).total).toBe(0)
  })
})

describe('over all conversations', () => {
  test('puts results in order of time, and goes on where a page ended', async () => {
    const other = await alice.createGroup({ title: 'Other' })
    for (let i = 0; i < 4; i++) {
      await hers.sendMessage({ text: `pear ${2 * i}` })
      await until(() => Date.now() > hers.getLastMessage()!.sentAt)
      await other.sendMessage({ text: `pear ${2 * i + 1}` })
      await until(() => Date.now() > other.getLastMessage()!.sentAt)
    }
    const first = await alice.search('pear', { limit: 5 })
    expect(textsOf(first)).toEqual([7, 6, 5, 4, 3].map((n) => `pear ${n}`))
    expect(first.total).toBe(8)
    expect(textsOf(await alice.search('pear', { limit: 5, cursor: first.cursor! }))).toEqual([2, 1, 0].map((n) => `pear ${n}`))
    expect((await alice.search('pear', { conversation: other.getId() })).total).toBe(4)
    await expect(bob.search('pear', { conversation: other.getId() })).rejects.toMatchObject({ code: 'NotFound' })
  })
})

test('what cannot be a query is refused, what only looks strange finds nothing', async () => {
  await say('hello')
  const refused = async (query: unknown, options?: object): Promise<string> => {
    const error = await hers.search(query as string, options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ParleyError)
    return (error as ParleyError).code
  }
  expect(await refused(undefined)).toBe('InvalidArgument')
  expect(await refused({ $gt: '' })).toBe('InvalidArgument')
  expect(await refused('x'.repeat(257))).toBe('TooLarge')
  expect(await refused(Array.from({ length: 17 }, (_, i) => `w${i}`).join(' '))).toBe('TooLarge')
  expect(await refused('hello', { limit: 0 })).toBe('InvalidArgument')
  expect(await refused('hello', { limit: 101 })).toBe('InvalidArgument')
  expect(await refused('hello', { cursor: 'AAAA' })).toBe('InvalidArgument')
  expect(await refused('hello', { cursor: '=(' })).toBe('InvalidArgument')
  expect(await refused('hello', { before: 'yesterday' })).toBe('InvalidArgument')
  expect(await refused('hello', { after: new Date(Number.NaN) })).toBe('InvalidArgument')
  expect(await refused('hello', { author: 'nobody' })).toBe('InvalidArgument')
  expect(await refused('hello', { hasAttachment: 1 })).toBe('InvalidArgument')
  expect(await refused('hello', { signal: AbortSignal.abort() })).toBe('Aborted')
  for (const query of ['', '   ', '(.*)+$', '\u0000\u001b[2J', '\ud800', '__proto__', 'constructor', 'hasOwnProperty'])
    expect(await hers.search(query)).toMatchObject({ total: 0 })
  await alice.close()
  expect(await refused('hello')).toBe('Closed')
})
