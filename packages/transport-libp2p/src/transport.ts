import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import type { Topic, Transport, TransportHost } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { channelBinding, parseAddress, type PeerAddress } from './address.ts'
import { describe, StreamChannel } from './channel.ts'
import { KeepConnected } from './keep-connected.ts'

/** The stream protocol: frames with a 16-bit length in front, nothing before them. */
export const PROTOCOL = '/parley/1'

/** From the call of `dial` to the channel: name look-up, TCP, noise, yamux, stream. A second on a bad link; who does not answer by then is away. */
const DIAL_TIMEOUT_MS = 10_000

/** A connection that has become no channel after this long is somebody else's protocol or an attack, and is closed. */
const IDLE_CONNECTION_MS = 15_000

/** The options of `libp2pTransport`, read and checked. */
export interface Settings {
  listen: string[]
  peers: PeerAddress[]
  seed: Uint8Array | undefined
}

/** What exists between `start` and `stop`. */
interface Running {
  host: TransportHost
  node: Libp2p
  stopNode(node: Libp2p): Promise<void>
  stopping: AbortController
  keepers: { keeper: KeepConnected; peer: PeerAddress }[]
  /** Open channels by the id of their connection. */
  channels: Map<string, { channel: StreamChannel; peerId: string; openedAt: number }>
  /** Streams that we are opening, so that two dials that share a connection share the channel too. */
  opening: Map<string, Promise<void>>
  /** Channels that are closed, with connections that are not yet. */
  ending: Set<Promise<void>>
}

