import { transportSymbol, TypedEventEmitter, type Connection, type Listener, type ListenerEvents } from '@libp2p/interface'
import type { ComponentLogger, CreateListenerOptions, Transport } from '@libp2p/interface'
import { AbstractMultiaddrConnection, getNetConfig, getThinWaistAddresses, ipPortToMultiaddr } from '@libp2p/utils'
import type { AbstractMultiaddrConnectionInit, SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { forwardedAddress } from '../address.ts'
import { listen, type GuardedServer } from '../http.ts'

/** What may wait to be written before the writer is asked to pause; the windows of yamux bound it per stream already. */
const MAX_BUFFERED_BYTES = 1_048_576

/** Codes of multiaddr: `tls` and `wss` say that the listener is to speak TLS, `ws` alone that it is not. */
const CODE_TLS = 448
const CODE_WS = 477
const CODE_WSS = 478

/** What the listeners need from the relay. */
export interface WebSocketsInit {
  /** A server for one listener, not yet listening; with TLS if `secure`. */
  createServer(secure: boolean): GuardedServer
  frameBytes: number
  trustProxy: boolean
  /** A WebSocket ended with an error. */
  onBroken(): void
}

/**
 * Listens for libp2p on WebSockets, and never dials. The one of `@libp2p/websockets` reads messages of up to 100 MiB and waits for ever for the
 * first byte of a connection, which is not for the public.
 */
export function inboundWebSockets(init: WebSocketsInit): (components: { logger: ComponentLogger }) => Transport {
  return (components) => new InboundWebSockets(init, components.logger)
}

class InboundWebSockets implements Transport {
  readonly [transportSymbol] = true as const
  readonly [Symbol.toStringTag] = '@parley/relay/web-sockets'
  readonly #init: WebSocketsInit
  readonly #logger: ComponentLogger

  constructor(init: WebSocketsInit, logger: ComponentLogger) {
    this.#init = init
    this.#logger = logger
  }

  dial(): Promise<Connection> {
    return Promise.reject(new Error('A relay does not dial.'))
  }

  createListener(options: CreateListenerOptions): Listener {
    return new WebSocketListener(this.#init, this.#logger, options)
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter((address) => address.getComponents().some(({ code }) => code === CODE_WS || code === CODE_WSS))
  }

  dialFilter(): Multiaddr[] {
    return []
  }
}

class WebSocketListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #init: WebSocketsInit
  readonly #logger: ComponentLogger
  readonly #upgrader: CreateListenerOptions['upgrader']
  readonly #webSockets: WebSocketServer
  readonly #stop = new AbortController()
  #guarded: GuardedServer | undefined
  #addresses: Multiaddr[] = []

  constructor(init: WebSocketsInit, logger: ComponentLogger, options: CreateListenerOptions) {
    super()
    this.#init = init
    this.#logger = logger
    this.#upgrader = options.upgrader
    this.#webSockets = new WebSocketServer({ noServer: true, autoPong: false, perMessageDeflate: false, maxPayload: init.frameBytes })
  }

  async listen(address: Multiaddr): Promise<void> {
    const secure = address.getComponents().some(({ code }) => code === CODE_TLS || code === CODE_WSS)
    const { host, port } = getNetConfig(address)
    const guarded = this.#init.createServer(secure)
    this.#guarded = guarded
    guarded.server.on('upgrade', this.#onUpgrade)
    const actual = await listen(guarded.server, port ?? 0, host)
    const suffix = secure ? '/tls/ws' : '/ws'
    this.#addresses = getThinWaistAddresses(address, actual).map((thin) => thin.encapsulate(suffix))
    this.safeDispatchEvent('listening')
  }

  async close(): Promise<void> {
    const server = this.#guarded?.server
    const closed = new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
    this.#stop.abort()
    for (const socket of this.#webSockets.clients) socket.terminate()
    server?.closeAllConnections()
    await closed
    this.safeDispatchEvent('close')
  }

  getAddrs(): Multiaddr[] {
    return this.#addresses
  }

  /** Nothing here depends on what is announced. */
  updateAnnounceAddrs(): void {}

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => this.#init.onBroken())
      const forwarded = this.#init.trustProxy ? forwardedAddress(request) : undefined
      const { remoteAddress = '', remotePort = 0 } = request.socket
      const log = this.#logger.forComponent('parley:relay:web-sockets')
      let remoteAddr: Multiaddr
      try {
        remoteAddr = ipPortToMultiaddr(forwarded ?? remoteAddress, remotePort).encapsulate('/ws')
      } catch (error) {
        log.error('no address of a client: %e', error)
        webSocket.terminate()
        return
      }
      const connection = new WebSocketConnection(webSocket, { remoteAddr, direction: 'inbound', log })
      this.#upgrader.upgradeInbound(connection, { signal: this.#stop.signal }).catch((error: unknown) => {
        const reason = error instanceof Error ? error : new Error(String(error))
        log.error('inbound connection not upgraded: %e', reason)
        connection.abort(reason)
      })
    })
  }
}

class WebSocketConnection extends AbstractMultiaddrConnection {
  readonly #socket: WebSocket

  constructor(socket: WebSocket, init: AbstractMultiaddrConnectionInit) {
    super(init)
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.onData(data))
    socket.on('ping', (data: Buffer) => this.#onPing(data))
    socket.on('close', (code) => (code === 1000 || code === 1005 ? this.onTransportClosed() : this.onRemoteReset()))
  }

  override sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    for (const bytes of data) this.#socket.send(bytes, this.#onWritten)
    return { sentBytes: data.byteLength, canSendMore: this.#socket.bufferedAmount < MAX_BUFFERED_BYTES }
  }

  /** An aborted connection owes the other end nothing, and a socket that waits for a goodbye would keep its place. */
  override sendReset(): void {
    this.#socket.terminate()
  }

  override sendClose(): Promise<void> {
    this.#socket.close()
    return Promise.resolve()
  }

  override sendPause(): void {
    this.#socket.pause()
  }

  override sendResume(): void {
    this.#socket.resume()
  }

  /** Answered here and not by `ws`, which would queue an answer to every ping of a flooder that never reads. */
  #onPing(data: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) this.#socket.pong(data)
    else this.abort(new Error('Pings without end from somebody who does not read.'))
  }

  readonly #onWritten = (): void => {
    if (this.writableNeedsDrain && this.#socket.bufferedAmount === 0) this.safeDispatchEvent('drain')
  }
}
