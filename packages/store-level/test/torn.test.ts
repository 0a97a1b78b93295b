/** The end of the log file that a power cut leaves: what was being written is there whole or not at all. */
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStore } from '@parley/store-level'
import { afterAll, beforeAll, expect, test } from 'vitest'

const BATCHES = 20
const ROWS_EACH = 3
const VALUE_BYTES = 100
/** Of the last batch, on the disk. */
const LAST_BYTES = ROWS_EACH * VALUE_BYTES

let folder = ''
let copies = 0

const keyOf = (batch: number, row: number): Uint8Array => Uint8Array.of(batch, row)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-store-torn-'))
  const store = await openLevelStore({ path: join(folder, 'whole') })
  for (let batch = 0; batch < BATCHES; batch++)
    await store.write(
      Array.from({ length: ROWS_EACH }, (_, row) => ({
        type: 'put' as const,
        key: keyOf(batch, row),
        value: new Uint8Array(VALUE_BYTES).fill(batch + 1),
      })),
      { durability: 'strict' },
    )
  await store.close()
})
afterAll(() => rm(folder, { recursive: true }))

/** Does something to the log of a copy, and gives the numbers of the rows that are there afterwards. */
async function after(damage: (log: string, bytes: number) => Promise<void>): Promise<number[]> {
  const path = join(folder, `copy-${++copies}`)
  await cp(join(folder, 'whole'), path, { recursive: true })
  const [name, ...others] = (await readdir(path)).filter((file) => file.endsWith('.log'))
  expect(others).toEqual([])
  const log = join(path, name!)
  await damage(log, (await readFile(log)).length)
  const store = await openLevelStore({ path })
  const rows = await store.range({ gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) })
  await store.write([{ type: 'put', key: keyOf(BATCHES, 0), value: Uint8Array.of(1) }], { durability: 'strict' })
  await store.close()
  for (const { key, value } of rows) expect(value).toEqual(new Uint8Array(VALUE_BYTES).fill(key[0]! + 1))
  return rows.map(({ key }) => key[0]! * ROWS_EACH + key[1]!)
}

const upTo = (batches: number): number[] => Array.from({ length: batches * ROWS_EACH }, (_, row) => row)

test.each([1, 7, LAST_BYTES / 2, LAST_BYTES])('cut off %i bytes before its end', async (missing) => {
  expect(await after((log, bytes) => truncate(log, bytes - missing))).toEqual(upTo(BATCHES - 1))
})

test('with the last batch garbled', async () => {
  const garble = async (log: string, bytes: number): Promise<void> => {
    const content = await readFile(log)
    content[bytes - LAST_BYTES / 2]! ^= 1
    await writeFile(log, content)
  }
  expect(await after(garble)).toEqual(upTo(BATCHES - 1))
})

test('with zeros behind it, as some file systems leave them', async () => {
  const append = async (log: string): Promise<void> => writeFile(log, Buffer.concat([await readFile(log), Buffer.alloc(5_000)]))
  expect(await after(append)).toEqual(upTo(BATCHES))
})
