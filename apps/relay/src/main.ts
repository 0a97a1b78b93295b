/**
 * The command: `node --conditions=@parley/source apps/relay/src/main.ts --port 4444 --host 127.0.0.1`.
 * Prints `{"url":"ws://…"}` once it listens, then the multiaddrs of the circuit relay, one a line; with `--json` everything in one line.
 * Runs until SIGINT or SIGTERM; a second one ends it as it is.
 */
import { createJsonLogger, type RelayLogger } from './logger.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { createRelay, type Relay } from './relay.ts'

/** Beyond the drain time: sockets get a second for their goodbye, libp2p one for its listeners; what is not done after this is cut off. */
const SHUTDOWN_MS = 5_000

process.exit(await main())

async function main(): Promise<number> {
  try {
    const options = readOptions()
    if (options.help) {
      process.stdout.write(USAGE)
      return 0
    }
    const logger = createJsonLogger(options.logLevel, (line) => process.stderr.write(line))
    // Before the ready line: whoever reads it may want to end this at once.
    const ended = endSignal()
    const tls = await options.readTls?.()
    const relay = await createRelay({ ...options.init, logger, ...(tls === undefined ? {} : { tls }) })
    process.on('SIGHUP', () => void reloadTls(relay, options, logger))
    process.stdout.write(readyLines(relay, options.json))
    logger.info('relay.started', { tls: tls !== undefined, circuit: relay.multiaddrs.length > 0 })
    const signal = await ended
    logger.info('relay.stopping', { signal })
    for (const again of ['SIGINT', 'SIGTERM'] as const) process.once(again, () => process.exit(1))
    setTimeout(() => process.exit(1), SHUTDOWN_MS + (options.init.drainMs ?? 0)).unref()
    await relay.close()
    logger.info('relay.stopped')
    return 0
  } catch (error) {
    return fail(explain(error))
  }
}

function readyLines(relay: Relay, json: boolean): string {
  const { url, multiaddrs, peerId, metricsUrl } = relay
  if (json) return `${JSON.stringify({ url, metricsUrl, peerId, multiaddrs })}\n`
  return [JSON.stringify({ url }), ...multiaddrs].map((line) => `${line}\n`).join('')
}

async function reloadTls(relay: Relay, options: Options, logger: RelayLogger): Promise<void> {
  try {
    const tls = await options.readTls?.()
    if (tls === undefined) return
    relay.setTls(tls)
    logger.info?.('tls.reloaded')
  } catch (error) {
    // The old keys still serve; a relay that ends because a file was half written would be worse.
    logger.error('tls.reloadFailed', { message: explain(error) })
  }
}

function endSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal))
  })
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (port === undefined) return error.message
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Give another one with --port, or --port 0 for any free one.`
  if (code === 'EACCES') return `Port ${port} needs more rights. Give one above 1023 with --port.`
  return error.message
}

function fail(message: string): number {
  process.stderr.write(`relay: ${message}\n`)
  return 1
}
