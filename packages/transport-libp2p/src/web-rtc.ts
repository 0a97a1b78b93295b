/**
 * WebRTC between two peers who meet through a relay: over it they tell each other how they can be reached, behind routers too, and then talk without
 * it. libp2p's transport brings a native library on desktops (16 MB of memory), so it is loaded with the first such connection.
 */
import { transportSymbol, type Connection, type Listener, type Stream, type Transport } from '@libp2p/interface'
import type { webRTC, WebRTCTransportComponents } from '@libp2p/webrtc'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Logger } from '@parley/core'
import { isWebRtc } from './address.ts'
import { describe } from './channel.ts'

/** The stream on which two peers tell each other candidates (libp2p specifications, webrtc). */
export const SIGNALLING_PROTOCOL = '/webrtc-signaling/0.0.1'

/** From the first word of the other end to the connection: gathering, some round trips through a relay, checks. As long as a dial. */
const ANSWER_TIMEOUT_MS = 10_000

/** Strangers' connections that are being made at a time: each is a native object with sockets of its own. */
const MAX_ANSWERING = 16

/** As in WebRTC's RTCIceServer. */
export interface IceServer {
  urls: string | string[]
  username?: string
  credential?: string
}

/** libp2p's transport, with what its type does not name. */
interface Loaded extends Transport {
  _onProtocol(stream: Stream, connection: Connection, signal: AbortSignal): Promise<void>
}

type DialOptions = Parameters<Transport['dial']>[1]

/** For the list of transports of a node. `iceServers`: none unless told, so that nobody else hears of a connection. */
export function lazyWebRtc(iceServers: readonly IceServer[], logger: Logger): (components: WebRTCTransportComponents) => Transport {
  return (components) => new LazyWebRtc(components, iceServers, logger)
}

class LazyWebRtc implements Transport {
  readonly [transportSymbol] = true
  readonly [Symbol.toStringTag] = '@parley/web-rtc'
  readonly #components: WebRTCTransportComponents
  readonly #iceServers: readonly IceServer[]
  readonly #logger: Logger
  readonly #stopping = new AbortController()
  #loading: Promise<Loaded> | undefined
  #answering = 0

  constructor(components: WebRTCTransportComponents, iceServers: readonly IceServer[], logger: Logger) {
    this.#components = components
    this.#iceServers = iceServers
    this.#logger = logger
  }

  async start(): Promise<void> {
    await this.#components.registrar.handle(SIGNALLING_PROTOCOL, (stream, connection) => this.#answer(stream, connection), {
      runOnLimitedConnection: true,
      maxInboundStreams: 1,
    })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#components.registrar.unhandle(SIGNALLING_PROTOCOL)
  }

  /** Where this peer can be dialled follows from its relays; there is nothing to listen on. */
  createListener(): Listener {
    throw new Error('WebRTC has no listener of its own')
  }

  listenFilter(): Multiaddr[] {
    return []
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => isWebRtc(address.toString()))
  }

  async dial(address: Multiaddr, options: DialOptions): Promise<Connection> {
    return (await this.#load()).dial(address, options)
  }

  /** Somebody wants a connection, and proved by noise who it is, perhaps through a relay. */
  async #answer(stream: Stream, connection: Connection): Promise<void> {
    try {
      // libp2p takes the other end for whom the address names. That is told by the relay, and must be who has proved it.
      if (endOf(connection.remoteAddr) !== connection.remotePeer.toString()) throw new Error('an address of somebody else')
      if (this.#answering >= MAX_ANSWERING) throw new Error('too many at a time')
      this.#answering++
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(ANSWER_TIMEOUT_MS), this.#stopping.signal])
        await (await this.#load())._onProtocol(stream, connection, signal)
      } finally {
        this.#answering--
      }
    } catch (error) {
      this.#logger.debug('libp2p.webRtcFailed', { why: describe(error) })
      stream.abort(error instanceof Error ? error : new Error('no connection'))
    }
  }

  #load(): Promise<Loaded> {
    this.#loading ??= import('@libp2p/webrtc').then((module: { webRTC: typeof webRTC }) => {
      const create = module.webRTC({ rtcConfiguration: { iceServers: this.#iceServers.map((server) => ({ ...server })) } })
      return create(this.#components) as Loaded
    })
    return this.#loading
  }
}

/** The peer that an address leads to, in text. */
function endOf(address: Multiaddr): string | undefined {
  return multiaddr(address)
    .getComponents()
    .findLast(({ name }) => name === 'p2p')?.value
}
