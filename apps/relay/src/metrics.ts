import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { CircuitStats } from './circuit/stats.ts'
import type { RelayStats } from './counters.ts'

/** The content type of the Prometheus text exposition format. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

const PREFIX = 'parley_relay_'

/** Resolution of the event loop measurement; finer costs more than it tells. */
const LOOP_RESOLUTION_MS = 20

const NS_PER_S = 1e9
const US_PER_S = 1e6

/** How long the event loop keeps others waiting; the histogram starts over with every reading. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })

  start(): void {
    this.#histogram.enable()
  }

  stop(): void {
    this.#histogram.disable()
  }

  /** Seconds since the last reading, 99th percentile and maximum. Zero before anything was measured. */
  read(): { p99: number; max: number } {
    const { max } = this.#histogram
    const p99 = max === 0 ? 0 : this.#histogram.percentile(99)
    this.#histogram.reset()
    return { p99: late(p99), max: late(max) }
  }
}

/** What is measured is the time between two ticks of a timer; how late the second one came is what is left without its interval. */
function late(ns: number): number {
  return Math.max(0, ns / NS_PER_S - LOOP_RESOLUTION_MS / 1_000)
}

/** Everything that is counted, in the Prometheus text exposition format: numbers and reasons, never an address or a topic. */
export function formatMetrics(stats: RelayStats, circuit: CircuitStats | undefined, loop: { p99: number; max: number }): string {
  const lines: string[] = []
  const add = (type: 'counter' | 'gauge', name: string, help: string, value: number | Record<string, number>): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    if (typeof value === 'number') lines.push(`${name} ${value}`)
    else for (const [reason, count] of Object.entries(value)) lines.push(`${name}{reason="${reason}"} ${count}`)
  }
  const counter = (name: string, help: string, value: number | Record<string, number>): void =>
    add('counter', `${PREFIX}${name}_total`, help, value)
  const gauge = (name: string, help: string, value: number): void => add('gauge', PREFIX + name, help, value)

  gauge('connections', 'WebSockets that are open.', stats.connections)
  gauge('handshakes', 'TCP connections that are no WebSocket (yet).', stats.handshakes)
  gauge('topics', 'Topics with at least one subscriber.', stats.topics)
  gauge('subscriptions', 'Pairs of topic and subscriber.', stats.subscriptions)
  gauge('addresses', 'Addresses with a connection or an unfinished rate.', stats.addresses)
  gauge('buffered_bytes', 'Bytes waiting for readers.', stats.bufferedBytes)
  counter('sockets', 'TCP connections.', stats.sockets)
  counter('admitted', 'WebSockets admitted.', stats.admitted)
  counter('turned_away', 'WebSockets not admitted.', stats.turnedAway)
  counter('crowded_out', 'Sockets closed at once because too many had not finished their handshake.', stats.crowdedOut)
  counter('half_open', 'Sockets cut off because they did not finish their handshake in time.', stats.halfOpen)
  counter('not_http', 'Sockets cut off because they spoke no HTTP.', stats.notHttp)
  counter('tls_failed', 'TLS handshakes that failed.', stats.tlsFailed)
  counter('received', 'Messages read.', stats.received)
  counter('received_bytes', 'Bytes of the messages read.', stats.receivedBytes)
  counter('delivered', 'Messages handed to subscribers.', stats.delivered)
  counter('delivered_bytes', 'Bytes of the messages handed to subscribers.', stats.deliveredBytes)
  counter('refused', 'Messages refused.', stats.refused)
  counter('slowed', 'Times that a sender above a rate was made to wait.', stats.slowed)
  counter('cut_off', 'Connections ended for refused messages or floods.', stats.cutOff)
  counter('slow_readers', 'Connections ended because the reader did not keep up.', stats.slow)
  counter('silent', 'Connections ended because no sign of life came.', stats.silent)
  counter('giant', 'Connections ended for a message that was too large.', stats.giant)
  counter('broken', 'Connections that ended with another WebSocket or socket error.', stats.broken)
  if (circuit !== undefined) {
    gauge('circuit_connections', 'libp2p connections that are open.', circuit.connections)
    gauge('circuit_reservations', 'Peers that can be reached through this relay.', circuit.reservations)
    gauge('circuits', 'Relayed connections that are open.', circuit.circuits)
    counter('circuit_reserved', 'Reservations granted, renewals included.', circuit.reserved)
    counter('circuit_opened', 'Relayed connections asked for and admitted.', circuit.opened)
    counter('circuit_refused', 'What the circuit relay refused.', { ...circuit.refused })
    counter(
      'circuit_half_open',
      'Sockets of the circuit relay cut off because they did not finish their handshake in time.',
      circuit.halfOpen,
    )
    counter('circuit_broken', 'WebSockets of the circuit relay that ended with an error, too large a message among them.', circuit.broken)
  }
  const { user, system } = process.cpuUsage()
  add('gauge', 'process_resident_memory_bytes', 'Resident memory.', process.memoryUsage.rss())
  add('counter', 'process_cpu_seconds_total', 'User and system time.', (user + system) / US_PER_S)
  add('gauge', 'process_start_time_seconds', 'Start of the process since the epoch.', Math.round(performance.timeOrigin / 1_000))
  add('gauge', 'nodejs_eventloop_lag_p99_seconds', 'Event loop delay since the last reading, 99th percentile.', loop.p99)
  add('gauge', 'nodejs_eventloop_lag_max_seconds', 'Event loop delay since the last reading, maximum.', loop.max)
  return `${lines.join('\n')}\n`
}
