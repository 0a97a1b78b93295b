/**
 * Live latency: how long a message takes from one process to the other over loopback TCP, behind a long history, next to what the same bytes take to a raw
 * WebSocket and back. A message is signed, sealed and on the disk before it leaves, and checked and on the other disk before it is heard.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withChildren } from './child.ts'
import type { Row, Section } from './report.ts'
import { median, percentile } from './statistics.ts'

/** Messages that are timed, after as many that warm up, and how long after one the next is sent: a lively group, no burst. */
const TALKED = 300
const TALK_PAUSE_MS = 10

/** What the median of a message may be, in medians of an echo. */
const LIMIT = 3

export async function measureLatency(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), 'parley-latency-'))
  try {
    return await withChildren(['parley', 'parley'], [], async (alice, bob) => {
      say(`${size} messages: alice writes them`)
      await alice.call('makeHistory', join(root, 'alice'), size)
      await alice.call('open', join(root, 'alice'), 'listen')
      say(`${size} messages: bob fetches them`)
      await bob.call('join', join(root, 'bob'), await alice.call('address'), size)
      await bob.call('watch')
      const echoUrl = await bob.call('serveEcho')
      const messages: number[] = []
      const echoes: number[] = []
      // In turns, so that what else the machine does hits both.
      for (let round = 0; round <= rounds; round++) {
        say(`${size} messages: round ${round} of ${rounds}`)
        const from = size + round * TALKED
        const sent = await alice.call('talk', from, TALKED, TALK_PAUSE_MS)
        const arrived = await bob.call('arrivals', from, TALKED)
        const roundTrips = await alice.call('echo', echoUrl, TALKED, TALK_PAUSE_MS)
        if (round === 0) continue
        messages.push(...arrived.map((at, i) => at - sent[i]!))
        echoes.push(...roundTrips)
      }
      const row = (measure: string, of: (values: readonly number[]) => number): Row => ({
        measure,
        unit: 'ms',
        values: [of(messages), of(echoes)],
      })
      return {
        size,
        rows: [{ ...row('sent to heard, p50', median), limit: LIMIT }, row('sent to heard, p95', (values) => percentile(values, 0.95))],
      }
    })
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
