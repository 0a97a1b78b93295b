/** The channels of a running node: dialled, accepted, one to a connection. */
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { TransportHost } from '@parley/core'
import { compareBytes, concatBytes, ParleyError } from '@parley/protocol'
import { isRelayed, type Target } from './address.ts'
import { describe, StreamChannel } from './channel.ts'
import type { RelayClient } from './relay-client.ts'

/** The stream protocol: frames with a 16-bit length in front, nothing before them. */
export const PROTOCOL = '/parley/1'

/** From the call of `dial` to the channel: name look-up, TCP, noise, yamux, stream. A second on a bad link; who does not answer by then is away. */
const DIAL_TIMEOUT_MS = 10_000

/** A connection that has become no channel after this long is somebody else's protocol or an attack, and is closed. */
const IDLE_CONNECTION_MS = 15_000

interface Open {
  readonly channel: StreamChannel
  readonly peerId: string
  readonly openedAt: number
  /** It was dialled because the peer was heard of, and nobody has asked for it since. */
  isFound: boolean
}

export class Connections {
  readonly #host: TransportHost
  readonly #node: Libp2p
  readonly #relays: RelayClient
  readonly #onLost: (peerId: string, livedMs: number) => void
  readonly #stopping = new AbortController()
  /** By the id of their connection. */
  readonly #channels = new Map<string, Open>()
  /** Streams that we are opening, so that two dials that share a connection share the channel too. */
  readonly #opening = new Map<string, Promise<void>>()
  /** Dials under way, by the peer: one that is found while it is dialled for another reason needs no second channel. */
  readonly #dialling = new Map<string, Promise<unknown>>()
  /** Channels that are closed, with connections that are not yet. */
  readonly #ending = new Set<Promise<void>>()

  /** `onLost` hears of every channel that ended, with how long it lived. */
  constructor(options: { host: TransportHost; node: Libp2p; relays: RelayClient; onLost: (peerId: string, livedMs: number) => void }) {
    this.#host = options.host
    this.#node = options.node
    this.#relays = options.relays
    this.#onLost = options.onLost
  }

  /** Takes in what others dial. To be called before the node starts. */
  async listen(): Promise<void> {
    // Through a relay too, where libp2p asks for it by name.
    await this.#node.handle(PROTOCOL, (stream, connection) => this.#accept(stream, connection), { runOnLimitedConnection: true })
    this.#closeIdleConnections()
  }

