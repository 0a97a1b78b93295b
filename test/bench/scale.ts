/**
 * What a conversation costs as it grows: the same measurements of the engine at several lengths of the history, by many authors, with the growth from the
 * shortest to the longest beside it. The floor and, as far as it can go, the naive baseline do the same work with one author, in turns with the engine.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderBytes } from './chat.ts'
import { withChildren } from './child.ts'
import { SYSTEM_NAMES, type SystemName } from './peer.ts'
import { medians, READING, rowsOf, type Values } from './scale-measures.ts'
import type { ScaleReport } from './scale-report.ts'
import { targetsOf } from './scale-targets.ts'
import { median } from './statistics.ts'

/** Messages appended before the clock begins, so that all systems run compiled code, and then, one at a time: in turns of so many, of which the median counts. */
const WARM_UP = 512
const APPENDED = 64
const TURNS = 8
/** Messages missed by one who comes back. */
const MISSED = 1_000
/** Long enough for one comparison of what both ends hold, between signs of life. */
const QUIET_MS = 30_000
/** Beyond, the baseline takes minutes for one measurement. */
const MAX_BASELINE = 10_000
/** Longest history that is made in a browser. */
const MAX_BROWSER = 100_000

const MEASURES = [
  ...READING,
  ['memory', 'memory after open', 'MB'],
  ['newest', 'cold join, newest page', 'ms'],
  ['newestBytes', 'cold join, newest page, on the wire', 'B'],
  ['complete', 'cold join, complete, a message', 'µs'],
  ['wire', 'cold join, complete, a message on the wire', 'B'],
  ['resync', 'resync, nothing new, new connection', 'ms'],
  ['resyncBytes', 'resync, nothing new, new connection, on the wire', 'B'],
  ['saidBytes', 'resync, nothing new, new connection, without libp2p', 'B'],
  ['quietBytes', 'half a minute on a link that is up, nothing new, on the wire', 'B'],
  ['catchUp', 'catch-up of 1,000', 'ms'],
  ['catchUpBytes', 'catch-up of 1,000, a message on the wire', 'B'],
  ['disk', 'disk, a message', 'B'],
] as const

type Key = (typeof MEASURES)[number][0]
type Result = Partial<Values<Key>>
type Results = Partial<Record<SystemName, Result>>

/** `inBrowser`: measures IndexedDB in Chromium, too, up to `MAX_BROWSER`. */
export async function measureScale(
  sizes: readonly number[],
  rounds: number,
  say: (text: string) => void,
  { inBrowser }: { inBrowser: boolean },
): Promise<ScaleReport> {
  const results: Results[] = []
  for (const size of sizes) results.push(await measureSize(size, rounds, say))
  const of = (system: SystemName): (Result | undefined)[] => results.map((result) => result[system])
  const rows = rowsOf<Key>(MEASURES, { parley: of('parley'), floor: of('floor'), baseline: of('baseline') })
  const inPages = sizes.filter((size) => size <= MAX_BROWSER)
  const browser = inBrowser
    ? { sizes: inPages, rows: await (await import('./scale-browser.ts')).measureBrowser(inPages, rounds, say) }
    : undefined
  return { sizes, rounds, node: process.versions.node, rows: Object.values(rows), targets: targetsOf(rows), browser }
}

async function measureSize(size: number, rounds: number, say: (text: string) => void): Promise<Results> {
  const systems = SYSTEM_NAMES.filter((system) => system !== 'baseline' || size <= MAX_BASELINE)
  const root = await mkdtemp(join(tmpdir(), 'parley-scale-'))
  try {
    for (const system of systems) {
      say(`${size} messages: ${system} writes its history`)
      await withChildren([system], [], (child) => child.call('makeHistory', join(root, system), size))
    }
    const all: Results[] = []
    for (let round = 1; round <= rounds; round++) {
      const work = await mkdtemp(join(root, 'round-'))
      say(`${size} messages: append, round ${round} of ${rounds}`)
      const appended = await measureAppend(systems, size, root, work)
      const result: Results = {}
      for (const system of systems) {
        say(`${size} messages: ${system}, round ${round} of ${rounds}`)
        result[system] = { append: appended[system]!, ...(await measureRound(system, size, join(root, system), work)) }
      }
      all.push(result)
      await rm(work, { recursive: true })
    }
    const of = (system: SystemName): Result =>
      medians<Key>(
        MEASURES,
        all.flatMap((result) => result[system] ?? []),
      )
    return Object.fromEntries(systems.map((system) => [system, of(system)]))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Microseconds a message of each system, all at the same time of the same machine: the disk is shared by all that run on it. */
async function measureAppend(
  systems: readonly SystemName[],
  size: number,
  histories: string,
  work: string,
): Promise<Partial<Record<SystemName, number>>> {
  const turns: Partial<Record<SystemName, number[]>> = {}
  await withChildren(systems, [], async (...children) => {
    for (const [i, system] of systems.entries()) {
      const folder = join(work, `append-${system}`)
      await cp(join(histories, system), folder, { recursive: true })
      await children[i]!.call('open', folder, 'offline')
      await children[i]!.call('fill', size, WARM_UP, 1)
    }
    for (let turn = 0; turn < TURNS; turn++)
      for (const [i, system] of systems.entries())
        (turns[system] ??= []).push(await children[i]!.call('fill', size + WARM_UP + turn * APPENDED, APPENDED, 1))
  })
  return Object.fromEntries(systems.map((system) => [system, median(turns[system] ?? [])]))
}

async function measureRound(system: SystemName, size: number, history: string, work: string): Promise<Result> {
  const copy = async (name: string): Promise<string> => {
    await cp(history, join(work, `${name}-${system}`), { recursive: true })
    return join(work, `${name}-${system}`)
  }
  const read = await copy('read')
  const { memoryMb, ...times } = await withChildren([system], [], (child) => child.call('read', read, size))
  await rm(read, { recursive: true })
  const folder = await copy('alice')
  const bob = join(work, `bob-${system}`)
  return withChildren([system], [], async (alice) => {
    await alice.call('open', folder, 'listen')
    const address = await alice.call('address')
    const joined = await withChildren([system], [], (child) => child.call('join', bob, address, size))
    const resync = await withChildren([system], [], async (child) => {
      const connected = await child.call('reconnect', bob, address)
      if (system !== 'parley') return connected
      return { ...connected, quietBytes: await child.call('quietBytes', QUIET_MS) }
    })
    await alice.call('fill', size, MISSED, 64)
    const missed = await withChildren([system], [], (child) => child.call('catchUp', bob, address, size + MISSED))
    return {
      ...times,
      memory: memoryMb,
      newest: joined.newestMs,
      newestBytes: joined.newestBytes ?? joined.bytes,
      complete: (joined.completeMs * 1_000) / size,
      wire: joined.bytes / size,
      resync: resync.ms,
      resyncBytes: resync.bytes,
      ...('quietBytes' in resync ? { saidBytes: resync.saidBytes, quietBytes: resync.quietBytes } : {}),
      catchUp: missed.ms,
      catchUpBytes: missed.bytes / MISSED,
      disk: (await folderBytes(history)) / size,
    }
  })
}
