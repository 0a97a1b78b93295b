import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStore } from '@parley/store-level'
import { seededRandom } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FullDiskReport, LARGE_BYTES, LAST_KEY, SMALL_BYTES, SMALL_ROWS } from './support/full-disk-report.ts'
import { rowOf } from './support/rows.ts'
import { outputOf, start } from './support/start.ts'

let path = ''
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'parley-store-crash-'))
})
afterEach(() => rm(path, { recursive: true }))

describe('kill -9', () => {
  test.each([1, 2, 3, 4])('every acknowledged row is there after a kill at a random moment, round %i', async (round) => {
    const random = seededRandom(round)
    const enough = 1 + random.integer(2000)
    const child = start('writer.ts', [path, String(random.pick([1, 4, 16]))])
    const output = await outputOf(child, (soFar) => {
      if (countLines(soFar) >= enough) child.kill('SIGKILL')
    })
    const acknowledged = output.split('\n').slice(0, -1).map(Number)
    expect(acknowledged.length).toBeGreaterThanOrEqual(enough)

    const store = await openLevelStore({ path })
    const found = await store.getMany(acknowledged.map((number) => rowOf(number).key))
    expect(found).toEqual(acknowledged.map((number) => rowOf(number).value))
    // What was not acknowledged may be there or not, but whole, and with no gap before it.
    const rows = await store.range({ gte: Uint8Array.of(), lt: Uint8Array.of(0xff) })
    expect(rows).toEqual(rows.map((_, number) => rowOf(number)))
    await store.close()
  })
})

describe('full disk', () => {
  test('a refused write changes nothing, reading goes on, and what is acknowledged later survives kill -9', async () => {
    const child = start('full-disk.ts', [path], { fileBlocks: 2000 })
    const report = JSON.parse(await outputOf(child)) as FullDiskReport

    expect(report.refusals).toEqual(['StorageFull'])
    expect(report.lastWhileRefused).toBe(report.refusedKey - 1)
    expect(report.acknowledged).toHaveLength(report.refusedKey + SMALL_ROWS)
    expect(report.lastAtEnd).toBe(report.refusedKey + SMALL_ROWS)

    const store = await openLevelStore({ path })
    const rows = await store.range({ gte: Uint8Array.of(), lt: LAST_KEY })
    expect(rows.map(({ key, value }) => [key[0], value.length])).toEqual(
      report.acknowledged.map((key) => [key, key < report.refusedKey ? LARGE_BYTES : SMALL_BYTES]),
    )
    await store.close()
  })
})

function countLines(text: string): number {
  return text.split('\n').length - 1
}
