import { Partings, type Topic, type Transport, type TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { SignalingConn } from 'y-webrtc'
import { createIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import { Lobby } from './lobby.ts'
import { listenToPage } from './page.ts'
import { Roster } from './roster.ts'
import { SignalingKeeper } from './signaling-keeper.ts'

/**
 * y-webrtc announces when it connects to a rendezvous and when a peer connection ends, once. A message lost there would keep two peers
 * apart until then, so we repeat it: rarely, for the rendezvous passes it to everybody. A quarter more or less, so that those who
 * came back together do not go on together.
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
  identity: Promise<Identity>
  lobbies: Map<string, Lobby>
  keepers: Map<SignalingConn, SignalingKeeper>
  roster: Roster
  ignored: ReadonlySet<string>
  partings: Partings
  cancelAnnounce: () => void
  stopListening: () => void
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
    const ignored = new Set<string>()
    const session: Session = {
      host,
      identity: createIdentity(),
      lobbies: new Map(),
      keepers: new Map(),
      roster: new Roster(host.clock),
      ignored,
      partings: new Partings(host.clock, ignored, () => this.#announce()),
      cancelAnnounce: () => undefined,
      stopListening: listenToPage({
        onChange: () => (host.onNetworkChange === undefined ? this.wake() : host.onNetworkChange()),
        onLeave: () => this.#leavePage(),
      }),
    }
    this.#session = session
    this.#scheduleAnnounce(this.#announceMs(host))
    this.setTopics(this.#topics)
    await session.identity
  }

  async stop(): Promise<void> {
    const session = this.#session
    if (session === undefined) return
    this.#session = undefined
    session.stopListening()
    session.cancelAnnounce()
    session.partings.forgive()
    for (const keeper of session.keepers.values()) keeper.stop()
    await Promise.all([...session.lobbies.values()].map((lobby) => lobby.leave()))
    for (const connection of session.roster.all()) connection.channel?.close('the other side stopped')
    await this.#allGone(session)
    for (const connection of session.roster.all()) connection.destroy('stopped')
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
    this.#keepSignaling(session)
    const fresh = [...wanted].filter(([name]) => !session.lobbies.has(name))
    // Whoever was parted with may be wanted for the sake of a new topic.
    if (fresh.length > 0) session.partings.forgive()
    for (const [name, topic] of fresh) {
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
    const session = this.#session
    if (session === undefined) return
    session.partings.forgive()
    for (const keeper of session.keepers.values()) keeper.wake()
    this.#announce()
  }

  rendezvous(): { url: string; connected: boolean }[] {
    const signaling = this.#signaling()
    return this.#settings.rendezvous.map((url) => ({ url, connected: signaling.some((conn) => conn.url === url && conn.connected) }))
  }

  /** The page is going: peers are told at once, as far as there is time. */
  #leavePage(): void {
    for (const connection of this.#session?.roster.open() ?? []) connection.channel?.close('the page is going')
  }

  #createLobby(session: Session, topic: Topic): Lobby {
    const { host, identity, roster, ignored, partings } = session
    return new Lobby({
      ...this.#settings,
      topic,
      clock: host.clock,
      logger: host.logger,
      identity,
      roster,
      ignored,
      partings,
      onChannel: (channel) => {
        if (this.#session === session) host.onChannel(channel)
        else channel.close('stopped')
      },
      onLost: (outlived) => this.#onLost(session, outlived),
      onSignaling: () => this.#keepSignaling(session),
    })
  }

  /** A lost channel may have been the one that others were closed in favour of. */
  #onLost(session: Session, outlived: boolean): void {
    if (this.#session !== session) return
    const forgiven = session.partings.forgive()
    if (forgiven || outlived) this.#scheduleAnnounce(ANNOUNCE_DELAY_MS)
  }

  #scheduleAnnounce(ms: number): void {
    const session = this.#session
    if (session === undefined) return
    session.cancelAnnounce()
    session.cancelAnnounce = session.host.clock.setTimeout(() => this.#announce(), ms)
  }

  #announce(): void {
    const session = this.#session
    if (session === undefined) return
    for (const lobby of session.lobbies.values()) lobby.announce()
    this.#scheduleAnnounce(this.#announceMs(session.host))
  }

  #announceMs({ random }: TransportHost): number {
    const [byte = 0] = random.bytes(1)
    return ANNOUNCE_MS * (0.75 + byte / 510)
  }

  #signaling(): SignalingConn[] {
    const lobbies = [...(this.#session?.lobbies.values() ?? [])]
    return [...new Set(lobbies.flatMap((lobby) => lobby.signaling))]
  }

  /** Every rendezvous connection in use has its keeper. */
  #keepSignaling(session: Session): void {
    if (this.#session !== session) return
    const { clock, random, logger } = session.host
    const used = new Set(this.#signaling())
    for (const [signaling, keeper] of session.keepers) {
      if (used.has(signaling)) continue
      keeper.stop()
      session.keepers.delete(signaling)
    }
    for (const signaling of used) {
      if (session.keepers.has(signaling)) continue
      const onChange = (): void => {
        if (signaling.connected) session.roster.reachedRendezvous()
        session.host.onRendezvous?.()
      }
      session.keepers.set(signaling, new SignalingKeeper({ signaling, clock, random, logger, onChange }))
    }
  }

  /** Resolves once no connection is left, or after `STOP_MS`. */
  async #allGone({ host, roster }: Session): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const cancel = host.clock.setTimeout(resolve, STOP_MS)
      roster.empty().then(() => {
        cancel()
        resolve()
      }, reject)
    })
  }

  #report(session: Session, work: Promise<void>): void {
    work.catch((error: unknown) => session.host.logger.error('webrtc.lobby-failed', { error: String(error) }))
  }
}
