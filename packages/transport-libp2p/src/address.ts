import type { Connection, PeerId } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { ParleyError } from '@parley/protocol'

const HOSTS: ReadonlySet<string> = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** An address that was read: what to dial, and whose it is if it says so. */
export interface PeerAddress {
  multiaddr: Multiaddr
  /** The peer id in text, when the address ends in `/p2p/…`. */
  peerId: string | undefined
}

/** Reads `/ip4/…/tcp/…`, `/ip6/…`, `/dns…/…`, each with or without `/p2p/…`. @throws {InvalidArgument} for anything else. */
export function parseAddress(text: string): PeerAddress {
  const address = readMultiaddr(text)
  const [host, tcp, p2p, ...rest] = address?.getComponents() ?? []
  const isTcp =
    host !== undefined && HOSTS.has(host.name) && tcp?.name === 'tcp' && (p2p === undefined || p2p.name === 'p2p') && rest.length === 0
  if (address === undefined || !isTcp) {
    throw new ParleyError(
      'InvalidArgument',
      `"${text}" is no TCP multiaddress; write it like /ip4/192.0.2.1/tcp/4001 or with /p2p/PEER-ID after it.`,
    )
  }
  return { multiaddr: address, peerId: p2p?.value }
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
  const ids = [local, connection.remotePeer].map((id) => Buffer.from(id.toMultihash().bytes)).sort((a, b) => Buffer.compare(a, b))
  return new Uint8Array(Buffer.concat(ids.flatMap((id) => [Buffer.of(id.length >> 8, id.length & 0xff), id])))
}
