import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressGroup } from './address.ts'
import type { SocketCounters } from './counters.ts'
import type { RelayLimits } from './limits.ts'

/** A certificate and its key, PEM. */
export interface TlsKeys {
  cert: string | Buffer
  key: string | Buffer
}

/** Headers of a WebSocket upgrade have under 1 KB; cookies and proxies may add some. */
const MAX_HEADER_BYTES = 8_192

/** A scraper asks every 15 s or more rarely and may connect again; an idle connection that spoke HTTP is not worth a place. */
const KEEP_ALIVE_MS = 5_000

/** Plain HTTP connections beyond the WebSockets, for health checks. */
const SPARE_CONNECTIONS = 64

/** What one wrong byte does to a connection that was to speak HTTP. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

/** An http server that lets nobody dawdle. */
export interface GuardedServer {
  server: Server
  /** TCP connections that are no WebSocket (yet). */
  handshakes(): number
  /** Uses other keys for connections from now on; nothing happens to those that are open. Does nothing without TLS. */
  setTls(tls: TlsKeys): void
}

/** The limits that have to do with sockets. */
export type GuardLimits = Pick<RelayLimits, 'connections' | 'handshakes' | 'handshakesPerAddress' | 'handshakeMs'>

/** How to guard. */
export interface GuardInit {
  limits: GuardLimits
  counters: SocketCounters
  /** HTTPS instead of HTTP. */
  tls?: TlsKeys | undefined
  /** All connections come from one address, the proxy's, so they are only bounded together. */
  trustProxy?: boolean | undefined
}

/**
 * An HTTP or HTTPS server, not yet listening, whose connections must get to a WebSocket or an answer in time: too many that have not are
 * closed at once, slow ones are cut off, and everything is counted.
 */
export function createGuardedServer(init: GuardInit, answer: RequestListener): GuardedServer {
  const { limits, counters, tls } = init
  const options: ServerOptions = {
    headersTimeout: limits.handshakeMs,
    requestTimeout: limits.handshakeMs,
    connectionsCheckingInterval: Math.ceil(limits.handshakeMs / 4),
    keepAliveTimeout: Math.min(KEEP_ALIVE_MS, limits.handshakeMs),
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const https = tls === undefined ? undefined : createHttpsServer({ ...options, ...tls, handshakeTimeout: limits.handshakeMs }, answer)
  const server: Server = https ?? createHttpServer(options, answer)
  server.maxConnections = limits.connections + SPARE_CONNECTIONS
  const waiting = new Waiting(limits, init.trustProxy ?? false)

  server.on('connection', (socket: Socket) => {
    counters.sockets += 1
    if (waiting.add(socket)) return
    counters.crowdedOut += 1
    socket.destroy()
  })
  server.on('drop', () => (counters.crowdedOut += 1))
  // Whatever becomes of an upgrade, the listener of that event answers it or closes it; it waits no more.
  server.prependListener('upgrade', (request) => waiting.delete(request.socket))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') counters.halfOpen += 1
    else if (error.code?.startsWith('HPE_') === true) counters.notHttp += 1
    if (socket.writable) socket.write(BAD_REQUEST)
    socket.destroy()
  })
  https?.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') counters.halfOpen += 1
    else counters.tlsFailed += 1
    socket.destroy()
  })
  return { server, handshakes: () => waiting.size, setTls: (keys) => https?.setSecureContext({ ...keys }) }
}

/** Resolves once listening, with the port; rejects with the error of node:net. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** TCP connections on their way to a WebSocket. Keyed by the other end: with TLS, events name another socket object than the first one did. */
class Waiting {
  readonly #limits: GuardLimits
  readonly #together: boolean
  readonly #sockets = new Map<string, string>()
  readonly #perAddress = new Map<string, number>()

  constructor(limits: GuardLimits, together: boolean) {
    this.#limits = limits
    this.#together = together
  }

  get size(): number {
    return this.#sockets.size
  }

  /** False when there is no place. */
  add(socket: Socket): boolean {
    const address = addressGroup(socket.remoteAddress ?? '')
    const sameAddress = this.#perAddress.get(address) ?? 0
    if (this.#sockets.size >= this.#limits.handshakes) return false
    if (!this.#together && sameAddress >= this.#limits.handshakesPerAddress) return false
    const key = keyOf(socket)
    this.#sockets.set(key, address)
    this.#perAddress.set(address, sameAddress + 1)
    // Once closed a socket no longer knows its other end.
    socket.once('close', () => this.#forget(key))
    return true
  }

  delete(socket: Socket): void {
    this.#forget(keyOf(socket))
  }

  #forget(key: string): void {
    const address = this.#sockets.get(key)
    if (address === undefined) return
    this.#sockets.delete(key)
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left > 0) this.#perAddress.set(address, left)
    else this.#perAddress.delete(address)
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}
