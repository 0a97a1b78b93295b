import { KeepConnected, type Clock, type Topic, type Transport, type TransportHost } from '@parley/core'
import { ParleyError, toBase64Url } from '@parley/protocol'
import { parseAddress, type PeerAddress, type Target } from './address.ts'
import { Discovery } from './discovery.ts'
import { FoundPeers, reachOf } from './found-peers.ts'
import type { MeetingPlace, MeetingPlaceInit } from './meeting-place.ts'
import type { Online, OnlineInit } from './online.ts'
import type { IceServer } from './web-rtc.ts'

/** Bytes of the name that a peer without a node has among those that it hears of. */
const GUEST_BYTES = 16

/** The options of `libp2pTransport`, read and checked. */
export interface Settings {
  listen: string[]
  peers: PeerAddress[]
  relays: PeerAddress[]
  rendezvous: string[]
  seed: Uint8Array | undefined
  /** Undefined: no WebRTC. */
  iceServers: readonly IceServer[] | undefined
  platform: Platform
}

/** What differs between desktops and browsers. */
export interface Platform {
  /** Loads libp2p, which takes half a second and 100 kB: who never goes online need not wait for it. */
  goOnline(init: OnlineInit): Promise<Online>
  /** Where peers are heard of without any server. */
  localNetwork?: ((init: MeetingPlaceInit) => MeetingPlace) | undefined
  /** Tells of every change of the network until the function that it returns is called. In browsers the application does, by `wake`. */
  watchNetwork?: (clock: Clock, onChange: () => void) => () => void
}

/** What exists between `start` and `stop`. */
interface Running {
  readonly host: TransportHost
  readonly discovery: Discovery
  readonly found: FoundPeers
  readonly keepers: { keeper: KeepConnected; peer: PeerAddress }[]
  stopWatching: () => void
  /** Set as soon as somebody is to be dialled, or can dial. */
  loading: Promise<Online> | undefined
  online: Online | undefined
}

/** Made by `libp2pTransport`. */
export class Libp2pTransport implements Transport {
  readonly name = 'libp2p'
  readonly #settings: Settings
  #topics: readonly Topic[] = []
  #running: Running | undefined
  #starting: Promise<void> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  start(host: TransportHost): Promise<void> {
    this.#starting ??= this.#start(host)
    return this.#starting
  }

  async stop(): Promise<void> {
    const starting = this.#starting
    if (starting === undefined) return
    // A start that failed has told its caller and left nothing behind.
    await starting.catch(() => undefined)
    const running = this.#running
    this.#running = undefined
    if (this.#starting === starting) this.#starting = undefined
    if (running === undefined) return
    running.stopWatching()
    running.discovery.stop()
    running.found.stop()
    for (const { keeper } of running.keepers) keeper.stop()
    const online = await running.loading?.catch(() => undefined)
    await online?.stop()
  }

  setTopics(topics: readonly Topic[]): void {
    this.#topics = [...topics]
    const running = this.#running
    if (running !== undefined) running.found.setPlaces(running.discovery.setTopics(topics))
  }

  addresses(): string[] {
    return this.#running?.online?.addresses() ?? []
  }

  async dial(address: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    const peer = parseAddress(address)
    const running = this.#running
    if (running === undefined) throw new ParleyError('Closed', 'The transport is not running; start it before dialling.')
    if (peer.peerId !== undefined && peer.peerId === running.online?.peerId)
      throw new ParleyError('InvalidArgument', `${address} is the address of this very peer.`)
    if (peer.peerId !== undefined && running.online?.has(peer.peerId) === true) return running.online.claim(peer.peerId)
    await this.#dial(running, { addresses: [peer.text], peerId: peer.peerId }, options.signal)
  }

  wake(): void {
    const running = this.#running
    if (running === undefined) return
    for (const { keeper } of running.keepers) keeper.wake()
    running.online?.wake()
    running.found.wake()
    running.discovery.wake()
  }

  rendezvous(): { url: string; connected: boolean }[] {
    return this.#running?.discovery.rendezvous() ?? []
  }

  async #start(host: TransportHost): Promise<void> {
    const { listen, peers, relays, rendezvous, platform } = this.#settings
    const guest = toBase64Url(host.random.bytes(GUEST_BYTES))
    const running: Running = {
      host,
      discovery: new Discovery({
        host,
        rendezvous,
        localNetwork: platform.localNetwork,
        addresses: () => [...this.addresses(), ...(running.online?.webRtcAddresses() ?? [])],
        onFound: (room, addresses) => running.found.found(room, addresses),
      }),
      found: new FoundPeers({
        host,
        self: () => running.online?.peerId ?? guest,
        reach: () => reachOf(this.addresses()),
        has: (peerId, how) => running.online?.has(peerId, how) ?? false,
        dial: (target) => this.#dial(running, { ...target, isFound: true }),
        close: (peerId) => running.online?.closeFound(peerId),
      }),
      // Copies, for a peer's id may be learned, and is forgotten again with `stop`.
      keepers: peers.map((peer) => ({ ...peer })).map((peer) => ({ peer, keeper: this.#keep(host, () => running, peer) })),
      stopWatching: () => undefined,
      loading: undefined,
      online: undefined,
    }
    try {
      // Who can be dialled by nobody, and dials nobody yet, needs no node.
      if (listen.length + peers.length + relays.length > 0) await this.#online(running)
    } catch (error) {
      this.#starting = undefined
      throw error
    }
    this.#running = running
    for (const { keeper } of running.keepers) keeper.start()
    running.discovery.start()
    running.stopWatching = platform.watchNetwork?.(host.clock, () => this.wake()) ?? running.stopWatching
    this.setTopics(this.#topics)
  }

  async #dial(running: Running, target: Target, signal?: AbortSignal): Promise<string> {
    const online = await this.#online(running)
    return online.dial(target, signal)
  }

  #online(running: Running): Promise<Online> {
    running.loading ??= this.#goOnline(running)
    return running.loading
  }

  async #goOnline(running: Running): Promise<Online> {
    const { listen, seed, relays, iceServers } = this.#settings
    running.online = await this.#settings.platform.goOnline({
      listen,
      seed,
      iceServers,
      relays,
      host: running.host,
      onLost: (peerId, livedMs) => this.#onLost(running, peerId, livedMs),
      onAddresses: () => running.discovery.announce(),
    })
    return running.online
  }

  #onLost(running: Running, peerId: string, livedMs: number): void {
    for (const { keeper, peer } of running.keepers) if (peer.peerId === peerId) keeper.lost(livedMs)
    running.found.lost(peerId, livedMs)
  }

  #keep(host: TransportHost, running: () => Running, peer: PeerAddress): KeepConnected {
    return new KeepConnected({
      clock: host.clock,
      random: host.random,
      isConnected: () => running().online?.has(peer.peerId) ?? false,
      dial: async () => {
        try {
          // An address without an id learns it here, so that a channel which that peer dialled counts too.
          peer.peerId = await this.#dial(running(), { addresses: [peer.text], peerId: peer.peerId })
        } catch (error) {
          host.logger.debug('libp2p.peerUnreachable', { code: error instanceof ParleyError ? error.code : 'Internal' })
          throw error
        }
      },
    })
  }
}