  /** Closes every channel; resolves once their connections are gone. Nothing is dialled any more. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const { channel } of [...this.#channels.values()]) channel.close('this peer stops')
    await Promise.all(this.#ending)
  }

  /** Whether there is a channel to that peer, whoever dialled; with `direct`, one without a relay on its way. */
  has(peerId: string | undefined, how?: 'direct'): boolean {
    if (peerId === undefined) return false
    for (const open of this.#channels.values()) if (open.peerId === peerId && !(how === 'direct' && open.channel.isRelayed)) return true
    return false
  }

  /** Somebody wants a channel to that peer: those there are are closed no more because others suffice. */
  claim(peerId: string): void {
    for (const open of this.#channels.values()) if (open.peerId === peerId) open.isFound = false
  }

  /** Closes those channels to that peer that were dialled because it was found. */
  closeFound(peerId: string): void {
    for (const open of [...this.#channels.values()]) if (open.peerId === peerId && open.isFound) open.channel.close('other links suffice')
  }

  /** Brings about a channel to that peer and returns its id. @throws {Unreachable}, {Aborted}, {Closed}. */
  async dial(target: Target, signal?: AbortSignal): Promise<string> {
    const { peerId, addresses } = target
    if (peerId === undefined) return this.#dial(target, signal)
    await this.#dialling.get(peerId)?.catch(() => undefined)
    if (target.isFound !== true) this.claim(peerId)
    // Whoever has only direct addresses to try may look for a better way than there is.
    if (this.has(peerId, addresses.some(isRelayed) ? undefined : 'direct')) return peerId
    const dialling = this.#dial(target, signal)
    this.#dialling.set(peerId, dialling)
    try {
      return await dialling
    } finally {
      if (this.#dialling.get(peerId) === dialling) this.#dialling.delete(peerId)
    }
  }

  async #dial({ addresses, peerId, isFound = false }: Target, signal?: AbortSignal): Promise<string> {
    const timeout = new AbortController()
    const cancel = this.#host.clock.setTimeout(() => timeout.abort(), DIAL_TIMEOUT_MS)
    const any = AbortSignal.any([timeout.signal, this.#stopping.signal, ...(signal === undefined ? [] : [signal])])
    try {
      any.throwIfAborted()
      // `force`: a connection that the peer dialled has its stream opened by the peer, so it is not ours to use.
      const connection = await this.#node.dial(
        addresses.map((address) => multiaddr(address)),
        { signal: any, force: true },
      )
      await this.#open(connection, any, isFound)
      return connection.remotePeer.toString()
    } catch (error) {
      if (signal?.aborted === true) throw new ParleyError('Aborted', 'Dialling was given up.', { cause: error })
      if (this.#stopping.signal.aborted) throw new ParleyError('Closed', 'The transport has stopped.', { cause: error })
      const where = addresses[0] ?? peerId ?? 'no address'
      throw new ParleyError('Unreachable', `No Parley peer answers at ${where}: ${describe(error)}`, { cause: error })
    } finally {
      cancel()
    }
  }

  #open(connection: Connection, signal: AbortSignal, isFound: boolean): Promise<void> {
    if (this.#channels.has(connection.id)) return Promise.resolve()
    const opening = this.#opening.get(connection.id) ?? this.#openStream(connection, signal, isFound)
    this.#opening.set(connection.id, opening)
    return opening
  }

  async #openStream(connection: Connection, signal: AbortSignal, isFound: boolean): Promise<void> {
    try {
      this.#addChannel(await connection.newStream(PROTOCOL, { signal, runOnLimitedConnection: true }), connection, isFound)
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error('no stream'))
      throw error
    } finally {
      this.#opening.delete(connection.id)
    }
  }

  /** Only who dialled opens the stream, and only one; everything else is a peer that does not keep to the protocol. */
  #accept(stream: Stream, connection: Connection): void {
    if (connection.direction === 'inbound' && !this.#channels.has(connection.id)) {
      this.#addChannel(stream, connection, false)
    } else {
      this.#host.logger.warn('libp2p.unexpectedStream', { direction: connection.direction })
      connection.abort(new Error('a stream that was not expected'))
    }
  }

  #addChannel(stream: Stream, connection: Connection, isFound: boolean): void {
    if (this.#stopping.signal.aborted) {
      connection.abort(new Error('this peer stops'))
      return
    }
    const peerId = connection.remotePeer.toString()
    const channel: StreamChannel = new StreamChannel({
      stream,
      connection,
      binding: channelBinding(this.#node.peerId, connection),
      isRelayed: isRelayed(connection.remoteAddr.toString()),
      clock: this.#host.clock,
      onClosed: () => this.#onClosed(connection, channel),
    })
    this.#channels.set(connection.id, { channel, peerId, openedAt: this.#host.clock.now(), isFound })
    this.#host.onChannel(channel)
  }

  #onClosed(connection: Connection, channel: StreamChannel): void {
    const open = this.#channels.get(connection.id)
    this.#channels.delete(connection.id)
    const ended = channel.ended.finally(() => this.#ending.delete(ended))
    this.#ending.add(ended)
    if (open !== undefined) this.#onLost(open.peerId, this.#host.clock.now() - open.openedAt)
  }

  #closeIdleConnections(): void {
    const timers = new Map<string, () => void>()
    this.#node.addEventListener('connection:open', ({ detail: connection }) => {
      const look = (): void => {
        timers.delete(connection.id)
        if (this.#channels.has(connection.id)) return
        // A relay that we dialled: it is kept for the place there, and for the channels that go through it.
        const isInUse =
          connection.direction === 'outbound' && (this.#relays.isRelay(connection.remotePeer) || connection.streams.length > 0)
        if (isInUse) timers.set(connection.id, this.#host.clock.setTimeout(look, IDLE_CONNECTION_MS))
        else connection.abort(new Error('nothing was said'))
      }
      timers.set(connection.id, this.#host.clock.setTimeout(look, IDLE_CONNECTION_MS))
    })
    this.#node.addEventListener('connection:close', ({ detail: connection }) => {
      timers.get(connection.id)?.()
      timers.delete(connection.id)
    })
  }
}

/**
 * The binding of a channel: both peer ids as multihash bytes, the smaller first, each after its length as 16 bits big-endian.
 * Noise proves both ids, so someone in the middle would have to be one of them.
 */
function channelBinding(local: PeerId, connection: Connection): Uint8Array {
  const ids = [local, connection.remotePeer].map((id) => id.toMultihash().bytes).sort(compareBytes)
  return concatBytes(...ids.flatMap((id) => [Uint8Array.of(id.length >> 8, id.length & 0xff), id]))
}
