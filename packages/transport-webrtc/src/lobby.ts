import * as broadcastchannel from 'lib0/broadcastchannel'
import { Partings, type Channel, type Clock, type Logger, type Topic } from '@parley/core'
import { Awareness } from 'y-protocols/awareness'
import { WebrtcProvider } from 'y-webrtc'
import type { Room, SignalingConn, WebrtcConn } from 'y-webrtc'
import { Doc } from 'yjs'
import { leaseRoom } from './room-lease.ts'
import { RtcConnection } from './rtc-connection.ts'
import { sealSignal } from './signal-sealing.ts'

/** Peer connections of one topic, whoever made them. A browser allows some 500 in all; groups mesh over far fewer. */
const MAX_CONNECTIONS = 64

/** A channel older than this was in use. Who opens and drops one after the other must not make us look for everybody each time. */
const SETTLED_MS = 15_000

export interface LobbyInit {
  topic: Topic
  rendezvous: readonly string[]
  iceServers: readonly RTCIceServer[]
  /** Peers to connect to before we stop looking for more. */
  maxPeers: number
  clock: Clock
  logger: Logger
  onChannel(channel: Channel): void
  /** A channel that had lived for a while was lost. */
  onLost(): void
  /** A connection of this lobby is there, until the function given back is called. */
  onConnection(connection: RtcConnection): () => void
}

/**
 * One topic: a y-webrtc room on an empty document, used to meet and for nothing else. Only y-webrtc's announcing, offering and answering
 * run here; every peer connection it makes is taken over by an `RtcConnection`.
 */
export class Lobby {
  readonly topic: Topic
  readonly #init: LobbyInit
  #provider: WebrtcProvider | undefined
  #partings: Partings | undefined
  readonly #connections = new Set<RtcConnection>()
  #release: (() => void) | undefined
  #left = false

  constructor(init: LobbyInit) {
    this.topic = init.topic
    this.#init = init
  }

  /** The rendezvous connections in use; y-webrtc shares them between rooms. */
  get signaling(): readonly SignalingConn[] {
    return this.#provider?.signalingConns ?? []
  }

  /** Opens the room as soon as nobody else in this page has it. */
  async open(): Promise<void> {
    const release = await leaseRoom(this.topic.name)
    if (this.#left) return release()
    this.#release = release
    this.#build()
  }

  /** Leaves the room. Open channels live on, as the contract wants; what was still connecting is dropped. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    const provider = this.#provider
    if (provider === undefined) return
    for (const connection of this.#connections) connection.leaveRoom()
    // y-webrtc cuts what is in its map when it disconnects; this leaves the connections to their owners.
    if (provider.room !== null) provider.room.webrtcConns = new Map()
    this.#partings?.forgive()
    provider.disconnect()
    provider.destroy()
    // y-webrtc closes the room in a callback of the same promise, set before this one.
    await provider.key
    provider.doc.destroy()
    this.#release?.()
  }

  /** Stops leaving peers alone whose channel was closed on purpose; says whether there were any. */
  forgive(): boolean {
    return this.#partings?.forgive() ?? false
  }

  /** Says at every rendezvous that we are here; with `to`, to one peer only. */
  announce(to?: string): void {
    const room = this.#provider?.room
    if (room === undefined || room === null || room.key === null) return
    const sealed = sealSignal({ type: 'announce', from: room.peerId, ...(to === undefined ? {} : { to }) }, room.key)
    sealed.then(
      (data) => {
        for (const signaling of this.signaling) {
          if (!signaling.connected || this.#left) continue
          signaling.send({ type: 'subscribe', topics: [room.name] })
          signaling.send({ type: 'publish', topic: room.name, data })
        }
      },
      (error: unknown) => this.#init.logger.error('webrtc.announce-failed', { error: String(error) }),
    )
  }

  #build(): void {
    const doc = new Doc()
    const awareness = new Awareness(doc)
    awareness.setLocalState(null)
    const provider = new WebrtcProvider(this.topic.name, doc, {
      signaling: [...this.#init.rendezvous],
      password: this.topic.secret,
      awareness,
      maxConns: this.#init.maxPeers,
      filterBcConns: false,
      peerOpts: { config: { iceServers: [...this.#init.iceServers] } },
    })
    this.#provider = provider
    provider.on('status', () => {
      if (provider.room !== null && this.#partings === undefined) this.#enter(provider.room)
    })
  }

  /** The room has just been opened; no message has been handled yet. */
  #enter(room: Room): void {
    this.#partings = new Partings(this.#init.clock, room.bcConns, () => this.announce())
    // y-webrtc also syncs the document with other tabs of this browser. Ours stays empty, whatever they say.
    broadcastchannel.unsubscribe(room.name, room._bcSubscriber)
    room.bcconnected = false
    room.webrtcConns = new ConnectionMap((conn) => this.#onConn(room, conn))
  }

  /** y-webrtc made a connection; says whether it may keep it. */
  #onConn(room: Room, conn: WebrtcConn): boolean {
    // Both hear each other's announcement, both make an offer, and what y-webrtc does then goes wrong when the offers cross at a bad moment.
    // So only the smaller id offers; the other one asks for an offer by announcing back.
    if (conn.peer.initiator && room.peerId > conn.remotePeerId) {
      for (const event of ['close', 'error', 'signal'])
        for (const listener of conn.peer.listeners(event)) conn.peer.removeListener(event, listener)
      conn.destroy()
      this.announce(conn.remotePeerId)
      return false
    }
    this.#adopt(room, conn)
    return true
  }

  #adopt(room: Room, conn: WebrtcConn): void {
    const connection: RtcConnection = new RtcConnection({
      conn,
      clock: this.#init.clock,
      logger: this.#init.logger,
      onChannel: this.#init.onChannel,
      onEnd: (ending) => {
        if (ending !== 'lost') this.#partings?.part(conn.remotePeerId)
        if (ending === 'lost' && connection.ageMs >= SETTLED_MS) this.#init.onLost()
      },
      onGone: () => {
        this.#connections.delete(connection)
        forget()
      },
    })
    const forget = this.#init.onConnection(connection)
    this.#connections.add(connection)
    if (this.#connections.size <= MAX_CONNECTIONS) return
    this.#init.logger.warn('webrtc.too-many-connections', { limit: MAX_CONNECTIONS })
    connection.destroy('too many connections', 'parted')
  }
}

/** Sees every connection before y-webrtc hands it its first signal, and decides whether it stays. */
class ConnectionMap extends Map<string, WebrtcConn> {
  readonly #admit: (conn: WebrtcConn) => boolean

  constructor(admit: (conn: WebrtcConn) => boolean) {
    super()
    this.#admit = admit
  }

  override set(id: string, conn: WebrtcConn): this {
    return this.#admit(conn) ? super.set(id, conn) : this
  }
}
