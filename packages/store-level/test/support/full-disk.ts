/**
 * A process on a disk that fills up: `node full-disk.ts PATH`, started with a small limit on the size of its files. It writes large rows
 * until one is refused, then small ones, and dies without closing. Prints one JSON object that says what the store answered.
 */
import { writeSync } from 'node:fs'
import { isParleyError } from '@parley/protocol'
import { openLevelStore } from '@parley/store-level'
import { LARGE_BYTES, LAST_KEY, SMALL_BYTES, SMALL_ROWS, type FullDiskReport } from './full-disk-report.ts'

const [path = ''] = process.argv.slice(2)
const store = await openLevelStore({ path })
const report: FullDiskReport = { acknowledged: [], refusals: [], refusedKey: -1, lastWhileRefused: undefined, lastAtEnd: undefined }

let number = 0
while (report.refusals.length === 0) await write(number++, LARGE_BYTES)
report.refusedKey = number - 1
report.lastWhileRefused = (await store.get(LAST_KEY))?.[0]
for (let count = 0; count < SMALL_ROWS; count++) await write(number++, SMALL_BYTES)
report.lastAtEnd = (await store.get(LAST_KEY))?.[0]
writeSync(1, JSON.stringify(report))
process.kill(process.pid, 'SIGKILL')

/** Writes a row, and its key as the last one: a refused write must change neither. */
async function write(key: number, bytes: number): Promise<void> {
  const value = new Uint8Array(bytes).fill(key)
  try {
    await store.write(
      [
        { type: 'put', key: Uint8Array.of(key), value },
        { type: 'put', key: LAST_KEY, value: Uint8Array.of(key) },
      ],
      { durability: 'strict' },
    )
    report.acknowledged.push(key)
  } catch (error) {
    if (!isParleyError(error)) throw error
    report.refusals.push(error.code)
  }
}
