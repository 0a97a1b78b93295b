import type { Connection, PeerId } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { compareBytes, concatBytes, ParleyError } from '@parley/protocol'

/** A host and port, perhaps WebSockets, perhaps a peer id, perhaps a way through a relay to somebody else. */
const SHAPE = /^(ip4|ip6|dns|dns4|dns6)\/tcp(\/ws|\/wss|\/tls\/ws)?(\/p2p)?(?<circuit>(?<=\/p2p)\/p2p-circuit\/p2p)?$/

/** An address that was read: what to dial, and whose it is if it says so. */
export interface PeerAddress {
  multiaddr: Multiaddr
  /** The peer id in text, when the address ends in `/p2p/…`. */
  peerId: string | undefined
  /** Whether a relay is on the way. */
  isRelayed: boolean
}

/**
 * Reads `/ip4/…/tcp/…`, `/ip6/…`, `/dns…/…`, each perhaps with `/ws` or `/tls/ws`, with or without `/p2p/…`; and behind a relay
 * `…/p2p/RELAY-ID/p2p-circuit/p2p/PEER-ID`. @throws {InvalidArgument} for anything else.
 */
export function parseAddress(text: string): PeerAddress {
  const address = readMultiaddr(text)
  const components = address?.getComponents() ?? []
  const match = SHAPE.exec(components.map(({ name }) => name).join('/'))
  if (address === undefined || match === null) {
    throw new ParleyError(
      'InvalidArgument',
      `"${text}" is no TCP or WebSocket multiaddress; write it like /ip4/192.0.2.1/tcp/4001, /dns4/example.org/tcp/443/tls/ws, or with /p2p/PEER-ID after it.`,
    )
  }
  const last = components.at(-1)
  return { multiaddr: address, peerId: last?.name === 'p2p' ? last.value : undefined, isRelayed: isRelayed(address) }
}

/** Reads an address with a host of its own: one to listen on, or of a relay. @throws {InvalidArgument} for anything else. */
export function parseHostAddress(text: string): PeerAddress {
  const address = parseAddress(text)
  if (address.isRelayed) throw new ParleyError('InvalidArgument', `"${text}" leads through a relay; name a host.`)
  return address
}

/** Whether an address, or the other end of a connection, is behind a relay. */
export function isRelayed(address: Multiaddr): boolean {
  return address.getComponents().some(({ name }) => name === 'p2p-circuit')
}

function readMultiaddr(text: string): Multiaddr | undefined {
  try {
    const address = multiaddr(text)
    // From text it only checks the grammar; the values, such as the peer id, are read when bytes are asked for.
    return multiaddr(address.bytes)
  } catch (error) {
    // The library has no one class for what it cannot read; the caller says what is wrong.
    if (error instanceof Error) return undefined
    throw error
  }
}

/**
 * The binding of a channel: both peer ids as multihash bytes, the smaller first, each after its length as 16 bits big-endian.
 * Noise proves both ids, so someone in the middle would have to be one of them.
 */
export function channelBinding(local: PeerId, connection: Connection): Uint8Array {
  const ids = [local, connection.remotePeer].map((id) => id.toMultihash().bytes).sort(compareBytes)
  return concatBytes(...ids.flatMap((id) => [Uint8Array.of(id.length >> 8, id.length & 0xff), id]))
}
