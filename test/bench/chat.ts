/** Messages from one end to the other, for the engine, the naive baseline and the floor, in turns so that noise hits all alike. */
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withChildren, type NodeFlags } from './child.ts'
import { SYSTEM_NAMES, type SystemName } from './peer.ts'
import type { Row, Section } from './report.ts'
import { median, percentile } from './statistics.ts'

/** Sends under way at a time where a measurement says so. */
const IN_FLIGHT = 64
/** Sent before append is measured, so that all systems run compiled code. */
const WARM_UP = 512
const APPENDED_AT_ONCE = 2_048
const APPENDED_ALONE = 256
/** Messages whose way to the other end is timed, and how long after one the next is sent: a lively group, no burst. */
const TALKED = 200
const TALK_PAUSE_MS = 10

type Values = Record<string, number>

const MEASURES: readonly (readonly [key: string, label: string, unit: string])[] = [
  ['alone', 'append, durable, one at a time', 'µs'],
  ['atOnce', `append, durable, ${IN_FLIGHT} in flight`, 'µs'],
  ['open', 'open to newest page', 'ms'],
  ['coldPage', 'page in the middle, cold', 'ms'],
  ['warmPage', 'page in the middle, warm', 'ms'],
  ['memory', 'memory after open', 'MB'],
  ['newest', 'cold sync, newest page readable', 'ms'],
  ['complete', 'cold sync, complete and stored', 'ms'],
  ['wire', 'cold sync, bytes a message', 'B'],
  ['reconnect', 'reconnect, nothing new', 'ms'],
  ['reconnectBytes', 'reconnect, nothing new', 'B'],
  ['liveP50', 'live latency p50', 'ms'],
  ['liveP95', 'live latency p95', 'ms'],
  ['disk', 'disk a message', 'B'],
]

/** Measures a history of `size` messages. `say` hears what is going on. */
export async function measureChat(size: number, rounds: number, flags: NodeFlags, say: (text: string) => void): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), 'parley-bench-'))
  try {
    const results = new Map<SystemName, Values[]>()
    for (const system of SYSTEM_NAMES) {
      say(`${size} messages: ${system} writes its history`)
      await withChildren([system], [], async (child) => {
        await child.call('create', join(root, system))
        await child.call('fill', 0, size, IN_FLIGHT)
      })
      results.set(system, [])
    }
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < SYSTEM_NAMES.length; turn++) {
        const system = SYSTEM_NAMES[(round + turn) % SYSTEM_NAMES.length]!
        say(`${size} messages: round ${round + 1} of ${rounds}, ${system}`)
        const work = await mkdtemp(join(root, 'round-'))
        results.get(system)!.push(await measureRound(system, size, join(root, system), work, flags))
        await rm(work, { recursive: true })
      }
    }
    return {
      size,
      rows: MEASURES.map(([key, measure, unit]): Row => ({
        measure,
        unit,
        values: SYSTEM_NAMES.map((system) => median(results.get(system)!.map((values) => values[key]!))),
      })),
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function measureRound(system: SystemName, size: number, history: string, work: string, flags: NodeFlags): Promise<Values> {
  const copy = async (name: string): Promise<string> => {
    await cp(history, join(work, name), { recursive: true })
    return join(work, name)
  }
  return {
    disk: (await folderBytes(history)) / size,
    ...(await measureRead(system, size, await copy('read'), flags)),
    ...(await measureAppend(system, size, await copy('append'), flags)),
    ...(await measureNetwork(system, size, await copy('alice'), join(work, 'bob'), flags)),
  }
}

function measureRead(system: SystemName, size: number, folder: string, flags: NodeFlags): Promise<Values> {
  return withChildren([system], flags, async (child) => {
    const { open, coldPage, warmPage, memoryMb } = await child.call('read', folder, size)
    return { open, coldPage, warmPage, memory: memoryMb }
  })
}

/** Behind the history, not into an empty one: what matters is what a message costs when there are many. Short for a short history. */
function measureAppend(system: SystemName, size: number, folder: string, flags: NodeFlags): Promise<Values> {
  return withChildren([system], flags, async (child) => {
    await child.call('open', folder, 'offline')
    await child.call('fill', size, Math.min(size, WARM_UP), IN_FLIGHT)
    const atOnce = await child.call('fill', size, Math.min(size, APPENDED_AT_ONCE), IN_FLIGHT)
    const alone = await child.call('fill', size, Math.min(size, APPENDED_ALONE), 1)
    return { atOnce, alone }
  })
}

/** Bob knows nothing and syncs; goes, and comes back to find nothing new; then Alice writes to him. */
function measureNetwork(system: SystemName, size: number, aliceFolder: string, bobFolder: string, flags: NodeFlags): Promise<Values> {
  return withChildren([system], flags, async (alice) => {
    await alice.call('open', aliceFolder, 'listen')
    const address = await alice.call('address')
    const synced = await withChildren([system], flags, (bob) => bob.call('join', bobFolder, address, size))
    return withChildren([system], flags, async (bob) => {
      const { ms, bytes } = await bob.call('reconnect', bobFolder, address)
      await bob.call('watch')
      const count = Math.min(size, TALKED)
      const sent = await alice.call('talk', size, count, TALK_PAUSE_MS)
      const latencies = (await bob.call('arrivals', size, count)).map((at, i) => at - sent[i]!)
      return {
        newest: synced.newestMs,
        complete: synced.completeMs,
        wire: synced.bytes / size,
        reconnect: ms,
        reconnectBytes: bytes,
        liveP50: median(latencies),
        liveP95: percentile(latencies, 0.95),
      }
    })
  })
}

/** Bytes of all files in a folder. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  }
  return bytes
}
