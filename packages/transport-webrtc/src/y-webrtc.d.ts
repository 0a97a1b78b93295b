/**
 * The part of y-webrtc 10 and simple-peer 9 that this package stands on, internals included: y-webrtc has no public way to its peer
 * connections. Its own types are not reachable through its `exports`. A test fails when one of these names is gone.
 */
declare module 'y-webrtc' {
  import type { Awareness } from 'y-protocols/awareness'
  import type { Doc } from 'yjs'

  /** One peer, connected or being connected. */
  export class WebrtcConn {
    /** `signaling`: where what is to be said to the peer goes. */
    constructor(signaling: { send(message: unknown): void }, initiator: boolean, remotePeerId: string, room: Room)
    readonly remotePeerId: string
    readonly peer: SimplePeer
    destroy(): void
  }

  export interface SimplePeer {
    readonly _pc: RTCPeerConnection | null
    readonly initiator: boolean
    readonly destroyed: boolean
    signal(data: unknown): void
    on(event: string, listener: (argument: unknown) => void): unknown
    listeners(event: string): ((argument: unknown) => void)[]
    removeListener(event: string, listener: (argument: unknown) => void): unknown
  }

  export interface Room {
    readonly name: string
    peerId: string
    readonly key: CryptoKey | null
    webrtcConns: Map<string, WebrtcConn>
    /** Peers that are reached over BroadcastChannel: what they say at the rendezvous is ignored. */
    bcConns: ReadonlySet<string>
  }

  /** A lib0 WebsocketClient; one per URL and page. */
  export interface SignalingConn {
    readonly url: string
    readonly connected: boolean
    /** Null between two attempts. */
    readonly ws: WebSocket | null
    /** Whether it tries again by itself when the connection is lost. */
    shouldConnect: boolean
    /** Tries now, unless there is a WebSocket already. */
    connect(): void
    send(message: unknown): void
    on(event: 'message', listener: (message: unknown) => void): void
    off(event: 'message', listener: (message: unknown) => void): void
  }

  export class WebrtcProvider {
    constructor(
      roomName: string,
      doc: Doc,
      options: {
        signaling: string[]
        password: string
        awareness?: Awareness
        maxConns?: number
        filterBcConns: boolean
        peerOpts: { config: RTCConfiguration }
      },
    )
    /** Whether a room is to announce itself, and to sync over BroadcastChannel, as soon as it is open. */
    shouldConnect: boolean
    readonly doc: Doc
    readonly room: Room | null
    readonly key: PromiseLike<CryptoKey | null>
    readonly signalingConns: SignalingConn[]
    on(event: 'status', listener: (status: { connected: boolean }) => void): void
    /** Who was heard in the room, one each time. */
    on(event: 'peers', listener: (peers: { added: string[] }) => void): void
    disconnect(): void
    destroy(): void
  }
}
