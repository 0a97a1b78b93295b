/** Multiaddresses as text, read without libp2p, which is not loaded before there is somebody to dial. */
import { ParleyError } from '@parley/protocol'

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)'
const PEER_ID = '[1-9A-HJ-NP-Za-km-z]{46,64}'
/** A host and port, perhaps WebSockets, perhaps a peer id, perhaps a way through a relay to somebody else, or over WebRTC with its help. */
const SHAPE = new RegExp(
  `^/(?:ip4/${OCTET}(?:\\.${OCTET}){3}|ip6/(?<ip6>[\\da-fA-F:.]+)|dns[46]?/[\\w.-]{1,253})/tcp/(?<port>\\d{1,5})(?:/ws|/wss|/tls/ws)?` +
    `(?:/p2p/(?<id>${PEER_ID})(?<circuit>/p2p-circuit(?:/webrtc)?/p2p/(?<behind>${PEER_ID}))?)?$`,
)
const MAX_PORT = 65_535

/** An address that was read: what to dial, and whose it is if it says so. */
export interface PeerAddress {
  readonly text: string
  /** The peer id, when the address ends in `/p2p/…`. */
  peerId: string | undefined
  /** Whether it leads to a peer by way of a relay. */
  readonly isBehindRelay: boolean
}

/** Whom to dial: one peer, under one address or several. */
export interface Target {
  readonly addresses: readonly string[]
  /** In text, when it is known. */
  readonly peerId: string | undefined
  /** Whether nobody asked for it: it was heard of, and the channel may be closed again when others suffice. */
  readonly isFound?: boolean
}

/**
 * Reads `/ip4/…/tcp/…`, `/ip6/…`, `/dns…/…`, each perhaps with `/ws` or `/tls/ws`, with or without `/p2p/…`; and behind a relay
 * `…/p2p/RELAY-ID/p2p-circuit/p2p/PEER-ID`, or `…/p2p-circuit/webrtc/p2p/PEER-ID`. @throws {InvalidArgument} for anything else.
 */
export function parseAddress(text: string): PeerAddress {
  const { ip6, port, id, circuit, behind } = SHAPE.exec(text)?.groups ?? {}
  if (port === undefined || Number(port) > MAX_PORT || (ip6 !== undefined && !URL.canParse(`http://[${ip6}]`))) {
    throw new ParleyError(
      'InvalidArgument',
      `"${text}" is no TCP or WebSocket multiaddress; write it like /ip4/192.0.2.1/tcp/4001, /dns4/example.org/tcp/443/tls/ws, or with /p2p/PEER-ID after it.`,
    )
  }
  return { text, peerId: behind ?? id, isBehindRelay: circuit !== undefined }
}

/** Reads an address with a host of its own: one to listen on, or of a relay. @throws {InvalidArgument} for anything else. */
export function parseHostAddress(text: string): PeerAddress {
  const address = parseAddress(text)
  if (address.isBehindRelay) throw new ParleyError('InvalidArgument', `"${text}" leads through a relay; name a host.`)
  return address
}

/** Whether everything that is said at that address, or over a connection to it, goes through a relay. */
export function isRelayed(address: string): boolean {
  return isBehindRelay(address) && !isWebRtc(address)
}

/** Whether an address is of no use without a relay. */
export function isBehindRelay(address: string): boolean {
  return address.includes('/p2p-circuit')
}

/** Whether a relay is needed only until the two ends have found a way. */
export function isWebRtc(address: string): boolean {
  return address.includes('/webrtc/')
}

/** Where a peer that has a place at a relay is met over WebRTC. */
export function webRtcAddress(relayed: string): string {
  return relayed.replace('/p2p-circuit/p2p/', '/p2p-circuit/webrtc/p2p/')
}
