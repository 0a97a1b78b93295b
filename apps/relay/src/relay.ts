import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Circuit, CircuitInit } from './circuit/circuit.ts'
import type { CircuitStats } from './circuit/stats.ts'
import { newCounters, type RelayStats } from './counters.ts'
import { createGuardedServer, listen, type GuardedServer, type TlsKeys } from './http.ts'
import { Hub, type AttachInit } from './hub.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { formatMetrics, LoopDelay, METRICS_CONTENT_TYPE } from './metrics.ts'

/** How to run a relay. */
export interface RelayInit extends AttachInit {
  /** TCP port; 0 takes a free one. */
  port: number
  /** Address to listen on. `127.0.0.1` by default; `0.0.0.0` or `::` for everybody. */
  host?: string
  /** Speaks TLS (`wss:`, `https:`) with these keys. */
  tls?: TlsKeys
  /** Where `/metrics` is answered instead of on the port above, without TLS; port 0 takes a free one. */
  metrics?: { port: number; host: string }
  /** Is a libp2p circuit relay as well. */
  circuit?: CircuitInit
  /** Milliseconds from the start of `close`, when `/healthz` turns to 503, to the end of the connections. 0 by default. */
  drainMs?: number
}

/** A relay on somebody else's http server. */
export interface AttachedRelay {
  stats(): RelayStats
  /** Ends every connection and leaves the server as it was, running. Safe to call twice. */
  close(): Promise<void>
}

/** A running relay. */
export interface Relay extends AttachedRelay {
  /** What clients connect to: `ws://host:port`, or `wss:` with TLS. */
  readonly url: string
  readonly port: number
  /** What libp2p reserves at and dials through; empty without `circuit`. */
  readonly multiaddrs: readonly string[]
  /** The libp2p identity; undefined without `circuit`. */
  readonly peerId: string | undefined
  /** Where `/metrics` is: `http://host:port/metrics`. */
  readonly metricsUrl: string
  /** The counts of the circuit relay; undefined without `circuit`. */
  circuitStats(): CircuitStats | undefined
  /** Uses other keys for connections from now on. Does nothing without `tls`. */
  setTls(tls: TlsKeys): void
}

/** Listens and relays until `close`. Rejects with the error of node:net (`code: 'EADDRINUSE'`) when a port cannot be had. */
export async function createRelay(init: RelayInit): Promise<Relay> {
  const relay = new RelayProcess(init)
  try {
    await relay.start()
  } catch (error) {
    await relay.close()
    throw error
  }
  return relay
}

/** Relays on an http server that does something else too, such as the page of a demo. The caller closes the server. */
export function attachRelay(server: Server, init: AttachInit = {}): AttachedRelay {
  return new Hub(server, init)
}

class RelayProcess implements Relay {
  readonly #init: RelayInit
  readonly #guarded: GuardedServer
  readonly #hub: Hub
  readonly #metricsServer: Server | undefined
  readonly #loop = new LoopDelay()
  #circuit: Circuit | undefined
  #port = 0
  #metricsUrl = ''
  #stopping = false
  #closing: Promise<void> | undefined

  constructor(init: RelayInit) {
    const counters = newCounters()
    const limits = { ...DEFAULT_LIMITS, ...init.limits }
    const metrics = (_request: IncomingMessage, response: ServerResponse): void => this.#answerMetrics(response)
    const health = (_request: IncomingMessage, response: ServerResponse): void => this.#answerHealth(response)
    this.#init = init
    this.#guarded = createGuardedServer(
      { limits, counters, tls: init.tls, trustProxy: init.trustProxy },
      route({ '/': health, '/healthz': health, ...(init.metrics === undefined ? { '/metrics': metrics } : {}) }),
    )
    this.#metricsServer = init.metrics === undefined ? undefined : createServer(route({ '/healthz': health, '/metrics': metrics }))
    this.#hub = new Hub(this.#guarded.server, init, counters, this.#guarded.handshakes)
  }

  async start(): Promise<void> {
    const { metrics, circuit, tls, trustProxy, logger } = this.#init
    const { server } = this.#guarded
    this.#port = await listen(server, this.#init.port, this.#host)
    server.on('error', (error) => logger?.error('relay.serverError', { message: error.message }))
    this.#metricsUrl = `${this.url.replace('ws', 'http')}/metrics`
    if (metrics !== undefined && this.#metricsServer !== undefined) {
      const port = await listen(this.#metricsServer, metrics.port, metrics.host)
      this.#metricsUrl = `http://${bracketed(metrics.host)}:${port}/metrics`
    }
    if (circuit !== undefined) {
      // On demand: libp2p takes half a second to load, and most who run a rendezvous in a test or a demo need none.
      const { createCircuit } = await import('./circuit/circuit.ts')
      this.#circuit = await createCircuit(circuit, { tls, trustProxy, logger })
    }
    this.#loop.start()
  }

  get url(): string {
    return `${this.#init.tls === undefined ? 'ws' : 'wss'}://${bracketed(this.#host)}:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  get metricsUrl(): string {
    return this.#metricsUrl
  }

  get multiaddrs(): readonly string[] {
    return this.#circuit?.multiaddrs ?? []
  }

  get peerId(): string | undefined {
    return this.#circuit?.peerId
  }

  stats(): RelayStats {
    return this.#hub.stats()
  }

  circuitStats(): CircuitStats | undefined {
    return this.#circuit?.stats()
  }

  setTls(tls: TlsKeys): void {
    this.#guarded.setTls(tls)
    this.#circuit?.setTls(tls)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopping = true
    this.#hub.drain()
    if (this.#init.drainMs !== undefined) await sleep(this.#init.drainMs)
    await Promise.all([this.#hub.close(), this.#circuit?.close()])
    // Last, so that a load balancer hears until the end that nobody should come any more.
    await Promise.all([closeServer(this.#guarded.server), this.#metricsServer === undefined ? undefined : closeServer(this.#metricsServer)])
    this.#loop.stop()
  }

  get #host(): string {
    return this.#init.host ?? '127.0.0.1'
  }

  #answerHealth(response: ServerResponse): void {
    answer(response, this.#stopping ? 503 : 200, 'text/plain', this.#stopping ? 'stopping\n' : 'ok\n')
  }

  #answerMetrics(response: ServerResponse): void {
    answer(response, 200, METRICS_CONTENT_TYPE, formatMetrics(this.stats(), this.circuitStats(), this.#loop.read()))
  }
}

function route(pages: Record<string, RequestListener>): RequestListener {
  const byPath = new Map(Object.entries(pages))
  return (request, response) => {
    const page = byPath.get(request.url?.split('?')[0] ?? '')
    if (page === undefined) answer(response, 404, 'text/plain', 'not found\n')
    else if (request.method === 'GET' || request.method === 'HEAD') page(request, response)
    else answer(response, 405, 'text/plain', 'GET only\n')
  }
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** One that never listened is closed already. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
