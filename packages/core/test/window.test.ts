/** `conversation.timeline()`: a live window that grows both ways, stays where it is while messages come and go, and agrees with pages. */
import type { ManualClock } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Parley, Timeline } from '../src/index.ts'
import { createTwo, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  ;({ clock, world, alice, bob, hers, his } = await createTwo())
})
afterEach(() => world.close())

const texts = (timeline: Timeline): string[] => timeline.getSnapshot().messages.map(({ text }) => text)
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `${from + i}`)

async function fill(count: number, from = 0): Promise<Message[]> {
  const sent: Message[] = []
  for (const text of numbers(from, from + count)) {
    sent.push(await hers.sendMessage({ text }))
    await clock.advance(1)
  }
  return sent
}

async function opened(conversation: Conversation, options?: Parameters<Conversation['timeline']>[0]): Promise<Timeline> {
  const timeline = conversation.timeline(options)
  await timeline.ready
  return timeline
}

describe('opens', () => {
  test('at the newest messages, which page 1 ends with too', async () => {
    await fill(60)
    const timeline = await opened(hers, { limit: 30 })
    expect(texts(timeline)).toEqual(numbers(30, 60))
    expect(timeline.getSnapshot()).toMatchObject({
      total: 60,
      offset: 30,
      hasBefore: true,
      hasAfter: false,
      isLoading: false,
      anchor: undefined,
    })
    const { messages } = await hers.getMessages(1)
    expect(timeline.getSnapshot().messages.slice(-25)).toEqual(messages)
    expect(Object.isFrozen(timeline.getSnapshot())).toBe(true)
    expect(Object.isFrozen(timeline.getSnapshot().messages)).toBe(true)
  })

  test('around a message, a time and the first unread', async () => {
    const sent = await fill(60)
    const around = await opened(hers, { around: sent[20]!.id, limit: 10 })
    expect(texts(around)).toEqual(numbers(15, 25))
    expect(around.getSnapshot()).toMatchObject({ anchor: sent[20]!.id, offset: 15, hasBefore: true, hasAfter: true })
    const at = await opened(hers, { around: new Date(sent[40]!.sentAt), limit: 10 })
    expect(at.getSnapshot().anchor).toBe(sent[40]!.id)
    const future = await opened(hers, { around: new Date(sent[59]!.sentAt + 1_000), limit: 10 })
    expect(texts(future)).toEqual(numbers(50, 60))
    const past = await opened(hers, { around: new Date(-5), limit: 10 })
    expect(texts(past)).toEqual(numbers(0, 10))
    await passUntil(clock, () => his.unread === 60)
    await his.seen(sent[29]!.id)
    const unread = await opened(his, { around: 'firstUnread', limit: 10 })
    expect(unread.getSnapshot()).toMatchObject({ anchor: sent[30]!.id, firstUnread: sent[30]!.id })
    expect(texts(unread)).toEqual(numbers(25, 35))
    // The line stays where it was drawn.
    await his.seen()
    await unread.loadAfter(10)
    expect(unread.getSnapshot().firstUnread).toBe(sent[30]!.id)
    expect(texts(await opened(his, { around: 'firstUnread', limit: 5 }))).toEqual(numbers(55, 60))
  })

  test('before and after a message', async () => {
    const sent = await fill(20)
    expect(texts(await opened(hers, { before: sent[10]!.id, limit: 4 }))).toEqual(numbers(6, 10))
    expect(texts(await opened(hers, { after: sent[10]!.id, limit: 4 }))).toEqual(numbers(11, 15))
    expect((await opened(hers, { after: sent[15]!.id, limit: 9 })).getSnapshot().hasAfter).toBe(false)
  })

  test('empty, and says what is wrong', async () => {
    const timeline = await opened(hers)
    expect(timeline.getSnapshot()).toMatchObject({ messages: [], total: 0, offset: 0, hasBefore: false, hasAfter: false })
    const [gone] = await fill(1)
    await hers.deleteMessage(gone!.id)
    expect((await opened(hers, { around: gone!.id })).getSnapshot()).toMatchObject({ messages: [], error: { code: 'MessageNotFound' } })
    await expect(timeline.jump(gone!.id)).rejects.toMatchObject({ code: 'MessageNotFound' })
    for (const wrong of [new Date(Number.NaN), 7 as never, {} as never, null as never])
      await expect(timeline.jump(wrong)).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(() => hers.timeline({ limit: 0 })).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    await expect(timeline.loadBefore(501)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await alice.close()
    await expect(timeline.loadAfter()).rejects.toMatchObject({ code: 'Closed' })
    expect(() => hers.timeline()).toThrow(expect.objectContaining({ code: 'Closed' }))
  })
})

describe('grows', () => {
  test('both ways to the ends, without a gap', async () => {
    const sent = await fill(60)
    const timeline = await opened(hers, { around: sent[30]!.id, limit: 10 })
    await timeline.loadBefore(20)
    expect(texts(timeline)).toEqual(numbers(5, 35))
    await timeline.loadAfter(20)
    expect(texts(timeline)).toEqual(numbers(5, 55))
    await timeline.loadAfter()
    await timeline.loadBefore()
    expect(texts(timeline)).toEqual(numbers(0, 60))
    expect(timeline.getSnapshot()).toMatchObject({ offset: 0, hasBefore: false, hasAfter: false })
    await timeline.jump(sent[10]!.id)
    expect(timeline.getSnapshot().anchor).toBe(sent[10]!.id)
  })
})

describe('while messages come and go', () => {
  test('it follows the newest end, and stays elsewhere', async () => {
    const sent = await fill(40)
    const newest = await opened(hers, { limit: 10 })
    const middle = await opened(hers, { around: sent[20]!.id, limit: 10 })
    newest.subscribe(() => undefined)
    middle.subscribe(() => undefined)
    const before = middle.getSnapshot().messages
    await fill(3, 40)
    await passUntil(clock, () => newest.getSnapshot().total === 43 && middle.getSnapshot().total === 43)
    expect(texts(newest)).toEqual(numbers(30, 43))
    expect(middle.getSnapshot()).toMatchObject({ offset: 15, hasAfter: true })
    // The same messages: some may have come further meanwhile, from stored to sent.
    expect(middle.getSnapshot().messages.map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    // Once it reaches the newest end, it follows too.
    await middle.loadAfter(100)
    await fill(1, 43)
    await passUntil(clock, () => texts(middle).at(-1) === '43')
  })

  test('only rows that changed are new objects', async () => {
    const sent = await fill(10)
    const timeline = await opened(hers)
    let calls = 0
    timeline.subscribe(() => calls++)
    const before = timeline.getSnapshot().messages
    await hers.updateMessage(sent[4]!.id, { text: 'four' })
    await passUntil(clock, () => texts(timeline)[4] === 'four')
    await hers.react(sent[5]!.id, '👍')
    await passUntil(clock, () => timeline.getSnapshot().messages[5]!.reactions.length === 1)
    await hers.sendMessage({ text: 'six is right', replyTo: sent[6]!.id })
    await passUntil(clock, () => timeline.getSnapshot().messages[6]!.replies === 1 && timeline.getSnapshot().total === 11)
    const { messages } = timeline.getSnapshot()
    // Deliveries change rows too, so their state is left out here.
    const same = messages.map(
      (message, i) => message === before[i] || JSON.stringify({ ...message, state: 0 }) === JSON.stringify({ ...before[i], state: 0 }),
    )
    expect(same).toEqual(messages.map((_, i) => ![4, 5, 6, 10].includes(i)))
    expect(calls).toBeGreaterThan(2)
  })

  test('deleted messages leave, late ones land in their place, nobody is called for nothing', async () => {
    const sent = await fill(10)
    await passUntil(clock, () => his.getLastMessage()?.text === '9')
    world.network.partition(['alice'], ['bob'])
    const late = await his.sendMessage({ text: 'late' })
    await clock.advance(5)
    await fill(2, 10)
    const timeline = await opened(hers, { limit: 12 })
    const off = timeline.subscribe(() => undefined)
    world.network.heal()
    await passUntil(clock, () => texts(timeline).includes('late'))
    expect(texts(timeline)).toEqual([...numbers(0, 10), 'late', '10', '11'])
    await hers.deleteMessage(sent[0]!.id)
    await hers.deleteMessage(sent[5]!.id)
    await passUntil(clock, () => timeline.getSnapshot().total === 11)
    expect(texts(timeline)).toEqual([...numbers(1, 5), ...numbers(6, 10), 'late', '10', '11'])
    expect(timeline.getSnapshot().messages.find((m) => m.id === late.id)?.author.id).toBe(bob.me.id)
    off()
    const shown = timeline.getSnapshot()
    await fill(1, 12)
    await clock.advance(100)
    expect(timeline.getSnapshot()).toBe(shown)
    // Who comes back sees what happened meanwhile.
    timeline.subscribe(() => undefined)
    await passUntil(clock, () => texts(timeline).at(-1) === '12')
  })

  test('a listener that throws stops no other', async () => {
    await fill(1)
    const timeline = await opened(hers)
    let calls = 0
    timeline.subscribe(() => {
      throw new Error('listener')
    })
    timeline.subscribe(() => calls++)
    await fill(1, 1)
    await passUntil(clock, () => calls > 0)
  })

  test('it holds at most 1,000 messages, and lets go at the other end', async () => {
    await Promise.all(numbers(0, 1_060).map((text) => hers.sendMessage({ text })))
    const all: string[] = []
    for (let page = 43; page >= 1; page--) all.push(...(await hers.getMessages(page)).messages.map((m) => m.text))
    const timeline = await opened(hers, { limit: 500 })
    await timeline.loadBefore(500)
    await timeline.loadBefore(50)
    expect(texts(timeline)).toEqual(all.slice(10, 1_010))
    expect(timeline.getSnapshot()).toMatchObject({ hasBefore: true, hasAfter: true, offset: 10 })
    await timeline.loadAfter(500)
    expect(texts(timeline)).toEqual(all.slice(60))
  })
})
