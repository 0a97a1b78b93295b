/** The engine with its store and its transport watched from outside. */
import { createParley, type Parley } from '@parley/chat'
import { openLevelStore } from '@parley/store-level'
import { libp2pTransport } from '@parley/transport-libp2p'
import { markedStore, markedTransport } from './marks.ts'
import { LOOPBACK, ParleyPeer, parleySystem } from './parley-peer.ts'
import type { System } from './peer.ts'

async function open(profile: string, listen: readonly string[], name?: string): Promise<Parley> {
  const store = markedStore(await openLevelStore({ path: `${profile}/store` }))
  return createParley({ store, transports: [markedTransport(libp2pTransport({ listen }))], ...(name === undefined ? {} : { name }) })
}

export const markedSystem: System = {
  ...parleySystem,
  async open(profile, network) {
    const parley = await open(profile, network === 'listen' ? [LOOPBACK] : [])
    return new ParleyPeer(parley, parley.conversations[0])
  },
  async newcomer(profile) {
    return new ParleyPeer(await open(profile, [], 'Bob'), undefined)
  },
}
