/**
 * What a conversation costs as it grows: the same measurements of the engine at several lengths of the history, by many authors, with the growth from the
 * shortest to the longest beside it. The floor and, as far as it can go, the naive baseline do the same work with one author.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderBytes } from './chat.ts'
import { withChildren } from './child.ts'
import type { SystemName } from './peer.ts'
import type { ScaleReport, ScaleRow } from './scale-report.ts'
import { targetsOf } from './scale-targets.ts'
import { median } from './statistics.ts'

/** Messages appended one at a time, and missed by one who comes back. */
const APPENDED = 128
const MISSED = 1_000
/** Beyond, the baseline takes minutes for one measurement. */
const MAX_BASELINE = 10_000
/** Longest history that is made in a browser. */
const MAX_BROWSER = 100_000

const MEASURES = [
  ['append', 'append, durable, one at a time', 'µs'],
  ['open', 'open to newest page', 'ms'],
  ['coldPage', 'page in the middle, cold', 'ms'],
  ['warmPage', 'page in the middle, warm', 'ms'],
  ['farPage', 'page at the far end, cold', 'ms'],
  ['memory', 'memory after open', 'MB'],
  ['newest', 'cold join, newest page', 'ms'],
  ['newestBytes', 'cold join, newest page, on the wire', 'B'],
  ['complete', 'cold join, complete, a message', 'µs'],
  ['wire', 'cold join, complete, a message on the wire', 'B'],
  ['resync', 'resync, nothing new', 'ms'],
  ['resyncBytes', 'resync, nothing new, on the wire', 'B'],
  ['catchUp', 'catch-up of 1,000', 'ms'],
  ['catchUpBytes', 'catch-up of 1,000, a message on the wire', 'B'],
  ['disk', 'disk, a message', 'B'],
] as const

type Values = Record<(typeof MEASURES)[number][0], number>

/** `inBrowser`: measures IndexedDB in Chromium, too, up to `MAX_BROWSER`. */
export async function measureScale(
  sizes: readonly number[],
  rounds: number,
  say: (text: string) => void,
  { inBrowser }: { inBrowser: boolean },
): Promise<ScaleReport> {
  const results: Record<SystemName, (Values | undefined)[]> = { parley: [], baseline: [], floor: [] }
  for (const size of sizes)
    for (const system of ['parley', 'floor', 'baseline'] as const)
      results[system].push(system === 'baseline' && size > MAX_BASELINE ? undefined : await measureSize(system, size, rounds, say))
  const rows = Object.fromEntries(
    MEASURES.map(([key, measure, unit]): [string, ScaleRow] => {
      const of = (system: SystemName): (number | undefined)[] => results[system].map((values) => values?.[key])
      return [key, { measure, unit, parley: of('parley'), floor: of('floor'), baseline: of('baseline') }]
    }),
  )
  const inPages = sizes.filter((size) => size <= MAX_BROWSER)
  const browser = inBrowser
    ? { sizes: inPages, rows: await (await import('./scale-browser.ts')).measureBrowser(inPages, rounds, say) }
    : undefined
  return { sizes, rounds, node: process.versions.node, rows: Object.values(rows), targets: targetsOf(rows), browser }
}

async function measureSize(system: SystemName, size: number, rounds: number, say: (text: string) => void): Promise<Values> {
  const root = await mkdtemp(join(tmpdir(), 'parley-scale-'))
  try {
    say(`${size} messages: ${system} writes its history`)
    const history = join(root, 'history')
    await withChildren([system], [], (child) => child.call('makeHistory', history, size))
    const all: Values[] = []
    for (let round = 0; round < rounds; round++) {
      say(`${size} messages: ${system}, round ${round + 1} of ${rounds}`)
      const work = await mkdtemp(join(root, 'round-'))
      all.push(await measureRound(system, size, history, work))
      await rm(work, { recursive: true })
    }
    return Object.fromEntries(MEASURES.map(([key]) => [key, median(all.map((values) => values[key]))])) as Values
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function measureRound(system: SystemName, size: number, history: string, work: string): Promise<Values> {
  const copy = async (name: string): Promise<string> => {
    await cp(history, join(work, name), { recursive: true })
    return join(work, name)
  }
  const read = await copy('read')
  const times = await withChildren([system], [], (child) => child.call('read', read, size))
  const folder = await copy('alice')
  const append = await withChildren([system], [], async (child) => {
    await child.call('open', await copy('append'), 'offline')
    await child.call('fill', size, APPENDED, 1)
    return child.call('fill', size + APPENDED, APPENDED, 1)
  })
  const bob = join(work, 'bob')
  return withChildren([system], [], async (alice) => {
    await alice.call('open', folder, 'listen')
    const address = await alice.call('address')
    const joined = await withChildren([system], [], (child) => child.call('join', bob, address, size))
    const resync = await withChildren([system], [], (child) => child.call('reconnect', bob, address))
    await alice.call('fill', size, MISSED, 64)
    const missed = await withChildren([system], [], (child) => child.call('catchUp', bob, address, size + MISSED))
    return {
      append,
      open: times.openMs,
      coldPage: times.coldPageMs,
      warmPage: times.warmPageMs,
      farPage: times.farPageMs,
      memory: times.memoryMb,
      newest: joined.newestMs,
      newestBytes: joined.newestBytes ?? joined.bytes,
      complete: (joined.completeMs * 1_000) / size,
      wire: joined.bytes / size,
      resync: resync.ms,
      resyncBytes: resync.bytes,
      catchUp: missed.ms,
      catchUpBytes: missed.bytes / MISSED,
      disk: (await folderBytes(history)) / size,
    }
  })
}
