/** How a libp2p transport is made, the same on every platform. */
import { ParleyError } from '@parley/protocol'
import { parseAddress, parseHostAddress } from './address.ts'
import { Libp2pTransport, type Platform } from './transport.ts'
import type { IceServer } from './web-rtc.ts'

/** Bytes of an Ed25519 seed (RFC 8032). */
const SEED_BYTES = 32

export interface Libp2pTransportInit {
  /** TCP or WebSocket (`/ws`) multiaddresses to listen on; port 0 takes a free one. None by default: this peer dials and is not dialled. */
  listen?: readonly string[]
  /** Multiaddresses to keep connected, with or without `/p2p/PEER-ID`; with it, nobody else can answer there. */
  peers?: readonly string[]
  /** Multiaddresses of circuit relays at which a place is kept, so that others reach this peer through them. */
  relays?: readonly string[]
  /** `ws:` or `wss:` addresses of servers where peers of the same topics tell each other their addresses. Any one suffices. */
  rendezvous?: readonly string[]
  /** Whether peers of the same topics find each other on the local network too, by multicast DNS. Node only; not by default. */
  mdns?: boolean
  /**
   * Whether peers that meet through a relay look for a way without it by WebRTC, which comes through most routers. Default: yes.
   * On desktops it is a native library, loaded with the first such connection.
   */
  webRtc?: boolean
  /** STUN and TURN servers for that. None by default, which serves peers of one network and those with public addresses. */
  iceServers?: readonly IceServer[]
  /** The 32-byte Ed25519 seed that the peer id comes from, so that it stays the same; a new one for every start by default. */
  privateKey?: Uint8Array
}

/** @throws {InvalidArgument} when an address or the key cannot be read. */
export function createTransport(init: Libp2pTransportInit, platform: Platform): Libp2pTransport {
  const { listen = [], peers = [], relays = [], rendezvous = [], privateKey, webRtc = true, iceServers = [] } = init
  if (privateKey !== undefined && privateKey.length !== SEED_BYTES) {
    throw new ParleyError('InvalidArgument', `privateKey is an Ed25519 seed of ${SEED_BYTES} bytes; this has ${privateKey.length}.`)
  }
  for (const address of listen) parseHostAddress(address)
  for (const url of rendezvous) {
    if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol))
      throw new ParleyError('InvalidArgument', `"${url}" is no rendezvous; write a WebSocket address, "wss://…" or "ws://…".`)
  }
  for (const url of iceServers.flatMap(({ urls }) => urls)) {
    if (!/^(?:stun|turn)s?:./.test(url)) throw new ParleyError('InvalidArgument', `"${url}" is no ICE server; write "stun:…" or "turn:…".`)
  }
  return new Libp2pTransport({
    listen: [...listen],
    peers: peers.map(parseAddress),
    relays: relays.map(parseHostAddress),
    rendezvous: [...new Set(rendezvous)],
    iceServers: webRtc ? iceServers : undefined,
    seed: privateKey && new Uint8Array(privateKey),
    platform,
  })
}
