/**
 * The command: `node --conditions=@parley/source apps/relay/src/main.ts --port 4444 --host 127.0.0.1`.
 * Prints `{"url":"ws://…"}` once it listens, and runs until SIGINT or SIGTERM.
 */
import { parseArgs } from 'node:util'
import { createRelay } from './index.ts'

/** Where y-webrtc users expect signalling. */
const DEFAULT_PORT = 4444

const USAGE = `Usage: relay [--port ${DEFAULT_PORT}] [--host 127.0.0.1] [--trust-proxy]

  --port N        TCP port; 0 takes a free one
  --host ADDRESS  address to listen on; 0.0.0.0 for everybody
  --trust-proxy   count clients by the X-Forwarded-For of a reverse proxy in front
`

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: String(DEFAULT_PORT) },
        host: { type: 'string', default: '127.0.0.1' },
        'trust-proxy': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      process.stdout.write(USAGE)
      return 0
    }
    const port = Number(values.port)
    if (!/^\d+$/.test(values.port) || port > 65_535) return fail(`--port ${values.port} is no port; give a number from 0 to 65535.`)
    const relay = await createRelay({ port, host: values.host, trustProxy: values['trust-proxy'] })
    process.stdout.write(`${JSON.stringify({ url: relay.url })}\n`)
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve())
      process.once('SIGTERM', () => resolve())
    })
    await relay.close()
    return 0
  } catch (error) {
    return fail(explain(error))
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Give another one with --port, or --port 0 for any free one.`
  if (code === 'EACCES') return `Port ${port} needs more rights. Give one above 1023 with --port.`
  return error.message
}

function fail(message: string): number {
  process.stderr.write(`relay: ${message}\n`)
  return 1
}
