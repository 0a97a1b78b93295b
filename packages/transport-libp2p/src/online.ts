/** A running libp2p node: what of the transport is loaded only when there is somebody to dial, or somebody can dial. */
import type { TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { webRtcAddress, type PeerAddress, type Target } from './address.ts'
import { Connections } from './connections.ts'
import { lazyWebRtc, type IceServer } from './web-rtc.ts'
import { createNode, stopNode, type NodeTransport } from './node.ts'

export interface OnlineInit {
  readonly listen: string[]
  readonly relays: readonly PeerAddress[]
  readonly seed: Uint8Array | undefined
  /** What tells peers behind routers how they are seen from outside; undefined: no WebRTC. */
  readonly iceServers: readonly IceServer[] | undefined
  readonly host: TransportHost
  /** A channel to that peer has ended, so long after it began. */
  onLost(peerId: string, livedMs: number): void
  /** Others can reach this peer elsewhere than before. */
  onAddresses(): void
}

export interface Online {
  readonly peerId: string
  /** Where others can dial this peer now, through relays too. */
  addresses(): string[]
  /** Where others who know of it can meet this peer over WebRTC. */
  webRtcAddresses(): string[]
  /** Whether there is a channel to that peer, whoever dialled; with `direct`, one without a relay on its way. */
  has(peerId: string | undefined, how?: 'direct'): boolean
  /** Brings about a channel to that peer and returns its id. @throws {Unreachable}, {Aborted}, {Closed}. */
  dial(target: Target, signal?: AbortSignal): Promise<string>
  /** Somebody wants a channel to that peer: those there are are closed no more because others suffice. */
  claim(peerId: string): void
  /** Closes those channels to that peer that were dialled because it was found. */
  closeFound(peerId: string): void
  /** The network may be back. */
  wake(): void
  stop(): Promise<void>
}

/** Starts a node; places at relays are there, or have been tried, when it resolves. @throws {InvalidArgument} when an address cannot be listened on. */
export async function goOnline(init: OnlineInit & { readonly sockets: readonly NodeTransport[] }): Promise<Online> {
  const { host, listen, iceServers } = init
  const ways = iceServers === undefined ? [] : [lazyWebRtc(iceServers, host.logger)]
  const { node, relays } = await createNode({ ...init, ways })
  const connections = new Connections({ host, node, relays, onLost: (peerId, livedMs) => init.onLost(peerId, livedMs) })
  await connections.listen()
  try {
    await node.start()
  } catch (error) {
    await stopNode(node)
    throw new ParleyError('InvalidArgument', `Cannot listen on ${listen.join(', ')}; is the port in use?`, { cause: error })
  }
  await relays.start(node, host, init.relays, () => init.onAddresses())
  return {
    peerId: node.peerId.toString(),
    addresses: () => [...node.getMultiaddrs().map((address) => address.toString()), ...relays.addresses()],
    webRtcAddresses: () => (iceServers === undefined ? [] : relays.addresses().map(webRtcAddress)),
    has: (peerId, how) => connections.has(peerId, how),
    dial: (target, signal) => connections.dial(target, signal),
    claim: (peerId) => connections.claim(peerId),
    closeFound: (peerId) => connections.closeFound(peerId),
    wake: () => relays.wake(),
    stop: async () => {
      relays.stop()
      await connections.stop()
      await stopNode(node)
    },
  }
}
