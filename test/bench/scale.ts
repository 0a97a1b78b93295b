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
import { median } from './statistics.ts'

/** Messages appended one at a time, and missed by one who comes back. */
const APPENDED = 128
const MISSED = 1_000
/** Beyond, the baseline takes minutes for one measurement. */
const MAX_BASELINE = 10_000

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

/** Medians by system and size; undefined where a system was not measured. */
export interface ScaleReport {
  readonly sizes: readonly number[]
  readonly rows: readonly {
    readonly measure: string
    readonly unit: string
    readonly values: Readonly<Record<SystemName, readonly (number | undefined)[]>>
    /** The engine at the largest size, divided by that at the smallest. */
    readonly growth: number
  }[]
}

export async function measureScale(sizes: readonly number[], rounds: number, say: (text: string) => void): Promise<ScaleReport> {
  const results: Record<SystemName, (Values | undefined)[]> = { parley: [], baseline: [], floor: [] }
  for (const size of sizes)
    for (const system of ['parley', 'floor', 'baseline'] as const)
      results[system].push(system === 'baseline' && size > MAX_BASELINE ? undefined : await measureSize(system, size, rounds, say))
  const rows = MEASURES.map(([key, measure, unit]) => {
    const of = (system: SystemName): (number | undefined)[] => results[system].map((values) => values?.[key])
    const own = of('parley')
    return { measure, unit, values: { parley: own, floor: of('floor'), baseline: of('baseline') }, growth: own.at(-1)! / own[0]! }
  })
  return { sizes, rows }
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

/** A table in Markdown, less is better in every line. */
export function renderScale({ sizes, rows }: ScaleReport): string {
  const names = sizes.map((size) => size.toLocaleString('en'))
  const head = ['', 'unit', ...names, 'growth', ...names.map((name) => `floor ${name}`), ...names.map((name) => `baseline ${name}`)]
  const lines = rows.map(({ measure, unit, values, growth }) => [
    measure,
    unit,
    ...values.parley.map(significant),
    significant(growth),
    ...values.floor.map(significant),
    ...values.baseline.map(significant),
  ])
  return [head, head.map((_, i) => (i < 2 ? '---' : '--:')), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Three digits that mean something. */
function significant(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '·'
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
