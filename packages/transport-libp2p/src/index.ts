/**
 * The transport of desktop peers: libp2p streams over TCP and WebSockets, encrypted by noise, multiplexed by yamux, through a relay where there
 * is no other way, and over WebRTC from there.
 *
 * ```ts
 * const transport = libp2pTransport({ listen: ['/ip4/0.0.0.0/tcp/4001'], peers: ['/ip4/192.0.2.1/tcp/4001'] })
 * await transport.start(host)
 * transport.addresses() // ['/ip4/192.168.1.7/tcp/4001/p2p/12D3KooW…']
 * ```
 *
 * Peers are found by address, or by topic: at a rendezvous, or on the local network. Every connection is offered to the core as a channel, and the core's handshake decides
 * whether the two have anything in common. Two peers that dial each other at the same time get two channels, of which the core uses one.
 */
import type { Transport } from '@parley/core'
import { createTransport, type Libp2pTransportInit } from './init.ts'
import { LocalNetwork } from './local-network.node.ts'
import { watchNetwork } from './network-changes.node.ts'

export type { Libp2pTransportInit } from './init.ts'

/** A transport for Node. @throws {InvalidArgument} when an address or the key cannot be read. */
export function libp2pTransport(init: Libp2pTransportInit = {}): Transport & Required<Pick<Transport, 'dial' | 'wake'>> {
  return createTransport(init, {
    goOnline: async (online) => {
      const [{ goOnline }, { sockets }] = [await import('./online.ts'), await import('./sockets.node.ts')]
      return goOnline({ ...online, sockets })
    },
    localNetwork: init.mdns === true ? (place) => new LocalNetwork(place) : undefined,
    watchNetwork,
  })
}
