/**
 * Live latency: how long a message takes from one process to the other over loopback TCP, behind a long history, next to what the same bytes take to a raw
 * WebSocket and back; and of what that time consists. A message is signed, sealed and on the disk before it leaves, and checked and stored before it is heard.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withChildren } from './child.ts'
import type { Mark, MarkName } from './marks.ts'
import type { Row, Section } from './report.ts'
import { median, percentile } from './statistics.ts'

/** Messages that are timed in a round, after as many that warm up. */
const TALKED = 100
/** After one the next is sent: as fast as one device may go on for ever (`MAX_LIVE_ENTRIES_PER_SECOND`). What is faster waits to be asked for. */
const TALK_PAUSE_MS = 50

/** What the median of a message may be, in medians of an echo. */
const LIMIT = 3

/** What happens to a message, one thing after the other; the last four at its receiver. */
const WAY = ['given', 'write', 'written', 'out', 'in', 'write', 'written', 'heard'] as const satisfies readonly MarkName[]
/** Between each of these and the next. */
const PARTS = [
  'sender: sealed, chained, signed',
  'sender: durable write',
  'sender: to the transport',
  'on the way: noise, yamux, TCP, noise',
  'receiver: parsed, verified',
  'receiver: stored',
  'receiver: folded, opened, announced',
] as const

export async function measureLatency(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), 'parley-latency-'))
  try {
    return await withChildren(['marked', 'marked'], [], async (alice, bob) => {
      say(`${size} messages: alice writes them`)
      await alice.call('makeHistory', join(root, 'alice'), size)
      await alice.call('open', join(root, 'alice'), 'listen')
      say(`${size} messages: bob fetches them`)
      await bob.call('join', join(root, 'bob'), await alice.call('address'), size)
      await bob.call('watch')
      const echoUrl = await bob.call('serveEcho')
      const messages: number[] = []
      const echoes: number[] = []
      const ways: number[][] = []
      // In turns, so that what else the machine does hits both.
      for (let round = 0; round <= rounds; round++) {
        say(`${size} messages: round ${round} of ${rounds}`)
        const from = size + round * TALKED
        const sent = await alice.call('talk', from, TALKED, TALK_PAUSE_MS)
        const arrived = await bob.call('arrivals', from, TALKED)
        const marks = [await alice.call('marks'), await bob.call('marks')] as const
        const roundTrips = await alice.call('echo', echoUrl, TALKED, TALK_PAUSE_MS)
        if (round === 0) continue
        messages.push(...arrived.map((at, i) => at - sent[i]!))
        ways.push(...waysOf(...marks))
        echoes.push(...roundTrips)
      }
      const row = (measure: string, of: (values: readonly number[]) => number): Row => ({
        measure,
        unit: 'ms',
        values: [of(messages), of(echoes)],
      })
      const part = (measure: string, i: number): Row => ({ measure, unit: 'ms', values: [median(ways.map((way) => way[i]!)), Number.NaN] })
      return {
        size,
        rows: [
          { ...row('sent to heard, p50', median), limit: LIMIT },
          row('sent to heard, p95', (values) => percentile(values, 0.95)),
          ...PARTS.map(part),
        ],
      }
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** The parts of the way of every message that was followed from end to end. */
function waysOf(sender: readonly Mark[], receiver: readonly Mark[]): number[][] {
  const ways: number[][] = []
  const starts = sender.flatMap(([name], i) => (name === 'given' ? [i] : []))
  for (const [n, start] of starts.entries()) {
    const until = sender[starts[n + 1] ?? sender.length]?.[1] ?? Number.POSITIVE_INFINITY
    const times: number[] = []
    for (const [step, name] of WAY.entries()) {
      const marks = step < 4 ? sender.slice(start) : receiver
      const next = marks.find(([kind, at]) => kind === name && at >= (times.at(-1) ?? 0) && at < until)
      if (next === undefined) break
      times.push(next[1])
    }
    if (times.length === WAY.length) ways.push(times.slice(1).map((at, i) => at - times[i]!))
  }
  return ways
}
