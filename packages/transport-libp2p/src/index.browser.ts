/**
 * The transport of browsers to desktop peers: libp2p streams over WebSockets and circuit relays. libp2p itself is loaded when somebody is to be
 * dialled, or relays are given, and not before.
 *
 * ```ts
 * const transport = libp2pTransport({ rendezvous: ['wss://rendezvous.example'], relays: ['/dns4/relay.example/tcp/443/tls/ws/p2p/12D3KooW…'] })
 * ```
 *
 * A page cannot listen: it dials desktop peers that listen on WebSockets, and others reach it through its relays.
 */
import type { Transport } from '@parley/core'
import { createTransport, type Libp2pTransportInit } from './init.ts'

export type { Libp2pTransportInit } from './init.ts'

/** A transport for browsers. @throws {InvalidArgument} when an address or the key cannot be read. */
export function libp2pTransport(init: Libp2pTransportInit = {}): Transport & Required<Pick<Transport, 'dial' | 'wake'>> {
  return createTransport(init, {
    goOnline: async (online) => {
      const [{ goOnline }, { sockets }] = [await import('./online.ts'), await import('./sockets.browser.ts')]
      return goOnline({ ...online, sockets })
    },
  })
}
