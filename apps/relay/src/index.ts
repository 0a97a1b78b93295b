/**
 * The rendezvous: where peers that know the same topic exchange the few encrypted messages that it takes to connect to each other.
 * It speaks the signalling protocol of y-webrtc (JSON over WebSocket: `subscribe`, `unsubscribe`, `publish`, `ping`), so stock y-webrtc
 * clients can use it too. It sees topic names that say nothing, ciphertext and addresses, and keeps none of them.
 *
 * ```ts
 * const relay = await createRelay({ port: 0, host: '127.0.0.1' })
 * console.log(relay.url) // ws://127.0.0.1:49152
 * await relay.close()
 * ```
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { RelayStats } from './counters.ts'
import { Hub, type AttachInit } from './hub.ts'
import { MAX_CONNECTIONS } from './limits.ts'

export type { RelayStats } from './counters.ts'
export type { AttachInit, RelayLogger } from './hub.ts'
export { DEFAULT_LIMITS } from './limits.ts'
export type { RelayLimits } from './limits.ts'
export type { RefusalCode } from './message.ts'

/** How to run a relay. */
export interface RelayInit extends AttachInit {
  /** TCP port; 0 takes a free one. */
  port: number
  /** Address to listen on. `127.0.0.1` by default; `0.0.0.0` or `::` for everybody. */
  host?: string
}

/** A relay on somebody else's http server. */
export interface AttachedRelay {
  stats(): RelayStats
  /** Ends every connection and leaves the server as it was, running. Safe to call twice. */
  close(): Promise<void>
}

/** A running relay. */
export interface Relay extends AttachedRelay {
  /** What clients connect to: `ws://host:port`. */
  readonly url: string
  readonly port: number
}

/** Plain HTTP connections beyond the WebSockets, for health checks. */
const SPARE_HTTP_CONNECTIONS = 64

/** Listens and relays until `close`. Rejects with the error of node:net (`code: 'EADDRINUSE'`) when the port cannot be had. */
export async function createRelay(init: RelayInit): Promise<Relay> {
  const host = init.host ?? '127.0.0.1'
  const server = createServer(answerHttp)
  server.maxConnections = (init.limits?.connections ?? MAX_CONNECTIONS) + SPARE_HTTP_CONNECTIONS
  await listen(server, init.port, host)
  server.on('error', (error) => init.logger?.error('relay.serverError', { message: error.message }))
  const hub = new Hub(server, init)
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : init.port
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await hub.close()
    server.closeAllConnections()
    await closed
  }
  return {
    url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stats: () => hub.stats(),
    close: () => (closing ??= close()),
  }
}

/** Relays on an http server that does something else too, such as the page of a demo. The caller closes the server. */
export function attachRelay(server: Server, init: AttachInit = {}): AttachedRelay {
  return new Hub(server, init)
}

function answerHttp(request: IncomingMessage, response: ServerResponse): void {
  const found = request.url === '/' || request.url === '/healthz'
  response.writeHead(found ? 200 : 404, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
  response.end(found ? 'ok\n' : 'not found\n')
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
