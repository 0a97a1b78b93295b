import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { Addresses } from './addresses.ts'
import { clientAddress } from './address.ts'
import { Connection, type Shared } from './connection.ts'
import { newCounters, type Counters, type RelayStats, type TurnedAwayReason } from './counters.ts'
import { DEFAULT_LIMITS, type RelayLimits } from './limits.ts'
import type { RelayLogger } from './logger.ts'
import { TokenBucket } from './token-bucket.ts'
import { Topics } from './topics.ts'
import { refuseUpgrade } from './upgrade.ts'

/** WebSocket close code of a server that goes away (RFC 6455 section 7.4.1); clients come back or try another relay. */
const GOING_AWAY = 1001

/** What the client is told, by reason. `BadUpgrade` is answered by `ws`. */
const STATUS: Record<Exclude<TurnedAwayReason, 'BadUpgrade'>, string> = {
  RelayFull: '503 Service Unavailable',
  Stopping: '503 Service Unavailable',
  AddressFull: '429 Too Many Requests',
  AddressRate: '429 Too Many Requests',
  WrongPath: '404 Not Found',
}

/** How to attach a relay to a server. */
export interface AttachInit {
  /** Only upgrades of this path are taken, the others are left to other listeners; all are when absent. */
  path?: string
  /** Limits that differ from `DEFAULT_LIMITS`. */
  limits?: Partial<RelayLimits>
  /** True behind a reverse proxy that sets `X-Forwarded-For`, and only there: anybody can write that header. */
  trustProxy?: boolean
  /** Diagnostics; never told a topic, and an address only with `logAddresses`. */
  logger?: RelayLogger
  /** Adds the client's address (of IPv6: the /64) to log lines about connections. Off by default. */
  logAddresses?: boolean
}

/** Answers the upgrades of one http server and holds all connections that came through it. */
export class Hub {
  readonly #server: Server
  readonly #init: AttachInit
  readonly #shared: Shared
  readonly #webSockets: WebSocketServer
  readonly #connections = new Map<WebSocket, Connection>()
  readonly #housekeeping: NodeJS.Timeout
  readonly #handshakes: () => number
  #closing: Promise<void> | undefined
  #stopping = false

  /** `counters` and `handshakes` come from the server's own guard when it has one. */
  constructor(server: Server, init: AttachInit, counters: Counters = newCounters(), handshakes = () => 0) {
    const limits = { ...DEFAULT_LIMITS, ...init.limits }
    this.#server = server
    this.#init = init
    this.#handshakes = handshakes
    this.#shared = {
      limits,
      topics: new Topics(limits),
      addresses: new Addresses(limits),
      counters,
      rate: new TokenBucket(limits.relayBurst, limits.relayDeliveriesPerSecond, performance.now()),
      bufferedBytes: 0,
      logger: init.logger,
    }
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      autoPong: false,
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
      // One message of a connection, then the others' turn: one read of a flooder holds a thousand.
      allowSynchronousEvents: false,
    })
    server.on('upgrade', this.#onUpgrade)
    this.#housekeeping = setInterval(() => {
      this.#connections.forEach((connection) => connection.checkAlive())
      this.#shared.addresses.prune(performance.now())
    }, limits.pingMs)
    // The server keeps the process alive, not its housekeeping.
    this.#housekeeping.unref()
  }

  stats(): RelayStats {
    const { counters, topics, addresses, bufferedBytes } = this.#shared
    return {
      ...counters,
      refused: { ...counters.refused },
      turnedAway: { ...counters.turnedAway },
      connections: this.#connections.size,
      handshakes: this.#handshakes(),
      topics: topics.size,
      subscriptions: topics.subscriptions,
      addresses: addresses.size,
      bufferedBytes,
    }
  }

  /** Admits nobody any more; those who are connected stay. */
  drain(): void {
    this.#stopping = true
  }

  /** Takes no further connection and ends all that are open, politely at first. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.drain()
    clearInterval(this.#housekeeping)
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
    this.#server.off('upgrade', this.#onUpgrade)
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { path } = this.#init
    const facts = { connection: this.#shared.counters.admitted + 1 }
    if (path !== undefined && request.url?.split('?')[0] !== path) {
      // Somebody else on this server may want it; with nobody else it would hang.
      if (this.#server.listenerCount('upgrade') === 1) this.#turnAway(socket, 'WrongPath', {})
      return
    }
    const address = clientAddress(request, this.#init.trustProxy ?? false)
    const origin = { address, facts: this.#init.logAddresses === true ? { ...facts, address } : facts }
    if (this.#stopping) return this.#turnAway(socket, 'Stopping', origin.facts)
    if (this.#connections.size >= this.#shared.limits.connections) return this.#turnAway(socket, 'RelayFull', origin.facts)
    const refused = this.#shared.addresses.admit(address, performance.now())
    if (refused !== undefined) return this.#turnAway(socket, refused, origin.facts)
    let admitted = false
    // Synchronous: no `verifyClient` is used.
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      admitted = true
      this.#shared.counters.admitted += 1
      this.#connections.set(webSocket, new Connection(webSocket, this.#shared, origin))
      this.#init.logger?.debug('connection.opened', origin.facts)
      webSocket.once('close', (code) => {
        this.#connections.delete(webSocket)
        this.#shared.addresses.leave(address)
        this.#init.logger?.debug('connection.closed', { ...origin.facts, code })
      })
    })
    if (admitted) return
    this.#shared.addresses.leave(address)
    this.#shared.counters.turnedAway.BadUpgrade += 1
  }

  #turnAway(socket: Duplex, reason: Exclude<TurnedAwayReason, 'BadUpgrade'>, facts: Record<string, unknown>): void {
    this.#shared.counters.turnedAway[reason] += 1
    this.#init.logger?.debug('connection.turnedAway', { ...facts, reason })
    refuseUpgrade(socket, STATUS[reason])
  }
}
