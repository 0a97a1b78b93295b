/** Peers of the real core on memory stores and a memory network. */
import { nodeProvider } from '@parley/crypto/node'
import {
  createManualClock,
  createMemoryDisk,
  createMemoryNetwork,
  createMemoryStore,
  seededRandom,
  silentLogger,
  type ManualClock,
  type MemoryDisk,
  type MemoryNetwork,
  type MemoryStore,
} from '@parley/testing'
import {
  createEngine,
  type AttachmentsInit,
  type Clock,
  type Conversation,
  type ConversationEvents,
  type Logger,
  type Parley,
  type Replicate,
  type Store,
  type Transport,
} from '../src/index.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

let seed = 1

export interface PeerInit {
  store?: Store
  clock?: Clock
  logger?: Logger
  /** Default: one on the network of the world, at the address `memory:<name>`. */
  transports?: readonly Transport[]
  /** How much of the past is kept of what a peer comes late to. */
  replicate?: Replicate
  /** Where files are kept; none by default. */
  attachments?: AttachmentsInit
}

export interface World {
  readonly network: MemoryNetwork
  readonly peers: Parley[]
  peer(name: string, init?: PeerInit): Promise<Parley>
  close(): Promise<void>
}

/** A network with as many peers as a test asks for, on real time. */
export function createWorld(clock: Clock = systemClock): World {
  const network = createMemoryNetwork({ clock })
  const peers: Parley[] = []
  return {
    network,
    peers,
    async peer(name, init = {}) {
      const peer = await createEngine({
        store: createMemoryStore(),
        transports: [network.transport(name)],
        crypto: nodeProvider(),
        clock,
        random: seededRandom(seed++),
        logger: silentLogger(),
        ...init,
        name,
      })
      peers.push(peer)
      return peer
    },
    async close() {
      await Promise.all(peers.map((p) => p.close()))
    },
  }
}

/** A group that `founder` made and all the others joined. Returns one conversation object each, the founder's first. */
export async function createSharedGroup(founder: Parley, ...others: Parley[]): Promise<Conversation[]> {
  const group = await founder.createGroup({ title: 'Picnic' })
  const joined: Conversation[] = []
  for (const other of others) {
    const conversation = await other.join(await group.invite())
    await conversation.admitted()
    joined.push(conversation)
  }
  return [group, ...joined]
}

/** Resolves once `check` holds; looks after every event of the engine's, so no time is guessed. The test's own time limit bounds it. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** As `until`, where time stands still: moves the clock on in steps of a millisecond, for frames need a timer to arrive. */
export async function passUntil(clock: ManualClock, check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) {
    await clock.advance(1)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** A group on a clock that stands still. */
export async function createGroupOn(clock: ManualClock, founder: Parley, ...others: Parley[]): Promise<Conversation[]> {
  let result: Conversation[] | undefined
  const made = createSharedGroup(founder, ...others).then((conversations) => (result = conversations))
  await passUntil(clock, () => result !== undefined)
  return made
}

/** Alice and bob in a group that she made, on a clock that stands still. */
export interface Two {
  readonly clock: ManualClock
  readonly world: World
  /** Alice's. */
  readonly store: MemoryStore
  readonly alice: Parley
  readonly bob: Parley
  readonly hers: Conversation
  readonly his: Conversation
}

/** Two people, for tests of what they do in a conversation. `ofBob` says what his engine is made with. */
export async function createTwo(ofBob: PeerInit = {}): Promise<Two> {
  const clock = createManualClock()
  const world = createWorld(clock)
  const store = createMemoryStore()
  const alice = await world.peer('alice', { store })
  const bob = await world.peer('bob', ofBob)
  const [hers, his] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
  return { clock, world, store, alice, bob, hers, his }
}

/** Collects what an event brings. */
export function heard<K extends keyof ConversationEvents>(conversation: Conversation, name: K): Parameters<ConversationEvents[K]>[] {
  const calls: Parameters<ConversationEvents[K]>[] = []
  conversation.on(name, ((...args: Parameters<ConversationEvents[K]>) => void calls.push(args)) as ConversationEvents[K])
  return calls
}

/** Texts of the newest page. */
export async function textsOf(conversation: Conversation, page?: number): Promise<string[]> {
  return (await conversation.getMessages(page)).messages.map((m) => m.text)
}

/** Texts of all pages, oldest first. */
export async function allTexts(conversation: Conversation): Promise<string[]> {
  const { totalPages } = await conversation.getMessages()
  const texts: string[] = []
  for (let page = totalPages; page >= 1; page--) texts.push(...(await textsOf(conversation, page)))
  return texts
}

/** Another disk with the same rows. Nobody may have the first one open. */
export async function copyDisk(disk: MemoryDisk): Promise<MemoryDisk> {
  const copy = createMemoryDisk()
  const [from, to] = [createMemoryStore({ disk }), createMemoryStore({ disk: copy })]
  const rows = await from.range({ gte: new Uint8Array(0), lt: new Uint8Array(40).fill(0xff) })
  await to.write(
    rows.map(({ key, value }) => ({ type: 'put', key, value })),
    { durability: 'strict' },
  )
  await from.close()
  await to.close()
  return copy
}

/** Alice and bob in a group on a fake clock, with a network between them that takes its time. */
export async function createDistantPair(latencyMs: number): Promise<{
  world: World
  clock: ManualClock
  network: MemoryNetwork
  alice: Parley
  bob: Parley
  hers: Conversation
  his: Conversation
}> {
  const clock = createManualClock()
  const world = createWorld(clock)
  const network = createMemoryNetwork({ clock, latencyMs })
  const [alice, bob] = [
    await world.peer('alice', { clock, transports: [network.transport('alice')] }),
    await world.peer('bob', { clock, transports: [network.transport('bob')] }),
  ]
  const [hers, his] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
  await passUntil(clock, () => hers.syncState.phase === 'live' && his.syncState.phase === 'live')
  return { world, clock, network, alice, bob, hers, his }
}
