/** `replicate: { keep }`: what is older is let go of, comes again when somebody looks for it, and the totals stay what they are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Conversation, type Parley, type Replicate, type Store } from '@parley/core'
import { nodeProvider } from '@parley/crypto/node'
import { conversationIdBytes, deviceIdBytes } from '@parley/protocol'
import { openLevelStore } from '@parley/store-level'
import {
  createManualClock,
  createMemoryDisk,
  createMemoryNetwork,
  createMemoryStore,
  seededRandom,
  silentLogger,
  type ManualClock,
  type MemoryNetwork,
} from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Keyspace } from '../../packages/core/src/replica/keyspace.ts'
import { allTexts, createGroupOn } from '../../packages/core/test/support.ts'

const DAY_MS = 86_400_000
const START_MS = Date.UTC(2026, 0, 1)
/** Of each: three chunks and a part of one. */
const OLD_MESSAGES = 900
const NEW_MESSAGES = 20

let folder = ''
let clock: ManualClock
let network: MemoryNetwork
let peers: Parley[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-keep-'))
})
afterEach(async () => {
  await closeAll()
  await rm(folder, { recursive: true })
})

function startAt(ms: number): void {
  clock = createManualClock({ start: ms })
  network = createMemoryNetwork({ clock })
}

/** Moves the clock on in larger steps than a test of what happens in between: there are timers of many seconds. */
async function passUntil(clock: ManualClock, check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) {
    for (let step = 0; step < 10; step++) {
      await clock.advance(10)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Waits for what needs the clock to move on. */
async function passing<T>(work: Promise<T>): Promise<T> {
  let isOver = false
  const watched = work.finally(() => (isOver = true))
  await passUntil(clock, () => isOver)
  return watched
}

async function closeAll(): Promise<void> {
  const closing = Promise.all(peers.map((peer) => peer.close()))
  peers = []
  await passing(closing)
}

async function open(name: string, store: Store, replicate: Replicate = 'all'): Promise<Parley> {
  const init = {
    store,
    transports: [network.transport(name)],
    crypto: nodeProvider(),
    clock,
    random: seededRandom(peers.length + 1),
    logger: silentLogger(),
  }
  const peer = await createEngine({ ...init, name, replicate })
  peers.push(peer)
  return peer
}

const sendAll = (conversation: Conversation, name: string, count: number): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, (_, i) => conversation.sendMessage({ text: `${name} ${i}` })))

test.each<[string, Replicate]>([
  ['thirty days, in LevelDB', { keep: { days: 30 } }],
  ['so many bytes, in memory', { keep: { bytes: 30_000 } }],
])('%s', { timeout: 60_000 }, async (where, replicate) => {
  const disks = [createMemoryDisk(), createMemoryDisk()] as const
  const openAlice = (): Promise<Store> | Store =>
    where.includes('LevelDB') ? openLevelStore({ path: join(folder, 'rows') }) : createMemoryStore({ disk: disks[0] })
  startAt(START_MS)
  const first = [await open('alice', await openAlice()), await open('bob', createMemoryStore({ disk: disks[1] }))] as const
  const [group, his] = (await createGroupOn(clock, ...first)) as [Conversation, Conversation]
  await passing(sendAll(group, 'hers', 300))
  // Some time apart: what is of one moment goes, or stays, together.
  for (let i = 0; i < OLD_MESSAGES; i += 180) {
    await passing(sendAll(his, `his ${i}`, 180))
    await clock.advance(1_000)
  }
  const isAll = async (all: readonly Conversation[], total: number): Promise<boolean> =>
    (await Promise.all(all.map((one) => one.getMessages()))).every(({ totalMessages }) => totalMessages === total)
  await passUntil(clock, () => isAll([group, his], 300 + OLD_MESSAGES))
  const bobDevice = deviceIdBytes(first[1].me.deviceId)
  const aliceDevice = deviceIdBytes(first[0].me.deviceId)
  const keys = new Keyspace(conversationIdBytes(group.getId()))
  await closeAll()

  startAt(START_MS + 40 * DAY_MS)
  const store = await openAlice()
  const alice = await open('alice', store, replicate)
  const bob = await open('bob', createMemoryStore({ disk: disks[1] }))
  const hers = alice.conversations[0]!
  await passing(sendAll(bob.conversations[0]!, 'newer', NEW_MESSAGES))
  await passUntil(clock, () => isAll([hers], 300 + OLD_MESSAGES + NEW_MESSAGES))
  const texts = await passing(allTexts(bob.conversations[0]!))
  const held = async (device: Uint8Array): Promise<number> => (await store.range(keys.entries(device, 0, 0xffff_ffff))).length
  expect(await held(bobDevice)).toBeGreaterThan(OLD_MESSAGES + NEW_MESSAGES)
  await clock.advance(11_000)
  await passUntil(clock, async () => hers.syncState.complete === false && (await held(bobDevice)) <= 3 * 256)

  // Some chunks of his, and all that she said herself.
  expect(await held(bobDevice)).toBeGreaterThan(256)
  expect(await held(aliceDevice)).toBeGreaterThan(300)
  const newest = await hers.getMessages()
  expect(newest).toMatchObject({ totalMessages: texts.length, totalPages: Math.ceil(texts.length / 25) })
  expect(newest.messages.map(({ text }) => text)).toEqual(texts.slice(-25))
  expect(await alice.verify()).toMatchObject({ isSound: true, damages: [] })
  // What is gone comes again for who looks for it, from the first page on.
  // The clock runs ahead of the work here, so a page may be answered before it has come, and is asked for again.
  let again: readonly string[] = []
  while (again.length < texts.length) again = await passing(allTexts(hers))
  expect(again).toEqual(texts)
  expect(await alice.verify()).toMatchObject({ isSound: true, damages: [] })
})

test('what is to be kept is a number above 0', async () => {
  startAt(START_MS)
  for (const keep of [{}, { days: 0 }, { bytes: -1 }, { weeks: 1 }, { days: 1, bytes: 1 }, { days: Number.NaN }])
    await expect(open('alice', createMemoryStore(), { keep } as Replicate)).rejects.toMatchObject({ code: 'InvalidArgument' })
})
