import type { Topic, Transport, TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { SignalingConn } from 'y-webrtc'
import { Lobby } from './lobby.ts'
import type { RtcConnection } from './rtc-connection.ts'

/**
 * y-webrtc announces when it connects to a rendezvous and when a peer connection ends, once. A message lost there would keep two peers
 * apart until then, so we repeat it: rarely, for the rendezvous passes it to everybody.
 */
const ANNOUNCE_MS = 60_000

/** Channels that end together announce once. */
const ANNOUNCE_DELAY_MS = 50

/** How long `stop` waits for goodbyes to leave. */
const STOP_MS = 1_000

export interface WebrtcSettings {
  rendezvous: readonly string[]
  iceServers: readonly RTCIceServer[]
  maxPeers: number
}

/** What exists between start and stop. */
interface Session {
  host: TransportHost
  lobbies: Map<string, Lobby>
  connections: Set<RtcConnection>
  cancelAnnounce: () => void
  stopListening: () => void
  onLastGone: () => void
}

export class WebrtcTransport implements Transport {
  readonly name = 'webrtc'
  readonly #settings: WebrtcSettings
  #topics: readonly Topic[] = []
  #session: Session | undefined

  constructor(settings: WebrtcSettings) {
    this.#settings = settings
  }

  async start(host: TransportHost): Promise<void> {
    if (this.#session !== undefined) return
    if (typeof RTCPeerConnection === 'undefined' || globalThis.crypto?.subtle === undefined)
      throw new ParleyError('Unreachable', 'WebRTC needs a browser, and a page served over https or from localhost')
    const wake = (): void => this.wake()
    addEventListener('online', wake)
    this.#session = {
      host,
      lobbies: new Map(),
      connections: new Set(),
      cancelAnnounce: () => undefined,
      stopListening: () => removeEventListener('online', wake),
      onLastGone: () => undefined,
    }
    this.#scheduleAnnounce(ANNOUNCE_MS)
    this.setTopics(this.#topics)
  }

  async stop(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#session = undefined
    session.stopListening()
    session.cancelAnnounce()
    await Promise.all([...session.lobbies.values()].map((lobby) => lobby.leave()))
    for (const connection of session.connections) connection.channel?.close('the other side stopped')
    await this.#connectionsGone(session)
    for (const connection of session.connections) connection.destroy('stopped')
  }

  setTopics(topics: readonly Topic[]): void {
    this.#topics = [...topics]
    const session = this.#session
    if (session === undefined || this.#settings.rendezvous.length === 0) return
    const wanted = new Map(topics.map((topic) => [topic.name, topic]))
    for (const [name, lobby] of session.lobbies) {
      if (wanted.has(name)) continue
      session.lobbies.delete(name)
      this.#report(session, lobby.leave())
    }
    for (const [name, topic] of wanted) {
      if (session.lobbies.has(name)) continue
      const lobby = this.#createLobby(session, topic)
      session.lobbies.set(name, lobby)
      this.#report(session, lobby.open())
    }
  }

  /** Peers meet at the rendezvous; a browser has no address to dial. */
  addresses(): string[] {
    return []
  }

  wake(): void {
    if (this.#session === undefined) return
    for (const lobby of this.#session.lobbies.values()) lobby.forgive()
    for (const signaling of this.#signaling()) {
      signaling.unsuccessfulReconnects = 0
      if (!signaling.connected) signaling.connect()
    }
    this.#announce()
  }

  rendezvous(): { url: string; connected: boolean }[] {
    const signaling = this.#signaling()
    return this.#settings.rendezvous.map((url) => ({ url, connected: signaling.some((conn) => conn.url === url && conn.connected) }))
  }

  #createLobby(session: Session, topic: Topic): Lobby {
    return new Lobby({
      ...this.#settings,
      topic,
      clock: session.host.clock,
      logger: session.host.logger,
      onChannel: (channel) => {
        if (this.#session === session) session.host.onChannel(channel)
        else channel.close('stopped')
      },
      onLost: () => this.#onLost(session),
      onConnection: (connection) => {
        session.connections.add(connection)
        return () => {
          session.connections.delete(connection)
          if (session.connections.size === 0) session.onLastGone()
        }
      },
    })
  }

  /** A lost channel may have been the one that others were closed in favour of. */
  #onLost(session: Session): void {
    if (this.#session !== session) return
    const forgiven = [...session.lobbies.values()].filter((lobby) => lobby.forgive())
    if (forgiven.length > 0) this.#scheduleAnnounce(ANNOUNCE_DELAY_MS)
  }

  #scheduleAnnounce(ms: number): void {
    const session = this.#session
    if (session === undefined) return
    session.cancelAnnounce()
    session.cancelAnnounce = session.host.clock.setTimeout(() => this.#announce(), ms)
  }

  #announce(): void {
    for (const lobby of this.#session?.lobbies.values() ?? []) lobby.announce()
    this.#scheduleAnnounce(ANNOUNCE_MS)
  }

  #signaling(): SignalingConn[] {
    const lobbies = [...(this.#session?.lobbies.values() ?? [])]
    return [...new Set(lobbies.flatMap((lobby) => lobby.signaling))]
  }

  /** Resolves once no connection is left, or after `STOP_MS`. */
  async #connectionsGone(session: Session): Promise<void> {
    if (session.connections.size === 0) return
    await new Promise<void>((resolve) => {
      const cancel = session.host.clock.setTimeout(resolve, STOP_MS)
      session.onLastGone = () => {
        cancel()
        resolve()
      }
    })
  }

  #report(session: Session, work: Promise<void>): void {
    work.catch((error: unknown) => session.host.logger.error('webrtc.lobby-failed', { error: String(error) }))
  }
}
