import type { Channel, Clock, Logger } from '@parley/core'
import type { SimplePeer, WebrtcConn } from 'y-webrtc'
import { bindingOf } from './binding.ts'
import { nameIn } from './identity.ts'
import { isHarmless } from './lobby-guard.ts'
import { RtcChannel } from './rtc-channel.ts'
import type { Ending } from './rtc-channel.ts'

/** Label and stream of our data channel, agreed without a word on the wire. y-webrtc's own takes stream 0 or 1. */
const CHANNEL_LABEL = 'parley'
const CHANNEL_ID = 7

/**
 * An answer that got lost never comes. It takes one way to the rendezvous and back; from there to an open channel, a slow network tries
 * candidates for a few seconds.
 */
const ANSWER_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 15_000

/** After `close`, how long what is queued may take to leave before the connection is cut. */
const LINGER_MS = 3_000

/**
 * A browser says `disconnected` when some 5 s have brought nothing, and waits some 10 s more before it gives up. We look for the peer anew at once, and
 * wait this long for either; then whoever shows who is online is told the truth.
 */
const DOUBT_MS = 4_000

/** The events on which y-webrtc acts for a peer connection. */
const Y_WEBRTC_EVENTS = ['data', 'close', 'error', 'signal'] as const

export interface RtcConnectionInit {
  conn: WebrtcConn
  clock: Clock
  logger: Logger
  onChannel(channel: Channel): void
  /** The network gives no sign of the peer any more; it may yet come back. */
  onDoubt(): void
  /** Called once, before y-webrtc hears of the end. */
  onEnd(ending: Ending): void
  /** Called once, when the peer connection is gone. */
  onGone(): void
}

/**
 * One peer connection that y-webrtc makes, with the data channel of ours on it. y-webrtc negotiates and tears down; what the peer says on
 * y-webrtc's own channel never reaches the lobby document.
 */
export class RtcConnection {
  readonly #init: RtcConnectionInit
  readonly #peer: SimplePeer
  readonly #pc: RTCPeerConnection | null
  readonly #theirs: { event: string; listener: (argument: unknown) => void }[]
  readonly #madeAt: number
  #channel: RtcChannel | undefined
  #described = false
  #ended = false
  #gone = false
  #openedAt: number | undefined
  #cancelTimer: () => void
  #cancelDoubt = (): void => undefined

  constructor(init: RtcConnectionInit) {
    this.#init = init
    this.#peer = init.conn.peer
    this.#pc = init.conn.peer._pc
    this.#madeAt = init.clock.now()
    this.#theirs = Y_WEBRTC_EVENTS.flatMap((event) => this.#peer.listeners(event).map((listener) => ({ event, listener })))
    this.#peer.on('data', (data) => this.#hear(data as Uint8Array))
    this.#detach('data')
    this.#peer.on('error', (error) => this.#init.logger.debug('webrtc.connection-failed', { error: String(error) }))
    this.#peer.on('close', () => this.#onGone())
    this.#peer.on('iceStateChange', () => this.#look())
    this.#cancelTimer = init.clock.setTimeout(() => this.#fail('no answer in time'), ANSWER_TIMEOUT_MS)
    this.#openDataChannel()
  }

  /** Whom it leads to. */
  get name(): string {
    return this.#init.conn.remotePeerId
  }

  get channel(): RtcChannel | undefined {
    return this.#channel
  }

  /** Milliseconds since its channel was handed over; 0 before. */
  get ageMs(): number {
    return this.#openedAt === undefined ? 0 : this.#init.clock.now() - this.#openedAt
  }

  /** Milliseconds since it was begun. */
  get triedMs(): number {
    return this.#init.clock.now() - this.#madeAt
  }

  /** Whether the peer has offered or answered. */
  get isDescribed(): boolean {
    return this.#described
  }

  /** Whether the network shows that the peer is there. */
  get isLive(): boolean {
    return this.#pc?.iceConnectionState === 'connected' || this.#pc?.iceConnectionState === 'completed'
  }

