/**
 * The transport of desktop peers: libp2p streams over TCP, encrypted by noise, multiplexed by yamux.
 *
 * ```ts
 * const transport = libp2pTransport({ listen: ['/ip4/0.0.0.0/tcp/4001'], peers: ['/ip4/192.0.2.1/tcp/4001'] })
 * await transport.start(host)
 * transport.addresses() // ['/ip4/192.168.1.7/tcp/4001/p2p/12D3KooW…']
 * ```
 *
 * Peers are found by address only, for there is no discovery on topics here yet: `setTopics` has no effect, every connection is offered
 * to the core as a channel, and the core's handshake decides whether the two have anything in common. Two peers that dial each other
 * at the same time get two channels, of which the core keeps one.
 */
import type { Transport } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { parseAddress } from './address.ts'
import { Libp2pTransport } from './transport.ts'

/** Bytes of an Ed25519 seed (RFC 8032). */
const SEED_BYTES = 32

/** How to make a libp2p transport. */
export interface Libp2pTransportInit {
  /** TCP multiaddresses to listen on; port 0 takes a free one. None by default: this peer dials and is not dialled. */
  listen?: string[]
  /** Multiaddresses to keep connected, with or without `/p2p/PEER-ID`; with it, nobody else can answer there. */
  peers?: string[]
  /** The 32-byte Ed25519 seed that the peer id comes from, so that it stays the same; a new one for every start by default. */
  privateKey?: Uint8Array
}

/** A transport over TCP for Node. @throws {InvalidArgument} when an address or the key cannot be read. */
export function libp2pTransport(init: Libp2pTransportInit = {}): Transport & Required<Pick<Transport, 'dial' | 'wake'>> {
  const { listen = [], peers = [], privateKey } = init
  if (privateKey !== undefined && privateKey.length !== SEED_BYTES) {
    throw new ParleyError('InvalidArgument', `privateKey is an Ed25519 seed of ${SEED_BYTES} bytes; this has ${privateKey.length}.`)
  }
  for (const address of listen) parseAddress(address)
  return new Libp2pTransport({ listen, peers: peers.map(parseAddress), seed: privateKey && new Uint8Array(privateKey) })
}
