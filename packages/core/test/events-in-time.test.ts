/** What events depend on time and on links that are lost, on a clock that stands still. What each is, `test/contract` says. */
import { createManualClock, type ManualClock } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Message, Parley } from '../src/index.ts'
import { createGroupOn, createWorld, heard, passUntil, type World } from './support.ts'

let clock: ManualClock
let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation

beforeEach(async () => {
  clock = createManualClock()
  world = createWorld(clock)
  alice = await world.peer('alice')
  bob = await world.peer('bob')
  ;[hers, his] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
  await passUntil(
    clock,
    () => hers.syncState.phase === 'live' && his.syncState.phase === 'live' && isOnline(hers, bob) && isOnline(his, alice),
  )
})
afterEach(() => world.close())

const isOnline = (conversation: Conversation, peer: Parley): boolean =>
  conversation.members().some((m) => m.id === peer.me.id && m.status === 'ONLINE')

/** What is under way has arrived, and what it set off. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) {
    await clock.advance(1)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

describe('message', () => {
  test('fires for messages that arrive late, and once only although they come again', async () => {
    world.network.partition(['alice'], ['bob'])
    await Promise.all(Array.from({ length: 30 }, (_, i) => hers.sendMessage({ text: `${i}` })))
    const got = heard(his, 'message')
    world.network.heal()
    await passUntil(clock, () => got.length >= 30)
    const phases = heard(his, 'syncState')
    world.network.disconnect('alice', 'bob')
    await passUntil(clock, () => phases.length > 1 && his.syncState.phase === 'live')
    expect(phases[0]![0]).toMatchObject({ phase: 'connecting', peers: 0 })
    await settle()
    expect(got.map(([m]) => m.text)).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`))
  })

  test('does not fire for a message whose deletion comes with it', async () => {
    world.network.partition(['alice'], ['bob'])
    const { id } = await hers.sendMessage({ text: 'regretted' })
    await hers.deleteMessage(id)
    await hers.sendMessage({ text: 'kept' })
    const got = heard(his, 'message')
    world.network.heal()
    await passUntil(clock, () => got.length > 0)
    await settle()
    expect(got.map(([m]) => m.text)).toEqual(['kept'])
  })
})

describe('typing and typingStopped, startTyping() and stopTyping()', () => {
  test('by silence of 6 s, when the link is lost', async () => {
    const [starts, stops] = [heard(his, 'typing'), heard(his, 'typingStopped')]
    hers.startTyping()
    await passUntil(clock, () => starts.length === 1)
    world.network.partition(['alice'], ['bob'])
    await clock.advance(5_900)
    expect(stops).toEqual([])
    await clock.advance(200)
    expect(stops.length).toBe(1)
  })

  test('who goes on typing stays typing, with at most one packet each 3 s', async () => {
    const [starts, stops] = [heard(his, 'typing'), heard(his, 'typingStopped')]
    hers.startTyping()
    await passUntil(clock, () => starts.length === 1)
    await settle()
    const sent = (): number => alice.inspect().links[0]!.bytesOut
    const before = sent()
    const start = clock.now()
    let packets = 0
    for (let bytes = before, i = 0; i < 40; i++) {
      for (let call = 0; call < 20; call++) hers.startTyping()
      await clock.advance(200)
      if (sent() > bytes) packets++
      bytes = sent()
    }
    expect(clock.now() - start).toBe(8_000)
    // Two or three of typing, and at most one heartbeat.
    expect(packets).toBeGreaterThanOrEqual(2)
    expect(packets).toBeLessThanOrEqual(4)
    expect([starts.length, stops.length]).toEqual([1, 0])
  })
})

describe('seen, and seen(messageId?)', () => {
  test('it never moves backwards, also for calls at the same time', async () => {
    const got = heard(hers, 'seen')
    const sent: Message[] = []
    for (const text of ['one', 'two', 'three']) sent.push(await hers.sendMessage({ text }))
    await passUntil(clock, async () => (await his.getMessages()).totalMessages === 3)
    await Promise.all([his.seen(sent[0]!.id), his.seen(sent[2]!.id), his.seen(sent[1]!.id)])
    await passUntil(clock, () => got.at(-1)?.[0] === sent[2]!.id)
    await his.seen(sent[1]!.id)
    await settle()
    expect(got.at(-1)![0]).toBe(sent[2]!.id)
    expect((await hers.getMessage(sent[2]!.id))!.seenBy).toEqual([bob.me.id])
    expect(his.unread).toBe(0)
  })

  test('unread counts what others wrote after it', async () => {
    await his.sendMessage({ text: 'own' })
    const first = await hers.sendMessage({ text: 'one' })
    await hers.sendMessage({ text: 'two' })
    await passUntil(clock, () => his.unread === 2)
    await his.seen(first.id)
    expect(his.unread).toBe(1)
    await his.seen()
    expect(his.unread).toBe(0)
    await hers.sendMessage({ text: 'three' })
    await passUntil(clock, () => his.unread === 1)
  })
})

describe('memberStatus', () => {
  test('OFFLINE on goodbye, ONLINE on return', async () => {
    const got = heard(his, 'memberStatus')
    await alice.close()
    await passUntil(clock, () => got.length === 1)
    expect(got).toEqual([[alice.me.id, 'OFFLINE']])
    const carol = await world.peer('carol')
    const link = await createGroupOn(clock, bob, carol)
    const theirs = heard(link[0]!, 'memberStatus')
    await carol.close()
    await passUntil(clock, () => theirs.some(([, status]) => status === 'OFFLINE'))
  })

  test('OFFLINE 30 s after the last sign of life, not before, and ONLINE when it returns', async () => {
    await settle()
    const got = heard(his, 'memberStatus')
    world.network.partition(['alice'], ['bob'])
    // The last packet is at most a heartbeat of 10 s old.
    await clock.advance(19_000)
    expect(got).toEqual([])
    await clock.advance(11_100)
    expect(got).toEqual([[alice.me.id, 'OFFLINE']])
    expect(his.members().find((m) => m.id === alice.me.id)!.status).toBe('OFFLINE')
    world.network.heal()
    await passUntil(clock, () => got.length === 2)
    expect(got[1]).toEqual([alice.me.id, 'ONLINE'])
  })

  test('who is there and says nothing stays ONLINE', async () => {
    const got = heard(his, 'memberStatus')
    for (let i = 0; i < 24; i++) {
      await clock.advance(5_000)
      await settle()
    }
    expect(got).toEqual([])
    expect(isOnline(his, alice)).toBe(true)
  })
})

test('messageState: stored, sent, delivered, seen', async () => {
  world.network.partition(['alice'], ['bob'])
  await settle()
  const states = heard(hers, 'messageState')
  const message = await hers.sendMessage({ text: 'one' })
  expect(message.state).toBe('stored')
  world.network.heal()
  await passUntil(clock, () => states.some(([, state]) => state === 'delivered'))
  expect((await hers.getMessage(message.id))!.state).toBe('delivered')
  const live = await hers.sendMessage({ text: 'two' })
  await passUntil(clock, () => states.some(([id, state]) => id === live.id && state === 'delivered'))
  expect(states.filter(([id]) => id === live.id).map(([, state]) => state)).toEqual(['sent', 'delivered'])
  await his.seen()
  await passUntil(clock, () => states.filter(([, state]) => state === 'seen').length === 2)
})

test('memberAdded and metadataUpdated tell of control entries', async () => {
  const [added, metadata] = [heard(his, 'memberAdded'), heard(his, 'metadataUpdated')]
  await hers.setMetadata({ place: 'park' })
  await passUntil(clock, () => metadata.length === 1)
  expect(metadata).toEqual([[{ place: 'park' }]])
  const carol = await world.peer('carol')
  let joined: Conversation | undefined
  void hers.invite().then(async (link) => {
    joined = await carol.join(link)
  })
  await passUntil(clock, () => joined?.state === 'member' && added.length === 1)
  expect(added).toEqual([[carol.me.id]])
})
