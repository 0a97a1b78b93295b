import type { Channel, Clock, Logger, Partings, Topic } from '@parley/core'
import { Awareness } from 'y-protocols/awareness'
import { WebrtcConn, WebrtcProvider } from 'y-webrtc'
import type { Room, SignalingConn } from 'y-webrtc'
import { Doc } from 'yjs'
import { Doorman } from './doorman.ts'
import { isName } from './identity.ts'
import type { Identity } from './identity.ts'
import { leaseRoom } from './room-lease.ts'
import type { Roster } from './roster.ts'
import { RtcConnection } from './rtc-connection.ts'
import type { Ending } from './rtc-channel.ts'
import { sealSignal } from './signal-sealing.ts'
import type { Signal } from './signal-sealing.ts'

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
  /** Who we are; the same in all lobbies of a transport. */
  identity: Promise<Identity>
  /** The connections of all lobbies. */
  roster: Roster
  /** Peers to ignore now, and for how long. */
  ignored: ReadonlySet<string>
  partings: Partings
  onChannel(channel: Channel): void
  /** A channel was lost that had lived for a while, or longer than this lobby: `outlived`. */
  onLost(outlived: boolean): void
  /** The rendezvous connections in use; y-webrtc shares them between rooms. */
  onSignaling(connections: readonly SignalingConn[]): void
}

/**
 * One topic: a y-webrtc room on an empty document, used to meet and for nothing else. Of y-webrtc only the meeting point, the offering and the
 * answering run here; whom to meet is decided in common with the other lobbies, for one connection to a peer serves all topics.
 */
export class Lobby {
  readonly topic: Topic
  readonly #init: LobbyInit
  #provider: WebrtcProvider | undefined
  #room: Room | undefined
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
    const identity = await this.#init.identity
    // `leave` has seen no provider and freed nothing.
    if (this.#left) return release()
    this.#build(identity)
  }

  /** Leaves the room. Open channels live on, as the contract wants; what was still connecting is dropped. */
  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    const provider = this.#provider
    if (provider === undefined) return
    for (const connection of this.#connections) connection.leaveRoom()
    provider.disconnect()
    provider.destroy()
    // y-webrtc closes the room in a callback of the same promise, set before this one.
    await provider.key
    provider.doc.destroy()
    this.#release?.()
  }

  /** Says at every rendezvous that we are here. */
  announce(): void {
    if (this.#room !== undefined) this.#publish({ type: 'announce', from: this.#room.peerId })
  }

  /** Looks for a peer of this room: makes an offer, or asks for one. */
  seek(name: string): void {
    const room = this.#room
    const { roster } = this.#init
    if (room === undefined || this.#left || !isName(name) || !roster.isSought(name)) return
    // Both hear each other, and were both to offer, the offers would cross. So only the smaller name does.
    if (room.peerId < name) {
      if (this.#connections.size < this.#init.maxPeers) this.#connect(room, name, true)
    } else if (roster.mayAsk(name)) {
      this.#publish({ type: 'signal', from: room.peerId, to: name, token: 0, signal: { type: 'ask' } })
    }
  }

  #build(identity: Identity): void {
    const doc = new Doc()
    const awareness = new Awareness(doc)
    awareness.setLocalState(null)
    const provider = new WebrtcProvider(this.topic.name, doc, {
      signaling: [...this.#init.rendezvous],
      password: this.topic.secret,
      awareness,
      // What y-webrtc counts is what the doorman keeps: nothing.
      maxConns: 1,
      filterBcConns: false,
      peerOpts: { config: { iceServers: [...this.#init.iceServers], certificates: [identity.certificate] } },
    })
    // The room is opened in silence: y-webrtc would say a name of its own, and sync the document with other tabs of this browser.
    provider.shouldConnect = false
    this.#provider = provider
    this.#init.onSignaling(provider.signalingConns)
    provider.on('status', () => {
      if (provider.room !== null && this.#room === undefined) this.#enter(provider.room, identity.name)
    })
    provider.on('peers', ({ added }) => added.forEach((name) => this.seek(name)))
  }

  /** The room has just been opened; no message has been handled yet. */
  #enter(room: Room, name: string): void {
    this.#room = room
    room.peerId = name
    room.bcConns = this.#init.ignored
    room.webrtcConns = new Doorman((from, data) => this.#onSignal(room, from, data))
    this.announce()
  }

  /** Somebody in this room says something to us. */
  #onSignal(room: Room, from: string, data: unknown): void {
    const { roster, logger } = this.#init
    if (this.#left || !isName(from) || typeof data !== 'object' || data === null) return
    const isOffer = 'type' in data && data.type === 'offer'
    const rising = roster.rising(from)
    // Without an offer it is an answer, a candidate, or a request, which the event behind it takes care of. Who is in this room has no say in others.
    if (!isOffer && rising !== undefined && this.#connections.has(rising)) rising.signal(data)
    if (!isOffer) return
    if (room.peerId < from || !roster.mayReplace(from)) return logger.debug('webrtc.offer-refused')
    this.#connect(room, from, false)?.signal(data)
  }

  #connect(room: Room, name: string, initiator: boolean): RtcConnection | undefined {
    const { roster, clock, logger } = this.#init
    if (this.#connections.size >= MAX_CONNECTIONS) {
      logger.warn('webrtc.too-many-connections', { limit: MAX_CONNECTIONS })
      return undefined
    }
    const conn = new WebrtcConn({ send: (message) => this.#send(message) }, initiator, name, room)
    const connection: RtcConnection = new RtcConnection({
      conn,
      clock,
      logger,
      onChannel: (channel) => {
        roster.opened(connection)
        this.#init.onChannel(channel)
      },
      onDoubt: () => this.seek(name),
      onEnd: (ending) => this.#onEnd(connection, ending),
      onGone: () => {
        this.#connections.delete(connection)
        roster.gone(connection)
      },
    })
    this.#connections.add(connection)
    roster.rise(connection)
    return connection
  }

  #onEnd(connection: RtcConnection, ending: Ending): void {
    this.#init.roster.ended(connection)
    if (ending === 'parted' || ending === 'misbehaved') this.#init.partings.part(connection.name)
    else if (ending === 'lost' && (this.#left || connection.ageMs >= SETTLED_MS)) this.#init.onLost(this.#left)
  }

  #publish(message: Signal): void {
    const room = this.#room
    if (room === undefined || room.key === null) return
    sealSignal(message, room.key).then(
      (data) => {
        if (this.#left) return
        if (message.type === 'announce') this.#send({ type: 'subscribe', topics: [room.name] })
        this.#send({ type: 'publish', topic: room.name, data })
      },
      (error: unknown) => this.#init.logger.error('webrtc.announce-failed', { error: String(error) }),
    )
  }

  /** At every rendezvous that is connected: any one suffices, and one may go while two are meeting. */
  #send(message: unknown): void {
    for (const signaling of this.signaling) if (signaling.connected) signaling.send(message)
  }
}
