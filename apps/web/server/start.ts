/**
 * What `npm start` and `npm run dev` run: the rendezvous and the demo in one process, until Ctrl-C.
 */
import { createRelay } from '@parley/relay'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { serveDevelopment } from './development.ts'
import { onNextFreePort } from './ports.ts'
import { serveWeb, type WebServerInit } from './serve.ts'

const USAGE = `npm start -- [options]

  --port N               port of the demo (5173); a busy one is stepped over
  --rendezvous-port N    port of the rendezvous (4444); a busy one is stepped over
  --host ADDRESS         address to listen on (127.0.0.1); 0.0.0.0 for everybody
  --rendezvous URL       a rendezvous that runs elsewhere instead of an own one; may be repeated
  --dev                  serve the sources with hot reload instead of a build (npm run dev)
  --help
`

const VITE_CONFIG = fileURLToPath(new URL('../vite.config.ts', import.meta.url))

/** Long enough for any honest goodbye, short enough for the patience of somebody who pressed Ctrl-C. */
const SHUTDOWN_MS = 3000

/** One Ctrl-C arrives twice within milliseconds: from the terminal, and passed on by npm. Only a later one is a second wish. */
const SAME_SIGNAL_MS = 500

interface Options {
  port: number
  rendezvousPort: number
  host: string
  rendezvous: readonly string[]
  dev: boolean
}

type Closable = { close(): Promise<void> }

async function main(): Promise<void> {
  const options = readOptions()
  if (options === undefined) return
  const running: Closable[] = []
  endOnSignals(running)

  if (!options.dev) {
    say('Building the demo ...')
    await build({ configFile: VITE_CONFIG, logLevel: 'warn' })
  }
  const rendezvous = options.rendezvous.length > 0 ? options.rendezvous : [await startRendezvous(options, running)]
  const start = options.dev ? serveDevelopment : serveWeb
  const web = await onNextFreePort(options.port, (port) => start({ port, host: options.host, rendezvous } satisfies WebServerInit))
  running.push(web.server)
  if (!web.asWanted) say(`Port ${options.port} is in use, so the demo is on port ${web.server.port}.`)
  say(`Rendezvous: ${rendezvous.join(' ')}`)
  say('Ctrl-C ends everything. Open this in a browser:\n')
  say(`  ${web.server.url}`)
}

async function startRendezvous(options: Options, running: Closable[]): Promise<string> {
  const { server, asWanted } = await onNextFreePort(options.rendezvousPort, (port) => createRelay({ port, host: options.host }))
  running.push(server)
  if (!asWanted) say(`Port ${options.rendezvousPort} is in use, so the rendezvous is on port ${server.port}.`)
  return server.url
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '5173' },
      'rendezvous-port': { type: 'string', default: '4444' },
      host: { type: 'string', default: '127.0.0.1' },
      rendezvous: { type: 'string', multiple: true, default: [] },
      dev: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return undefined
  }
  for (const url of values.rendezvous) {
    if (!/^wss?:$/.test(URL.parse(url)?.protocol ?? '')) throw new Error(`--rendezvous takes a ws: or wss: URL, not ${url}`)
  }
  return {
    port: readPort('--port', values.port),
    rendezvousPort: readPort('--rendezvous-port', values['rendezvous-port']),
    host: values.host,
    rendezvous: values.rendezvous,
    dev: values.dev,
  }
}

function readPort(flag: string, text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`${flag} takes a number from 0 to 65535, not ${text}`)
  return port
}

/** The first signal closes everything; a second one, or a goodbye that takes too long, ends the process as it is. */
function endOnSignals(running: readonly Closable[]): void {
  let since: number | undefined
  const end = (): void => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1)
      return
    }
    since = performance.now()
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref()
    void Promise.allSettled(running.map((one) => one.close())).then(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`npm start: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
