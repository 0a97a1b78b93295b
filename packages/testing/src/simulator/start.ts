import type { SimPeer } from './sim-peer.ts'
import type { World } from './world.ts'

/** Starts a peer again. */
export function startPeer(world: World, peer: SimPeer): void {
  world.call(peer, 'starts', () => peer.start())
}
