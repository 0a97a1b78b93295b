/** Peers of the real core on memory stores and a memory network. */
import { nodeProvider } from '@parley/crypto/node'
import { createMemoryNetwork, createMemoryStore, seededRandom, silentLogger, type MemoryNetwork } from '@parley/testing'
import { createEngine, type Clock, type Conversation, type Parley, type Store } from '../src/index.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

let seed = 1

export interface World {
  readonly network: MemoryNetwork
  readonly peers: Parley[]
  peer(name: string, store?: Store): Promise<Parley>
  close(): Promise<void>
}

/** A network with as many peers as a test asks for, on real time. */
export function createWorld(clock: Clock = systemClock): World {
  const network = createMemoryNetwork({ clock })
  const peers: Parley[] = []
  return {
    network,
    peers,
    async peer(name, store = createMemoryStore()) {
      const peer = await createEngine({
        store,
        transports: [network.transport(`${name}-${seed}`)],
        crypto: nodeProvider(),
        clock,
        random: seededRandom(seed++),
        logger: silentLogger(),
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
