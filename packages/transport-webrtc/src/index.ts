/**
 * Transport over WebRTC data channels between browsers. Peers find each other at rendezvous servers that speak the y-webrtc signalling
 * protocol and see only topic names and encrypted text; once connected, a channel needs no server.
 *
 * ```ts
 * const transport = webrtcTransport({ rendezvous: ['wss://rendezvous.example'] })
 * transport.setTopics([{ name: 'meaningless', secret: 'shared' }])
 * await transport.start({ clock, random, logger, onChannel: (channel) => channel.send(Uint8Array.of(1)) })
 * ```
 *
 * y-webrtc does signalling, glare and peer life cycle on an empty document; frames travel on a data channel of our own.
 */
import type { Transport } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { WebrtcTransport } from './transport.ts'

export interface WebrtcTransportInit {
  /** `ws:` or `wss:` addresses of rendezvous servers. Any one suffices; with none, nobody is found. */
  rendezvous: readonly string[]
  /**
   * STUN and TURN servers. Default none: no third party hears of us unless it is named, and peers meet on one LAN or with public
   * addresses only.
   */
  iceServers?: readonly RTCIceServer[]
  /** Peers per topic to look for; more may still connect to us. Default 24. */
  maxPeers?: number
}

/** Enough for a well-connected partial mesh of a group of 50, and far from what a browser can hold. */
const DEFAULT_MAX_PEERS = 24

/**
 * Makes the transport. It can be imported anywhere; `start` fails with `Unreachable` outside a browser.
 * Two of them in one page cannot have the same topic at once: the second waits until the first gives it up.
 * @throws {InvalidArgument} when a rendezvous is no WebSocket address.
 */
export function webrtcTransport(init: WebrtcTransportInit): Transport {
  for (const url of init.rendezvous) {
    if (!URL.canParse(url) || !/^wss?:$/.test(new URL(url).protocol))
      throw new ParleyError('InvalidArgument', 'a rendezvous is a WebSocket address, "wss://…" or "ws://…"')
  }
  return new WebrtcTransport({
    rendezvous: [...new Set(init.rendezvous)],
    iceServers: init.iceServers ?? [],
    maxPeers: init.maxPeers ?? DEFAULT_MAX_PEERS,
  })
}
