/** Searching: what the first search waits for, what later ones cost, and what the index weighs. */
import { createParley, type Conversation } from '@parley/chat'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Row, Section } from './report.ts'
import { makeHistory } from './scale-history.ts'
import { median } from './statistics.ts'

/** Times each query is asked. */
const ASKED = 20
const MEBIBYTE = 1_048_576
/** No message has it, and it is too short for a wrong letter to be forgiven. */
const NOTHING = 'zqx'
const COMMON = 'boat'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export async function measureSearch(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), 'parley-search-'))
  try {
    say(`${size} messages: writing them`)
    await makeHistory(join(root, 'history'), size)
    const all: (readonly Row[])[] = []
    for (let round = 0; round < rounds; round++) {
      say(`${size} messages: round ${round + 1} of ${rounds}`)
      const profile = join(root, `round-${round}`)
      await cp(join(root, 'history'), profile, { recursive: true })
      all.push(await measureRound(profile, size))
    }
    return { size, rows: all[0]!.map((row, i) => ({ ...row, values: [median(all.map((rows) => rows[i]!.values[0]!))] })) }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

async function measureRound(profile: string, size: number): Promise<Row[]> {
  const parley = await createParley({ profile, offline: true })
  try {
    const [group] = parley.conversations as [Conversation]
    // Reads every message once, so that their keys and the caches of the store do not count as index.
    for (let page = 1, last = 1; page <= last; page++) last = (await group.getMessages(page)).totalPages
    const before = heapMb()
    const first = await timed(() => group.search(COMMON))
    const whole = first + (await timed(() => group.search(NOTHING)))
    const memory = heapMb() - before
    const sent = await group.sendMessage({ text: 'what is taken back' })
    const found = await group.search('taken')
    if (found.total !== 1 || !found.isComplete) throw new Error('the index is not whole')
    const rare = await asked(group, `${Math.floor(size / 2)}`)
    const common = await asked(group, COMMON)
    const both = await asked(group, 'tent tomorrow')
    await group.deleteMessage(sent.id)
    const rebuilt = await timed(() => group.search(NOTHING))
    return [
      row('first page of a common word, nothing indexed', 'ms', first),
      row('whole index', 'ms', whole),
      row('index in memory', 'MB', memory),
      row('a rare word', 'ms', rare),
      row('a common word', 'ms', common),
      row('two words', 'ms', both),
      row('first search after a deletion', 'ms', rebuilt),
    ]
  } finally {
    await parley.close()
  }
}

const row = (measure: string, unit: string, value: number): Row => ({ measure, unit, values: [value] })

async function asked(group: Conversation, query: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < ASKED; i++) times.push(await timed(() => group.search(query)))
  return median(times)
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return performance.now() - start
}

function heapMb(): number {
  collect()
  return process.memoryUsage().heapUsed / MEBIBYTE
}
