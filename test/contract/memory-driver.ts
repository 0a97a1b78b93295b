/** Peers in one process, on memory stores and a memory network. */
import { createEngine, type Clock, type Parley } from '@parley/core'
import { nodeFileCrypto, nodeProvider } from '@parley/crypto/node'
import { createMemoryBlobStore, createMemoryNetwork, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { Agent } from './agent.ts'
import type { Driver } from './driver.ts'
import { Peer } from './peer.ts'
import { Room } from './room.ts'

const CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout(callback, ms) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

export function createMemoryDriver(): Driver {
  const network = createMemoryNetwork({ clock: CLOCK })
  const opened: Parley[] = []
  return {
    async open(name, { offline = false, roomBytes } = {}) {
      const room = new Room(roomBytes)
      const parley = await createEngine({
        store: room.store(createMemoryStore()),
        transports: offline ? [] : [network.transport(name)],
        crypto: nodeProvider(),
        clock: CLOCK,
        random: seededRandom(opened.length + 1),
        logger: silentLogger(),
        attachments: { blobs: room.blobs(createMemoryBlobStore()), crypto: nodeFileCrypto() },
        name,
      })
      opened.push(parley)
      const agent = new Agent(parley, { widen: () => room.widen() })
      return new Peer((command) => agent.run(command))
    },
    async close() {
      await Promise.all(opened.map((parley) => parley.close()))
    },
  }
}
