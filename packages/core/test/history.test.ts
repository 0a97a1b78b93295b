/** A newcomer to a long conversation has the newest messages first, and the past behind them. */
import { decodeLinkMessage, deviceIdOf, type DeviceId } from '@parley/protocol'
import { createMemoryStore, type MemoryStore } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import type { Conversation, Parley, Replicate, Transport } from '../src/index.ts'
import { allTexts, createSharedGroup, createWorld, textsOf, until, type World } from './support.ts'

let world: World
afterEach(() => world.close())

const isComplete = (conversation: Conversation): boolean => conversation.syncState.complete !== false

/** The process of a peer ends just now; what is in its store goes on at the given address, alone in the world. */
async function crash(peer: Parley, address: string, store: MemoryStore, replicate: Replicate): Promise<Parley> {
  world.network.partition([address, 'carol'], ['alice', 'bob'])
  world.peers.splice(world.peers.indexOf(peer), 1)
  return world.peer('carol', { store: store.crash(), replicate, transports: [world.network.transport(address)] })
}

/** Alice and bob have said so many things each, in turns of a few. */
async function longTalk(each: number): Promise<{ alice: Parley; bob: Parley; group: Conversation; his: Conversation; texts: string[] }> {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [group, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  for (let i = 0; i < each; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, k) => group.sendMessage({ text: `alice ${i + k}` })))
    await Promise.all(Array.from({ length: 100 }, (_, k) => his.sendMessage({ text: `bob ${i + k}` })))
  }
  await until(async () => (await group.getMessages()).totalMessages === 2 * each && (await his.getMessages()).totalMessages === 2 * each)
  return { alice, bob, group, his, texts: await allTexts(group) }
}

test('the newest page and the totals are there before anything older, and then all', async () => {
  const { group, texts } = await longTalk(600)
  const carol = await world.peer('carol')
  const hers = await carol.join(await group.invite())
  await hers.admitted()
  expect(hers.getMembers()).toHaveLength(2 + 1)
  await until(() => hers.syncState.complete === false)
  const first = await hers.getMessages()
  expect(first.messages.map(({ text }) => text)).toEqual(texts.slice(-25))
  expect(first.totalMessages).toBe(texts.length)
  expect(first.complete).toBeUndefined()
  // Most of it is still to come.
  expect(isComplete(hers)).toBe(false)
  await until(() => isComplete(hers))
  expect(await allTexts(hers)).toEqual(texts)
  expect(carol.inspect().rejected).toEqual({})
})

test('on demand, what comes before is fetched when somebody looks for it, and survives a crash', async () => {
  const { group, texts } = await longTalk(600)
  const store = createMemoryStore()
  const first = await world.peer('carol', { store, replicate: 'on-demand' })
  let hers = await first.join(await group.invite())
  await hers.admitted()
  await until(() => hers.syncState.complete === false)
  expect(await textsOf(hers)).toEqual(texts.slice(-25))
  expect((await hers.getMessages()).totalPages).toBe(48)
  // A page in the middle, and what is said meanwhile.
  expect(await textsOf(hers, 20)).toEqual(texts.slice(-500, -475))
  expect(isComplete(hers)).toBe(false)
  await group.sendMessage({ text: 'late' })
  await until(async () => (await textsOf(hers)).at(-1) === 'late')
  await hers.sendMessage({ text: 'mine' })
  await until(async () => (await textsOf(group)).at(-1) === 'mine')
  texts.push('late', 'mine')
  const carol = await crash(first, 'carol again', store, 'on-demand')
  hers = carol.conversation(hers.getId())!
  // Nobody is there who could give the rest.
  expect(await textsOf(hers)).toEqual(texts.slice(-25))
  const last = await hers.getMessages(49)
  expect(last).toMatchObject({ totalMessages: 1_202, complete: false })
  world.network.heal()
  await until(() => hers.syncState.phase === 'live')
  expect((await hers.getMessages(49)).complete).toBeUndefined()
  expect(await allTexts(hers)).toEqual(texts)
  expect(isComplete(hers)).toBe(true)
  expect(carol.inspect().rejected).toEqual({})
})

test('a crash halfway through the past loses nothing', async () => {
  const { group, texts } = await longTalk(600)
  const store = createMemoryStore()
  const first = await world.peer('carol', { store })
  const before = await first.join(await group.invite())
  await until(() => before.syncState.complete === false)
  const carol = await crash(first, 'carol again', store, 'all')
  const hers = carol.conversation(before.getId())!
  world.network.heal()
  await until(async () => isComplete(hers) && (await hers.getMessages()).totalMessages === texts.length)
  expect(await allTexts(hers)).toEqual(texts)
})

