/** What opening reads instead of all control entries: it says the same as they do, and is there only while it covers them all. */
import { nodeProvider } from '@parley/crypto/node'
import { conversationIdBytes, encodeCbor } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Context } from '../src/context.ts'
import { createEngine, type Conversation, type Parley, type Store, type Transport } from '../src/index.ts'
import { storeKeyVault } from '../src/profile/key-vault.ts'
import { loadProfile } from '../src/profile/profile.ts'
import { decodeSnapshot, encodeSnapshot, MIN_SNAPSHOT_ENTRIES } from '../src/replica/control-snapshot.ts'
import { conversationRange, Keyspace } from '../src/replica/keyspace.ts'
import { decodeRecord } from '../src/replica/record.ts'
import { Replica } from '../src/replica/replica.ts'
import { WaitingBytes } from '../src/support/waiting-bytes.ts'
import { createSharedGroup, createWorld, systemClock, until, type World } from './support.ts'

const crypto = nodeProvider()
const hash = (bytes: Uint8Array): Uint8Array => crypto.sha256(bytes)

let world: World
let disk: MemoryDisk
let groups: Conversation[]
let bob: Parley

/** Alice, bob, carol and dave in a group with a past: roles, removals and what follows from them, marks, and many changes of its metadata. */
beforeEach(async () => {
  world = createWorld()
  disk = createMemoryDisk()
  const alice = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const [, carol, dave] = [(bob = await world.peer('bob')), await world.peer('carol'), await world.peer('dave')]
  groups = await createSharedGroup(alice, bob, carol, dave)
  const [group, his] = groups as [Conversation, Conversation]
  const message = await group.sendMessage({ text: 'hello' })
  await group.pin(message.id)
  await until(() => group.members().every(({ name }) => name !== ''))
  await group.setRole(bob.me.id, 'admin')
  await group.removeMember(dave.me.id)
  await groups[2]!.leave()
  await until(() => his.getMembers().length === 2 && group.getMembers().length === 2)
  await Promise.all(
    Array.from({ length: MIN_SNAPSHOT_ENTRIES }, (_, i) => group.setMetadata({ [`key ${i % 7}`]: i % 2 === 0 ? i : i / 3 })),
  )
})
afterEach(() => world.close())

/** What a conversation tells of its people and itself. */
async function told(conversation: Conversation): Promise<unknown> {
  const { messages, totalMessages } = await conversation.getMessages()
  return {
    members: conversation.members().map(({ id, name, role }) => [id, name, role]),
    former: conversation.formerMembers(),
    invites: conversation.invites().map(({ id, used }) => [id, used]),
    metadata: conversation.getMetadata(),
    title: conversation.getTitle(),
    texts: messages.map(({ text }) => text),
    totalMessages,
    pinned: (await conversation.pinned()).map(({ text }) => text),
  }
}

/** Opens alice's profile again, from that store. */
const reopen = (store: Store, transports: readonly Transport[] = []): Promise<Parley> =>
  createEngine({ store, transports, crypto, clock: systemClock, random: seededRandom(99), logger: silentLogger() })

const foldKey = (): Uint8Array => new Keyspace(conversationIdBytes(groups[0]!.getId())).controlFold()

/** A store on alice's disk, and how often all control entries were read from it. */
function watched(): { store: Store; read: () => number } {
  const store = createMemoryStore({ disk })
  const keys = new Keyspace(conversationIdBytes(groups[0]!.getId()))
  const { range } = store
  let count = 0
  store.range = (query) => {
    if (query.gte.join() === keys.controls().gte.join()) count++
    return range.call(store, query)
  }
  return { store, read: () => count }
}

/** Alice's copy of the conversation, as it lies on her disk. */
async function replicaOn(store: Store): Promise<Replica> {
  const random = seededRandom(7)
  const vault = storeKeyVault({ store, crypto, random })
  const { identity } = await loadProfile({ store, vault, crypto, clock: systemClock, random }, undefined)
  const report = (error: unknown): void => {
    throw error
  }
  const context: Context = {
    store,
    crypto,
    clock: systemClock,
    random,
    logger: silentLogger(),
    me: identity,
    waiting: new WaitingBytes(),
    report,
  }
  const [row] = await store.range(conversationRange())
  const replica = new Replica(context, groups[0]!.getId(), decodeRecord(row!.value))
  await replica.load()
  return replica
}

test('who opens and looks reads no control entries, and sees the same; what is kept says what they say', async () => {
  const before = await told(groups[0]!)
  await world.peers.shift()!.close()
  const { store, read } = watched()
  const again = await reopen(store)
  expect(await told(again.conversations[0]!)).toEqual(before)
  expect(read()).toBe(0)
  // Who says something takes part in more than looking.
  await again.conversations[0]!.sendMessage({ text: 'once more' })
  expect(read()).toBe(1)
  await again.close()

  const kept = createMemoryStore({ disk })
  const replica = await replicaOn(kept)
  expect(replica.controls.isWhole).toBe(false)
  await replica.whole()
  expect(replica.controls.snapshot()).toEqual(await kept.get(foldKey()))
  await replica.close()
})

test('what comes later is taken in as ever, and what was kept is void with the first of it', async () => {
  await world.peers.shift()!.close()
  await groups[1]!.setMetadata({ later: true })
  await groups[1]!.invite()
  const [made] = groups[1]!.invites()
  const store = createMemoryStore({ disk })
  expect(await store.get(foldKey())).toBeDefined()
  const again = await reopen(store, [world.network.transport('alice')])
  world.peers.push(again)
  const [hers] = again.conversations as [Conversation]
  await until(() => hers.getMetadata()['later'] === true && hers.invites().some(({ id }) => id === made!.id))
  expect(await store.get(foldKey())).toBeUndefined()
  const erin = await world.peer('erin')
  const joined = await erin.join(await hers.invite())
  await joined.admitted()
  await until(() => groups[1]!.getMembers().length === 3 && hers.getMembers().length === 3)
  const before = await told(hers)
  // The process ends without a word.
  world.peers.splice(world.peers.indexOf(again), 1)
  const crashed = await reopen(store.crash())
  expect(await told(crashed.conversations[0]!)).toEqual(before)
  await crashed.close()
})

test('what is of another format, or says too little since a key came, is passed over', async () => {
  const before = await told(groups[0]!)
  await world.peers.shift()!.close()
  const closed = createMemoryStore({ disk })
  const snapshot = decodeSnapshot((await closed.get(foldKey()))!, hash)!
  await closed.close()
  const { currentEpoch } = snapshot.membership
  for (const value of [encodeCbor([0]), encodeSnapshot({ ...snapshot, latestMs: 1, unread: [currentEpoch!] })]) {
    const { store, read } = watched()
    await store.write([{ type: 'put', key: foldKey(), value }])
    const again = await reopen(store)
    expect(read()).toBe(1)
    expect(await told(again.conversations[0]!)).toEqual(before)
    await again.close()
  }
})
