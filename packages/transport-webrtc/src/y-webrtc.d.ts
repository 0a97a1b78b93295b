/**
 * The part of y-webrtc 10 and simple-peer 9 that this package stands on, internals included: y-webrtc has no public way to its peer
 * connections. Its own types are not reachable through its `exports`. A test fails when one of these names is gone.
 */
declare module 'y-webrtc' {
  import type { Awareness } from 'y-protocols/awareness'
  import type { Doc } from 'yjs'

  /** One peer, connected or being connected. */
  export interface WebrtcConn {
    readonly remotePeerId: string
    readonly peer: SimplePeer
    destroy(): void
  }

  export interface SimplePeer {
    readonly _pc: RTCPeerConnection | null
    readonly initiator: boolean
    readonly destroyed: boolean
    signal: (data: unknown) => void
    on(event: string, listener: (argument: unknown) => void): unknown
    listeners(event: string): ((argument: unknown) => void)[]
    removeListener(event: string, listener: (argument: unknown) => void): unknown
  }

  export interface Room {
    readonly name: string
    readonly peerId: string
    readonly key: CryptoKey | null
    webrtcConns: Map<string, WebrtcConn>
    /** Peers that are reached over BroadcastChannel: what they say at the rendezvous is ignored. */
    readonly bcConns: Set<string>
    bcconnected: boolean
    readonly _bcSubscriber: (data: ArrayBuffer) => unknown
  }

  /** A lib0 WebsocketClient; one per URL and page. */
  export interface SignalingConn {
    readonly url: string
    readonly connected: boolean
    unsuccessfulReconnects: number
    connect(): void
    send(message: unknown): void
  }

  export class WebrtcProvider {
    constructor(
      roomName: string,
      doc: Doc,
      options: {
        signaling: string[]
        password: string
        awareness: Awareness
        maxConns: number
        filterBcConns: boolean
        peerOpts: { config: RTCConfiguration }
      },
    )
    readonly doc: Doc
    readonly room: Room | null
    readonly key: PromiseLike<CryptoKey | null>
    readonly signalingConns: SignalingConn[]
    on(event: 'status', listener: (status: { connected: boolean }) => void): void
    disconnect(): void
    destroy(): void
  }
}