test('what was done to messages of before shows when they come, and counts at once', async () => {
  const { group, his, texts } = await longTalk(600)
  const oldest = (await group.getMessages(48)).messages
  const of = (name: string): typeof oldest => oldest.filter(({ author }) => author.name === name)
  const [edited, deleted, reacted] = of('alice')
  await group.updateMessage(edited!.id, { text: 'edited' })
  await group.deleteMessage(deleted!.id)
  await his.react(reacted!.id, '👍')
  await his.sendMessage({ text: 'yes', replyTo: reacted!.id })
  await until(
    async () => (await his.getMessages()).totalMessages === texts.length && (await group.getMessages()).totalMessages === texts.length,
  )
  const carol = await world.peer('carol', { replicate: 'on-demand' })
  const hers = await carol.join(await group.invite())
  await until(async () => (await hers.getMessages()).totalMessages === texts.length)
  expect(isComplete(hers)).toBe(false)
  expect(await allTexts(hers)).toEqual(await allTexts(his))
  const [first] = (await hers.getMessages(48)).messages
  expect(first?.text).toBe('edited')
  const shown = await hers.getMessage(reacted!.id)
  expect(shown?.reactions.map(({ emoji }) => emoji)).toEqual(['👍'])
  expect(shown?.replies).toBe(1)
  expect(await hers.getMessage(deleted!.id)).toBeUndefined()
})

test('a window goes back beyond what is here', async () => {
  const { group, texts } = await longTalk(600)
  const carol = await world.peer('carol', { replicate: 'on-demand' })
  const hers = await carol.join(await group.invite())
  await until(() => hers.syncState.complete === false)
  const window = hers.timeline({ limit: 50 })
  await window.ready
  while (window.getSnapshot().hasBefore && window.getSnapshot().messages.length < 700) await window.loadBefore(200)
  expect(window.getSnapshot().messages.map(({ text }) => text)).toEqual(texts.slice(-window.getSnapshot().messages.length))
  expect(window.getSnapshot().messages.length).toBeGreaterThanOrEqual(700)
})

test('a newcomer hears first of the logs of those who spoke last, and asks for these first', async () => {
  world = createWorld()
  const names = ['alice', 'bob', 'dave', 'erin']
  const peers: Parley[] = []
  for (const name of names) peers.push(await world.peer(name))
  const [founder, ...others] = peers as [Parley, ...Parley[]]
  const groups = await createSharedGroup(founder, ...others)
  const speakers = [2, 0, 3, 1]
  for (const [said, who] of speakers.entries()) {
    await groups[who]!.sendMessage({ text: 'hello' })
    await until(async () => (await Promise.all(groups.map((group) => group.getMessages()))).every((page) => page.totalMessages > said))
  }
  const devices = speakers.map((who) => peers[who]!.me.deviceId)
  const { transport, told, asked } = overhearing(world.network.transport('carol'), devices)
  const carol = await world.peer('carol', { transports: [transport] })
  const hers = await carol.join(await groups[0]!.invite())
  await hers.admitted()
  await until(async () => (await hers.getMessages()).totalMessages === speakers.length)
  // Whoever let her in said so last of all.
  const isNewestFirst = (order: readonly DeviceId[]): boolean =>
    devices.some((admitter) => order.join() === [admitter, ...devices.toReversed().filter((device) => device !== admitter)].join())
  expect(told.some(isNewestFirst)).toBe(true)
  expect(asked.some(isNewestFirst)).toBe(true)
})

/** The transport, and in which order those devices are named in what is heard of heads, and in what is asked for. */
function overhearing(
  transport: Transport,
  devices: readonly DeviceId[],
): { transport: Transport; told: DeviceId[][]; asked: DeviceId[][] } {
  const [told, asked]: DeviceId[][][] = [[], []]
  const note = (frame: Uint8Array): void => {
    const message = decodeLinkMessage(frame.subarray(1))
    if (message.type === 'have') told!.push(namesOf(message.heads))
    if (message.type === 'want') asked!.push(namesOf(message.ranges))
  }
  const namesOf = (items: readonly { device: Uint8Array }[]): DeviceId[] =>
    items.map(({ device }) => deviceIdOf(device)).filter((device) => devices.includes(device))
  const { start } = transport
  transport.start = (host) =>
    start.call(transport, {
      ...host,
      onChannel(channel) {
        const { onFrame, send } = channel
        channel.onFrame = (listener) =>
          onFrame.call(channel, (frame) => {
            if (isWhole(frame)) note(frame)
            listener(frame)
          })
        channel.send = (frame) => {
          if (isWhole(frame)) note(frame)
          send.call(channel, frame)
        }
        host.onChannel(channel)
      },
    })
  return { transport, told: told!, asked: asked! }
}

/** A whole message of the lane `control` in one frame. */
const isWhole = (frame: Uint8Array): boolean => frame[0] === 0x80 && frame.length < 4_096
