/**
 * Profiles of released versions must open for ever: every golden store shows, message for message, what it showed when it was written.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { nodeProvider } from '@parley/crypto/node'
import { PROTOCOL_VERSION } from '@parley/protocol'
import { createManualClock, createMemoryDisk, createMemoryStore, seededRandom, silentLogger, type MemoryDisk } from '@parley/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { createEngine, type Parley } from '../src/index.ts'
import { viewOf, type ProfileView } from './golden-view.ts'
import { hex, unhex } from './vectors-cast.ts'

interface Golden {
  readonly protocol: number
  readonly now: number
  readonly view: ProfileView
  /** Key and value in hex. */
  readonly rows: readonly string[]
}

const VECTORS = new URL('../../../test/vectors/', import.meta.url)
const goldens = readdirSync(VECTORS)
  .filter((name) => /^golden-store-\d+\.json$/.test(name))
  .map((name) => ({ name, golden: JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as Golden }))

/** Tables that say again what the logs say: the timeline, what hangs on messages, the indexes beside it, how far all are folded. */
const FOLDS = new Set(['20', '21', '22', '25', '26', '27', '28', '30', '31'])

let open: Parley | undefined
afterEach(() => open?.close())

async function diskOf(rows: readonly string[]): Promise<MemoryDisk> {
  const disk = createMemoryDisk()
  const store = createMemoryStore({ disk })
  await store.write(
    rows.map((row) => row.split(' ')).map(([key = '', value = '']) => ({ type: 'put', key: unhex(key), value: unhex(value) })),
  )
  await store.close()
  return disk
}

async function openDisk(disk: MemoryDisk, { now }: Golden): Promise<Parley> {
  const clock = createManualClock({ start: now })
  open = await createEngine({
    store: createMemoryStore({ disk }),
    transports: [],
    crypto: nodeProvider(),
    clock,
    random: seededRandom(1),
    logger: silentLogger(),
  })
  return open
}

test('this version has its golden store', () => {
  expect(goldens.map(({ golden }) => golden.protocol)).toContain(PROTOCOL_VERSION)
})

describe.each(goldens)('$name', ({ golden }) => {
  test('has what makes a profile', () => {
    const messages = golden.view.conversations.flatMap(({ pages }) => pages.flat())
    expect(messages.length).toBeGreaterThan(500)
    for (const field of ['editedAt', 'replyTo', 'metadata', 'state', 'seenBy'] as const)
      expect(messages.some((message) => message[field] !== undefined)).toBe(true)
    expect(golden.view.conversations.map(({ state }) => state).sort()).toEqual(['joining', 'member'])
    expect(golden.view.conversations.flatMap(({ members }) => members.map(({ name }) => name))).toEqual(
      expect.arrayContaining(['Alice', 'Bob']),
    )
  })

  test('opens and shows what it showed', async () => {
    expect(await viewOf(await openDisk(await diskOf(golden.rows), golden))).toEqual(golden.view)
  })

  test('opening and closing changes no row of the logs and the keys', async () => {
    const disk = await diskOf(golden.rows)
    await (await openDisk(disk, golden)).close()
    const store = createMemoryStore({ disk })
    const rows = await store.range({ gte: new Uint8Array(0), lt: Uint8Array.of(0xff, 0xff) })
    await store.close()
    const truth = (row: string): boolean => row < '20'
    expect(rows.map(({ key, value }) => `${hex(key)} ${hex(value)}`).filter(truth)).toEqual(golden.rows.filter(truth))
  })

  test('shows the same when every fold is lost', async () => {
    const rows = golden.rows.filter((row) => !FOLDS.has(row.slice(0, 2)))
    expect(rows.length).toBeLessThan(golden.rows.length)
    expect(await viewOf(await openDisk(await diskOf(rows), golden))).toEqual(golden.view)
  })

  test('goes on from there, and opens again', async () => {
    const disk = await diskOf(golden.rows)
    const parley = await openDisk(disk, golden)
    const group = parley.conversations.find(({ state }) => state === 'member')
    const { totalMessages } = (await group?.getMessages()) ?? { totalMessages: 0 }
    const sent = await group?.sendMessage({ text: 'still here' })
    await parley.close()
    const again = (await openDisk(disk, golden)).conversations.find(({ state }) => state === 'member')
    const page = await again?.getMessages()
    expect(page?.totalMessages).toBe(totalMessages + 1)
    expect(page?.messages.at(-1)).toMatchObject({ id: sent?.id, text: 'still here' })
  })
})
