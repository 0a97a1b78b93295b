/**
 * The two servers of a real deployment, for end-to-end tests: each on a port that the system chooses, each ended by its `close()`.
 */
import { createRelay, type Relay } from '@parley/relay'
import { DIST, serveWeb, type WebServer } from '@parley/web/server'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildWeb } from './build-web.ts'

/** A rendezvous; its `url` goes into `startWeb`. Give the `port` of one that was closed to bring it back. With `circuit` a circuit relay on WebSockets too. */
export function startRelay(init: { port?: number; circuit?: boolean } = {}): Promise<Relay> {
  const circuit = init.circuit === true ? { circuit: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } } : {}
  return createRelay({ port: init.port ?? 0, host: '127.0.0.1', ...circuit })
}

/** The built demo, telling its pages to meet at `rendezvous`. Builds it when nobody has yet; a run of the e2e tests does so once, at its start. */
export async function startWeb(init: { rendezvous: readonly string[] }): Promise<WebServer> {
  if (!existsSync(join(DIST, 'index.html'))) await buildWeb()
  return serveWeb({ port: 0, host: '127.0.0.1', rendezvous: init.rendezvous })
}