/** Made by `libp2pTransport`. */
export class Libp2pTransport implements Transport {
  readonly name = 'libp2p'
  readonly #settings: Settings
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
    running.stopping.abort()
    for (const { keeper } of running.keepers) keeper.stop()
    for (const { channel } of [...running.channels.values()]) channel.close('this peer stops')
    await Promise.all(running.ending)
    await running.stopNode(running.node)
  }

  setTopics(_topics: readonly Topic[]): void {
    // Peers are told by address: every connection is offered to the core, whose handshake finds out what is common.
  }

  addresses(): string[] {
    return this.#running?.node.getMultiaddrs().map((address) => address.toString()) ?? []
  }

  async dial(address: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    const peer = parseAddress(address)
    const running = this.#running
    if (running === undefined) throw new ParleyError('Closed', 'The transport is not running; start it before dialling.')
    if (peer.peerId === running.node.peerId.toString())
      throw new ParleyError('InvalidArgument', `${address} is the address of this very peer.`)
    await this.#connect(running, peer, options.signal)
  }

  wake(): void {
    for (const { keeper } of this.#running?.keepers ?? []) keeper.wake()
  }

  async #start(host: TransportHost): Promise<void> {
    // libp2p takes about half a second to load; who never goes online need not wait for it.
    const { createNode, stopNode } = await import('./node.ts')
    const node = await createNode(this.#settings)
    const running: Running = {
      host,
      node,
      stopNode,
      stopping: new AbortController(),
      keepers: [],
      channels: new Map(),
      opening: new Map(),
      ending: new Set(),
    }
    await node.handle(PROTOCOL, (stream, connection) => this.#accept(running, stream, connection))
    this.#closeIdleConnections(running)
    try {
      await node.start()
    } catch (error) {
      await stopNode(node)
      this.#starting = undefined
      throw new ParleyError('InvalidArgument', `Cannot listen on ${this.#settings.listen.join(', ')}; is the port in use?`, {
        cause: error,
      })
    }
    this.#running = running
    // Copies, for a peer's id may be learned, and is forgotten again with `stop`.
    running.keepers = this.#settings.peers.map((peer) => ({ ...peer })).map((peer) => ({ peer, keeper: this.#keep(running, peer) }))
    for (const { keeper } of running.keepers) keeper.start()
  }

  #keep(running: Running, peer: PeerAddress): KeepConnected {
    const { clock, random, logger } = running.host
    return new KeepConnected({
      clock,
      random,
      isConnected: () => hasChannelTo(running, peer.peerId),
      dial: async () => {
        try {
          // An address without an id learns it here, so that a channel which that peer dialled counts too.
          peer.peerId = await this.#connect(running, peer, undefined)
        } catch (error) {
          logger.debug('libp2p.peerUnreachable', { code: error instanceof ParleyError ? error.code : 'Internal' })
          throw error
        }
      },
    })
  }

  /** Brings about a channel to that peer, or finds one; returns the peer's id. */
  async #connect(running: Running, peer: PeerAddress, signal: AbortSignal | undefined): Promise<string> {
    if (peer.peerId !== undefined && hasChannelTo(running, peer.peerId)) return peer.peerId
    const timeout = new AbortController()
    const cancel = running.host.clock.setTimeout(() => timeout.abort(), DIAL_TIMEOUT_MS)
    const signals = [timeout.signal, running.stopping.signal, ...(signal === undefined ? [] : [signal])]
    const any = AbortSignal.any(signals)
    try {
      any.throwIfAborted()
      // `force`: a connection that the peer dialled has its stream opened by the peer, so it is not ours to use.
      const connection = await running.node.dial(peer.multiaddr, { signal: any, force: true })
      await this.#open(running, connection, any)
      return connection.remotePeer.toString()
    } catch (error) {
      if (signal?.aborted === true) throw new ParleyError('Aborted', 'Dialling was given up.', { cause: error })
      if (running.stopping.signal.aborted) throw new ParleyError('Closed', 'The transport has stopped.', { cause: error })
      throw new ParleyError('Unreachable', `No Parley peer answers at ${peer.multiaddr.toString()}: ${describe(error)}`, { cause: error })
    } finally {
      cancel()
    }
  }

  #open(running: Running, connection: Connection, signal: AbortSignal): Promise<void> {
    if (running.channels.has(connection.id)) return Promise.resolve()
    const opening = running.opening.get(connection.id) ?? this.#openStream(running, connection, signal)
    running.opening.set(connection.id, opening)
    return opening
  }

  async #openStream(running: Running, connection: Connection, signal: AbortSignal): Promise<void> {
    try {
      this.#addChannel(running, await connection.newStream(PROTOCOL, { signal }), connection)
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error('no stream'))
      throw error
    } finally {
      running.opening.delete(connection.id)
    }
  }

  /** Only who dialled opens the stream, and only one; everything else is a peer that does not keep to the protocol. */
  #accept(running: Running, stream: Stream, connection: Connection): void {
    if (connection.direction === 'inbound' && !running.channels.has(connection.id)) {
      this.#addChannel(running, stream, connection)
    } else {
      running.host.logger.warn('libp2p.unexpectedStream', { direction: connection.direction })
      connection.abort(new Error('a stream that was not expected'))
    }
  }

  #addChannel(running: Running, stream: Stream, connection: Connection): void {
    const { host, node, channels } = running
    if (running.stopping.signal.aborted) {
      connection.abort(new Error('this peer stops'))
      return
    }
    const peerId = connection.remotePeer.toString()
    const channel: StreamChannel = new StreamChannel({
      stream,
      connection,
      binding: channelBinding(node.peerId, connection),
      clock: host.clock,
      onClosed: () => this.#onClosed(running, connection, channel),
    })
    channels.set(connection.id, { channel, peerId, openedAt: host.clock.now() })
    host.onChannel(channel)
  }

  #onClosed(running: Running, connection: Connection, channel: StreamChannel): void {
    const entry = running.channels.get(connection.id)
    running.channels.delete(connection.id)
    const ended = channel.ended.finally(() => running.ending.delete(ended))
    running.ending.add(ended)
    for (const { keeper, peer } of running.keepers) {
      if (entry !== undefined && entry.peerId === peer.peerId) keeper.lost(running.host.clock.now() - entry.openedAt)
    }
  }

  #closeIdleConnections({ node, host, channels }: Running): void {
    const timers = new Map<string, () => void>()
    node.addEventListener('connection:open', ({ detail: connection }) => {
      const cancel = host.clock.setTimeout(() => {
        timers.delete(connection.id)
        if (!channels.has(connection.id)) connection.abort(new Error('nothing was said'))
      }, IDLE_CONNECTION_MS)
      timers.set(connection.id, cancel)
    })
    node.addEventListener('connection:close', ({ detail: connection }) => {
      timers.get(connection.id)?.()
      timers.delete(connection.id)
    })
  }
}

function hasChannelTo(running: Running, peerId: string | undefined): boolean {
  if (peerId === undefined) return false
  for (const entry of running.channels.values()) if (entry.peerId === peerId) return true
  return false
}
