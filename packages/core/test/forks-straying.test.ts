/** Histories that part from those of a proved fork earlier on, and copies of a profile that are online together: what the simulator found. */
import { createManualClock, createMemoryDisk, createMemoryNetwork, createMemoryStore, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { allTexts, copyDisk, createGroupOn, createSharedGroup, createWorld, passUntil, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

async function stop(peer: Parley): Promise<void> {
  await peer.close()
  world.peers.splice(world.peers.indexOf(peer), 1)
}

const groupOf = (peer: Parley): Conversation => peer.conversations[0]!
const say = async (conversation: Conversation, ...texts: string[]): Promise<void> => {
  for (const text of texts) await conversation.sendMessage({ text })
}
const shows = async (conversation: Conversation, ...texts: string[]): Promise<boolean> => {
  const shown = await allTexts(conversation)
  return texts.every((text) => shown.includes(text))
}
const untilShown = (conversations: readonly Conversation[], ...texts: string[]): Promise<void> =>
  until(async () => (await Promise.all(conversations.map((conversation) => shows(conversation, ...texts)))).every(Boolean))

/** Frames take so long, in milliseconds, that what is shown between two of them can be seen. */
const LATENCY_MS = 15
const FORKED = ['before', 'more 1', 'more 2', 'one', 'two']
const OLD = ['old 1', 'old 2', 'old 3', 'old 4', 'old 5']

/** Bob and carol, who know of a fork of alice's device; dave, who was away; and a backup of alice's from before what is proved. */
async function createForked(): Promise<{
  network: ReturnType<typeof createMemoryNetwork>
  his: Conversation
  carols: Conversation
  daves: Conversation
  old: MemoryDisk
}> {
  const network = createMemoryNetwork({ latencyMs: LATENCY_MS })
  const start = (name: string, disk?: MemoryDisk): Promise<Parley> =>
    world.peer(name, { transports: [network.transport(name)], ...(disk && { store: createMemoryStore({ disk }) }) })
  const disk = createMemoryDisk()
  const alice = await start('alice', disk)
  const [bob, carol, dave] = [await start('bob'), await start('carol'), await start('dave')]
  const [his, hers, carols, daves] = (await createSharedGroup(bob, alice, carol, dave)) as [
    Conversation,
    Conversation,
    Conversation,
    Conversation,
  ]
  await say(hers, 'before')
  await untilShown([his, carols, daves], 'before')
  await stop(alice)
  const old = await copyDisk(disk)
  network.partition(['dave'], ['alice', 'bob', 'carol'])
  const newer = await start('alice', disk)
  await say(groupOf(newer), 'more 1', 'more 2')
  await untilShown([his, carols], 'more 2')
  await stop(newer)
  const copy = await copyDisk(disk)
  network.partition(['dave'], ['alice', 'bob'], ['alice again', 'carol'])
  const one = await start('alice', disk)
  const two = await start('alice again', copy)
  await say(groupOf(one), 'one')
  await say(groupOf(two), 'two')
  await untilShown([his], 'one')
  await untilShown([carols], 'two')
  await stop(one)
  await stop(two)
  network.partition(['dave', 'alice old'], ['bob', 'carol'])
  await untilShown([his, carols], ...FORKED)
  return { network, his, carols, daves, old }
}

test('a backup from before a proved fork is restored and goes on past it: its history is proved, too', { timeout: 60_000 }, async () => {
  const { network, his, carols, daves, old } = await createForked()
  network.partition(['dave'], ['alice old'], ['bob', 'carol'])
  const restored = await world.peer('alice old', { transports: [network.transport('alice old')], store: createMemoryStore({ disk: old }) })
  await say(groupOf(restored), ...OLD)
  // Dave, who could show the fork with his own eyes, comes last.
  network.partition(['dave'], ['alice old', 'bob', 'carol'])
  await untilShown([his, carols, groupOf(restored)], ...FORKED, ...OLD)
  network.heal()
  await untilShown([daves], ...FORKED, ...OLD)
})

test('a proof about other histories hides nothing of the one that is here', { timeout: 60_000 }, async () => {
  const { network, his, carols, daves, old } = await createForked()
  const restored = await world.peer('alice old', { transports: [network.transport('alice old')], store: createMemoryStore({ disk: old }) })
  await say(groupOf(restored), ...OLD)
  await untilShown([daves], ...OLD)
  await stop(restored)
  network.heal()
  await until(async () => {
    expect(await allTexts(daves)).toEqual(expect.arrayContaining(OLD))
    return (await shows(daves, ...FORKED)) && (await shows(his, ...OLD)) && (await shows(carols, ...OLD))
  })
})

test('two copies of a profile that are online together do not drive each other out without a pause', async () => {
  const clock = createManualClock()
  await world.close()
  world = createWorld(clock)
  const network = createMemoryNetwork({ latencyMs: 1 })
  let dials = 0
  const start = async (name: string, disk: MemoryDisk): Promise<Parley> => {
    const transport = network.transport(name)
    const dial = transport.dial!.bind(transport)
    transport.dial = (...args) => {
      dials++
      return dial(...args)
    }
    let peer: Parley | undefined
    const starting = world.peer(name, { store: createMemoryStore({ disk }), transports: [transport] })
    void starting.then((started) => (peer = started))
    await passUntil(clock, () => peer !== undefined)
    return peer!
  }
  const disk = createMemoryDisk()
  const alice = await start('alice', disk)
  const bob = await start('bob', createMemoryDisk())
  await createGroupOn(clock, bob, alice)
  await stop(alice)
  const copy = await copyDisk(disk)
  await start('alice', disk)
  await start('alice again', copy)
  dials = 0
  await clock.advance(60_000)
  // Each of the two after 1, 2, 4, 8 and 16 s, and once when it has lost its link.
  expect(dials).toBeLessThanOrEqual(14)
})
