/**
 * Two people with the real command line, two profiles, and libp2p over TCP between them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Message, MessagePage } from '@parley/core'
import { Person } from './parley-process.ts'
import type { Line } from './parley-process.ts'

/** Every command is a process that starts Node and the engine, on a machine that may be busy. */
const TIMEOUT = 120_000
const KILL_ROUNDS = 5

let folder: string
let alice: Person
let bob: Person

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-cli-'))
  alice = new Person(join(folder, 'alice'))
  bob = new Person(join(folder, 'bob'))
})
afterEach(async () => {
  await Promise.all([alice.endAll(), bob.endAll()])
  await rm(folder, { recursive: true })
})

const texts = (page: MessagePage): string[] => page.messages.map((message) => message.text)
const pageOf = async (person: Person, page = 1): Promise<MessagePage> =>
  (await person.one('messages', 'Hike', '--page', String(page))) as unknown as MessagePage

/** All messages, oldest first. */
async function everything(person: Person): Promise<string[]> {
  const newest = await pageOf(person)
  const all = [texts(newest)]
  for (let page = 2; page <= newest.totalPages; page++) all.unshift(texts(await pageOf(person, page)))
  return all.flat()
}

/** Alice stays online with a group, and Bob has been let in. */
async function together(): Promise<{ address: string; aliceDaemon: Awaited<ReturnType<Person['goOnline']>>['daemon']; id: string }> {
  await alice.run('id', '--name', 'Alice')
  await bob.run('id', '--name', 'Bob')
  const { daemon, address } = await alice.goOnline()
  const { id } = (await alice.one('new', 'Hike')) as unknown as { id: string }
  const { link } = (await alice.one('invite', 'Hike')) as unknown as { link: string }
  expect(await bob.one('join', link, '--wait', '60s')).toMatchObject({ id, title: 'Hike', state: 'member' })
  return { address, aliceDaemon: daemon, id }
}

/** Waits until `person`, who is online, has seen a message with each of these texts arrive. */
async function arrived(tail: ReturnType<Person['start']>, wanted: readonly string[]): Promise<void> {
  for (const text of wanted) {
    await tail.line((line: Line) => {
      const { event, message } = line as unknown as { event: string; message?: Message }
      return event === 'message' && message?.text === text
    })
  }
}

/** A tail that listens by now: its own conversation is online, or says so. */
async function tailing(person: Person): Promise<ReturnType<Person['start']>> {
  const tail = person.start('tail', 'Hike')
  await tail.noted('Watching')
  return tail
}

describe('one person', () => {
  test('a profile is made at first use and stays the same', { timeout: TIMEOUT }, async () => {
    const first = await alice.one('id')
    expect(await alice.one('id')).toEqual(first)
    expect(await bob.one('id')).not.toEqual(first)
  })

  test('two commands at the same time both succeed', { timeout: TIMEOUT }, async () => {
    await alice.run('new', 'Hike')
    await Promise.all(['one', 'two', 'three'].map((text) => alice.run('send', 'Hike', text, '--offline')))
    expect((await everything(alice)).sort()).toEqual(['one', 'three', 'two'])
  })

  test('errors are objects and exit with 1', { timeout: TIMEOUT }, async () => {
    const failing = alice.start('send', 'Nowhere', 'hello')
    expect(await failing.ended()).toBe(1)
    expect(failing.lines).toEqual([{ error: { code: 'NotFound', message: expect.any(String) as string } }])
  })

  test('an interrupt ends a tail cleanly, and so does a reader that goes away', { timeout: TIMEOUT }, async () => {
    await alice.run('new', 'Hike')
    const tail = await tailing(alice)
    expect(await tail.interrupt()).toBe(0)
    const unread = alice.start('messages', 'Hike')
    unread.hangUp()
    expect([await unread.ended(), unread.errors]).toEqual([0, ''])
  })

  test('kill -9 of a sender loses no message that it acknowledged', { timeout: TIMEOUT }, async () => {
    await alice.run('new', 'Hike')
    const acknowledged: string[] = []
    for (let round = 0; round < KILL_ROUNDS; round++) {
      const sender = alice.start('send', 'Hike', '--lines', '--offline')
      const enough = 1 + round * 150
      for (let i = 0; i < 1000; i++) sender.write(`${round}:${i}\n`)
      await sender.line(() => sender.lines.length >= enough)
      await sender.kill()
      acknowledged.push(...sender.lines.map((line) => (line as unknown as Message).text))
      const kept = await alice.everything()
      expect(kept).toEqual(expect.arrayContaining(acknowledged))
      // Once each, and in the order in which they were said.
      expect(kept.filter((text) => text.startsWith(`${round}:`))).toEqual(
        kept.filter((text) => text.startsWith(`${round}:`)).map((_, i) => `${round}:${i}`),
      )
    }
  })
})

