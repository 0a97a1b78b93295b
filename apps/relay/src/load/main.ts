/**
 * Puts a relay under load and says how it does: `npm run load -- --sockets 2000 --rate 200` in apps/relay.
 * Starts a relay in a process of its own, or takes a running one with `--url` (and `--metrics-url` for its memory).
 */
import { parseArgs } from 'node:util'
import { Clients, type Seen } from './clients.ts'
import { Strangers } from './hostile.ts'
import { Memory } from './memory.ts'
import { startTarget, type Target } from './target.ts'

const USAGE = `Usage: npm run load -- [options]

  --sockets N        clients (2000)
  --rate N           messages a second, all clients together (200)
  --seconds N        how long (20)
  --group N          clients a topic (8)
  --bytes N          bytes of one message (2048)
  --hostile N        strangers that flood, send junk and giants, open sockets and leave them, or never read (0)
  --url URL          a relay that runs already, instead of one of its own
  --metrics-url URL  its metrics
  --json             print one JSON object
`

/** How long deliveries that are still missing at the end are waited for. */
const PATIENCE_MS = 5_000

process.exit(await main())

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sockets: { type: 'string', default: '2000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '20' },
      group: { type: 'string', default: '8' },
      bytes: { type: 'string', default: '2048' },
      hostile: { type: 'string', default: '0' },
      url: { type: 'string' },
      'metrics-url': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const [sockets, rate, seconds, groupSize, bytes, hostile] = [
    Number(values.sockets),
    Number(values.rate),
    Number(values.seconds),
    Number(values.group),
    Number(values.bytes),
    Number(values.hostile),
  ]
  const target: Target =
    values.url === undefined
      ? await startTarget(['--log-level', 'warn'])
      : { url: values.url, metricsUrl: values['metrics-url'], stop: () => Promise.resolve() }
  const clients = new Clients({ url: target.url, groupSize, bytes })
  const strangers = new Strangers(target.url)
  const memory = new Memory(target.metricsUrl)
  try {
    await memory.read()
    const connecting = performance.now()
    await clients.connect(sockets)
    const connectMs = performance.now() - connecting
    await memory.read()
    memory.start()
    await strangers.start(hostile)
    await clients.publish(rate, seconds)
    await clients.settle(PATIENCE_MS)
    memory.stop()
    const metrics = await memory.read()
    const report = { ...summary(clients.seen), connectMs: Math.round(connectMs), ...memory.report(), relay: nonZero(metrics) }
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : text(report))
    // With strangers on it the first topic may be slowed down; without, nothing may be missing.
    return hostile === 0 && report.missing + report.dropped + report.errors > 0 ? 1 : 0
  } finally {
    memory.stop()
    strangers.stop()
    clients.close()
    await target.stop()
  }
}

function summary(seen: Seen) {
  const sorted = seen.latencies.toSorted((a, b) => a - b)
  const at = (share: number): number => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(2))
  return {
    sent: seen.sent,
    delivered: seen.latencies.length,
    missing: seen.expected - seen.latencies.length,
    dropped: seen.dropped,
    errors: seen.errors,
    latencyMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
  }
}

function nonZero(metrics: Map<string, number>): Record<string, number> {
  return Object.fromEntries([...metrics].filter(([name, value]) => name.startsWith('parley_relay_') && value !== 0))
}

function text(report: Record<string, unknown>): string {
  const lines = Object.entries(report).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? [name, ...Object.entries(value).map(([key, part]) => `  ${key} ${String(part)}`)]
      : [`${name} ${String(value)}`],
  )
  return `${lines.join('\n')}\n`
}
