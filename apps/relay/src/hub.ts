import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { clientAddress } from './address.ts'
import { Connection, type Shared } from './connection.ts'
import { newCounters, type RelayStats } from './counters.ts'
import { DEFAULT_LIMITS, type RelayLimits } from './limits.ts'
import { Topics } from './topics.ts'

/** WebSocket close code of a server that goes away (RFC 6455 section 7.4.1); clients come back or try another relay. */
const GOING_AWAY = 1001

/** How to attach a relay to a server. */
export interface AttachInit {
  /** Only upgrades of this path are taken, the others are left to other listeners; all are when absent. */
  path?: string
  /** Limits that differ from `DEFAULT_LIMITS`. */
  limits?: Partial<RelayLimits>
  /** True behind a reverse proxy that sets `X-Forwarded-For`, and only there: anybody can write that header. */
  trustProxy?: boolean
  /** Diagnostics; never told an address or a topic. */
  logger?: RelayLogger
}

/** The shape of the engine's Logger. */
export interface RelayLogger {
  debug(event: string, facts?: Record<string, unknown>): void
  warn(event: string, facts?: Record<string, unknown>): void
  error(event: string, facts?: Record<string, unknown>): void
}

/** Answers the upgrades of one http server and holds all connections that came through it. */
export class Hub {
  readonly #server: Server
  readonly #init: AttachInit
  readonly #shared: Shared
  readonly #webSockets: WebSocketServer
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #pings: NodeJS.Timeout
  #closing: Promise<void> | undefined

  constructor(server: Server, init: AttachInit) {
    const limits = { ...DEFAULT_LIMITS, ...init.limits }
    this.#server = server
    this.#init = init
    this.#shared = { limits, topics: new Topics(limits), counters: newCounters() }
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
    })
    server.on('upgrade', this.#onUpgrade)
    this.#pings = setInterval(() => this.#connections.forEach((connection) => connection.checkAlive()), limits.pingMs)
    // The server keeps the process alive, not its housekeeping.
    this.#pings.unref()
  }

  stats(): RelayStats {
    const { counters, topics } = this.#shared
    return {
      ...counters,
      refused: { ...counters.refused },
      connections: this.#connections.size,
      topics: topics.size,
      subscriptions: topics.subscriptions,
    }
  }

  /** Takes no further connection and ends all that are open, politely at first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#server.off('upgrade', this.#onUpgrade)
    clearInterval(this.#pings)
    const sockets = [...this.#connections.keys()]
    const ended = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())))
    for (const socket of sockets) {
      // A socket that waits for its rate would not read the answer.
      socket.resume()
      socket.close(GOING_AWAY, 'relay stops')
    }
    const terminate = setTimeout(() => sockets.forEach((socket) => socket.terminate()), this.#shared.limits.closeGraceMs)
    await Promise.all(ended)
    clearTimeout(terminate)
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { path } = this.#init
    if (path !== undefined && request.url?.split('?')[0] !== path) {
      // Somebody else on this server may want it; with nobody else it would hang.
      if (this.#server.listenerCount('upgrade') === 1) this.#turnAway(socket, '404 Not Found')
      return
    }
    const { limits } = this.#shared
    const address = clientAddress(request, this.#init.trustProxy ?? false)
    const sameAddress = this.#perAddress.get(address) ?? 0
    if (this.#connections.size >= limits.connections) {
      this.#turnAway(socket, '503 Service Unavailable')
    } else if (sameAddress >= limits.connectionsPerAddress) {
      this.#turnAway(socket, '429 Too Many Requests')
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#admit(webSocket, address))
    }
  }

  #admit(webSocket: WebSocket, address: string): void {
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    this.#connections.set(webSocket, new Connection(webSocket, this.#shared))
    webSocket.once('close', () => {
      this.#connections.delete(webSocket)
      const left = (this.#perAddress.get(address) ?? 1) - 1
      if (left > 0) this.#perAddress.set(address, left)
      else this.#perAddress.delete(address)
    })
  }

  #turnAway(socket: Duplex, status: string): void {
    this.#shared.counters.turnedAway += 1
    this.#init.logger?.debug('relay.turnedAway', { status })
    socket.on('error', (error) => this.#init.logger?.debug('relay.socketError', { message: error.message }))
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }
}
