/** Exporting and importing a long conversation: how long it takes, and what it needs of memory while it runs. */
import { createParley, type Conversation } from '@parley/chat'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { Row, Section } from './report.ts'
import { makeHistory } from './scale-history.ts'
import { median } from './statistics.ts'

const MEBIBYTE = 1_048_576
const SAMPLE_MS = 20

/** Medians at a size. */
export async function measureArchive(size: number, rounds: number, say: (text: string) => void): Promise<Section> {
  const root = await mkdtemp(join(tmpdir(), 'parley-archive-'))
  try {
    say(`${size} messages: writing them`)
    const all: (readonly Row[])[] = []
    for (let round = 0; round < rounds; round++) {
      const path = join(root, `${round}.ndjson`)
      const exported = await writeArchive(join(root, 'history'), size, path)
      say(`${size} messages: import, round ${round + 1} of ${rounds}`)
      all.push([...exported, ...(await readArchive(join(root, `copy-${round}`), size, path))])
    }
    return { size, rows: all[0]!.map((row, i) => ({ ...row, values: [median(all.map((rows) => rows[i]!.values[0]!))] })) }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Exports a history of so many messages, which is made in `profile` when it is not there, to a file. */
export async function writeArchive(profile: string, size: number, path: string): Promise<Row[]> {
  const exists = await stat(profile).then(
    () => true,
    () => false,
  )
  if (!exists) await makeHistory(profile, size)
  const parley = await createParley({ profile, offline: true })
  try {
    const [group] = parley.conversations as [Conversation]
    const { ms, mb } = await watched(() =>
      group.exportConversation().pipeTo(Writable.toWeb(createWriteStream(path)) as WritableStream<Uint8Array>),
    )
    const { size: bytes } = await stat(path)
    return [row('export', 'ms', ms), row('memory while it runs', 'MB', mb), row('archive, a message', 'B', bytes / size)]
  } finally {
    await parley.close()
  }
}

async function readArchive(profile: string, size: number, path: string): Promise<Row[]> {
  const parley = await createParley({ profile, name: 'Reader', offline: true })
  try {
    const source = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>
    let copy: Conversation | undefined
    const { ms, mb } = await watched(async () => {
      copy = await parley.importConversation(source)
    })
    const { totalMessages } = await copy!.getMessages()
    if (totalMessages < size) throw new Error(`the copy has ${totalMessages} messages`)
    return [row('import', 'ms', ms), row('memory while it runs', 'MB', mb)]
  } finally {
    await parley.close()
  }
}

/** Time, and by how much the memory of the process was above its start at its highest. */
async function watched(run: () => Promise<unknown>): Promise<{ ms: number; mb: number }> {
  const before = process.memoryUsage.rss()
  let highest = before
  const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), SAMPLE_MS)
  const start = performance.now()
  await run()
  clearInterval(timer)
  return { ms: performance.now() - start, mb: (highest - before) / MEBIBYTE }
}

const row = (measure: string, unit: string, value: number): Row => ({ measure, unit, values: [value] })