describe('two people', () => {
  test('join by link, write both ways, page, see each other', { timeout: TIMEOUT }, async () => {
    const { address, aliceDaemon, id } = await together()
    const hers = await tailing(alice)
    const bobs = await bob.goOnline('--peer', address)
    const his = await tailing(bob)

    await alice.run('send', 'Hike', 'hello bob')
    await arrived(his, ['hello bob'])
    const answer = (await bob.one('send', id.slice(0, 8), 'hello alice', '--meta', 'mood=good', '--meta', 'n=2')) as unknown as Message
    expect(answer).toMatchObject({ text: 'hello alice', metadata: { mood: 'good', n: 2 }, author: { name: 'Bob' }, conversationId: id })
    await arrived(hers, ['hello alice'])

    const many = bob.start('send', 'Hike', '--lines')
    const lines = Array.from({ length: 58 }, (_, i) => `line ${i}`)
    many.write(lines.join('\n'))
    many.endInput()
    expect(await many.ended()).toBe(0)
    await arrived(hers, ['line 57'])
    for (const person of [alice, bob]) {
      const newest = await pageOf(person)
      expect(newest).toMatchObject({ page: 1, totalMessages: 60, totalPages: 3 })
      expect(texts(newest)).toEqual(lines.slice(-25))
      expect(await everything(person)).toEqual(['hello bob', 'hello alice', ...lines])
    }
    expect(await alice.refusal('messages', 'Hike', '--page', '4')).toBe('PageOutOfRange')

    const edited = (await bob.one('edit', 'Hike', answer.id, 'hello dear alice')) as unknown as Message
    expect(edited.text).toBe('hello dear alice')
    await hers.line((line) => (line as unknown as { event: string }).event === 'messageUpdated')
    await bob.run('delete', 'Hike', answer.id)
    await hers.line((line) => (line as unknown as { messageId?: string; event: string }).event === 'messageDeleted')
    expect((await pageOf(alice)).totalMessages).toBe(59)

    const members = (await alice.run('members', 'Hike')) as unknown as { name: string; role: string; status: string }[]
    expect(members).toMatchObject([
      { name: 'Alice', role: 'founder', status: 'ONLINE' },
      { name: 'Bob', role: 'writer', status: 'ONLINE' },
    ])
    expect(await alice.one('peers')).toMatchObject({ transport: 'libp2p', conversations: [id] })
    expect(await alice.one('list')).toMatchObject({ id, title: 'Hike', lastMessage: { text: 'line 57' } })

    expect(await bobs.daemon.interrupt()).toBe(0)
    expect(await aliceDaemon.interrupt()).toBe(0)
  })

  test('a command of its own reaches a peer before it ends', { timeout: TIMEOUT }, async () => {
    const { address } = await together()
    const hers = await tailing(alice)
    const sender = bob.start('send', 'Hike', 'no daemon here', '--peer', address, '--wait', '60s')
    expect(await sender.ended()).toBe(0)
    expect(sender.errors).toContain('Delivered')
    await arrived(hers, ['no daemon here'])
  })

  test('what both wrote offline is merged when they meet, in one order', { timeout: TIMEOUT }, async () => {
    const { aliceDaemon } = await together()
    expect(await aliceDaemon.interrupt()).toBe(0)
    for (const text of ['a1', 'a2']) await alice.run('send', 'Hike', text, '--offline')
    for (const text of ['b1', 'b2', 'b3']) await bob.run('send', 'Hike', text, '--offline')
    expect(await everything(alice)).toEqual(['a1', 'a2'])
    expect(await everything(bob)).toEqual(['b1', 'b2', 'b3'])

    const { address } = await alice.goOnline()
    const hers = await tailing(alice)
    await bob.goOnline('--peer', address)
    const his = await tailing(bob)
    await arrived(hers, ['b1', 'b2', 'b3'])
    // Whether his tail was there in time to see hers arrive is not the point; that one after them comes is.
    await alice.run('send', 'Hike', 'after')
    await arrived(his, ['after'])
    const order = await everything(alice)
    expect(await everything(bob)).toEqual(order)
    expect(order).toHaveLength(6)
    for (const [first, second] of [
      ['a1', 'a2'],
      ['b1', 'b2'],
      ['b2', 'b3'],
    ] as const)
      expect(order.indexOf(first)).toBeLessThan(order.indexOf(second))
  })

  test('kill -9 of either side while they sync loses nothing acknowledged', { timeout: TIMEOUT }, async () => {
    const { address, aliceDaemon } = await together()
    const acknowledged: string[] = []
    let herAddress = address
    let hers = aliceDaemon
    for (let round = 0; round < 3; round++) {
      const his = await bob.goOnline('--peer', herAddress)
      const sender = bob.start('send', 'Hike', '--lines')
      for (let i = 0; i < 300; i++) sender.write(`${round}:${i}\n`)
      await sender.line(() => sender.lines.length >= 20 + round * 60)
      await Promise.all(round % 2 === 0 ? [his.daemon.kill()] : [hers.kill(), his.daemon.kill()])
      await sender.ended()
      acknowledged.push(...sender.lines.flatMap((line) => (line as unknown as Partial<Message>).text ?? []))
      expect(await bob.everything()).toEqual(expect.arrayContaining(acknowledged))
      if (round % 2 === 1) ({ daemon: hers, address: herAddress } = await alice.goOnline())
    }
    const tail = await tailing(alice)
    const his = await bob.goOnline('--peer', herAddress)
    await bob.run('send', 'Hike', 'the end')
    await arrived(tail, ['the end'])
    expect([await hers.interrupt(), await his.daemon.interrupt()]).toEqual([0, 0])
    const all = await alice.everything()
    expect(all).toEqual(expect.arrayContaining(acknowledged))
    expect(await bob.everything()).toEqual(all)
  })
})