  /** Lets the connection live on without its topic: y-webrtc no longer announces the room when it ends. */
  leaveRoom(): void {
    for (const event of Y_WEBRTC_EVENTS) this.#detach(event)
    if (this.#channel === undefined) this.destroy('its topic is gone')
  }

  /** Cuts the connection at once. */
  destroy(reason: string, ending: Ending = 'lost'): void {
    if (this.#channel === undefined) this.#end(ending)
    else this.#channel.end(ending, reason)
    this.#init.conn.destroy()
  }

  /**
   * Takes what somebody who knows the topic says in the name of the peer: one description, which must be of the peer's certificate, and candidates. A
   * second one could put something else under a channel whose binding is signed already; who starts anew makes another connection.
   */
  signal(data: unknown): void {
    if (this.#peer.destroyed || typeof data !== 'object' || data === null) return
    const describes = 'sdp' in data
    if (!describes && !('candidate' in data)) return
    if (describes && (this.#described || typeof data.sdp !== 'string' || nameIn(data.sdp) !== this.name))
      return this.#init.logger.debug('webrtc.description-refused', { again: this.#described })
    if (describes) this.#onDescription()
    try {
      this.#peer.signal(describes ? { type: 'type' in data ? data.type : undefined, sdp: data.sdp } : { candidate: data.candidate })
    } catch (error) {
      this.#fail(String(error))
    }
  }

  #openDataChannel(): void {
    if (this.#pc === null) return
    const dataChannel = this.#pc.createDataChannel(CHANNEL_LABEL, { negotiated: true, id: CHANNEL_ID, ordered: true })
    dataChannel.onopen = () => this.#onOpen(dataChannel)
    dataChannel.onclose = () => this.#fail('the data channel was closed')
  }

  #onOpen(dataChannel: RTCDataChannel): void {
    this.#channel = new RtcChannel({
      dataChannel,
      remote: `webrtc:${this.name}`,
      onEnd: (ending, reason) => this.#onChannelEnd(dataChannel, ending, reason),
    })
    this.#present(this.#channel, this.#pc as RTCPeerConnection)
  }

  /** Names the channel and hands it over. The network can be faster than the browser's own view of the negotiation; then that is waited for. */
  #present(channel: RtcChannel, pc: RTCPeerConnection): void {
    if (channel.closed) return
    if (pc.signalingState !== 'stable') {
      pc.addEventListener('signalingstatechange', () => this.#present(channel, pc), { once: true })
      return
    }
    const binding = bindingOf(pc.currentLocalDescription?.sdp ?? '', pc.currentRemoteDescription?.sdp ?? '')
    if (binding === undefined) return this.#fail('no single certificate')
    this.#cancelTimer()
    this.#openedAt = this.#init.clock.now()
    channel.bind(binding)
    this.#init.onChannel(channel)
  }

  /** The network's view of the peer has changed. */
  #look(): void {
    if (this.#openedAt === undefined || this.#ended) return
    this.#cancelDoubt()
    if (this.isLive) return
    this.#cancelDoubt = this.#init.clock.setTimeout(() => this.#fail('no sign of the peer'), DOUBT_MS)
    this.#init.onDoubt()
  }

  #onChannelEnd(dataChannel: RTCDataChannel, ending: Ending, reason: string): void {
    this.#init.logger.debug('webrtc.channel-ended', { ending, reason })
    // A goodbye over a dead connection arrives nowhere: the peer will look for us, and we for the peer.
    const live = this.isLive
    this.#end(ending === 'parted' && !live ? 'lost' : ending)
    if (ending !== 'parted' || !live || dataChannel.readyState !== 'open') return this.#init.conn.destroy()
    // `close` sends what is queued first. The other side cuts as soon as it has read the goodbye.
    dataChannel.onclose = () => this.#init.conn.destroy()
    dataChannel.close()
    this.#cancelTimer = this.#init.clock.setTimeout(() => this.#init.conn.destroy(), LINGER_MS)
  }

  #fail(reason: string): void {
    this.#init.logger.debug('webrtc.connection-failed', { error: reason })
    this.destroy(reason)
  }

  #end(ending: Ending): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelDoubt()
    this.#init.onEnd(ending)
  }

  #onGone(): void {
    if (this.#gone) return
    this.#gone = true
    this.#cancelTimer()
    if (this.#channel === undefined) this.#end('lost')
    else this.#channel.end('lost', 'the connection was lost')
    this.#init.onGone()
  }

  /** A message on y-webrtc's own channel. */
  #hear(message: Uint8Array): void {
    if (isHarmless(message)) return
    this.#init.logger.warn('webrtc.lobby-poisoned', { bytes: message.length })
    this.destroy('the peer wrote into the lobby', 'misbehaved')
  }

  #onDescription(): void {
    this.#described = true
    this.#cancelTimer()
    this.#cancelTimer = this.#init.clock.setTimeout(() => this.#fail('no connection in time'), CONNECT_TIMEOUT_MS)
  }

  #detach(event: string): void {
    for (const their of this.#theirs) if (their.event === event) this.#peer.removeListener(event, their.listener)
  }
}
