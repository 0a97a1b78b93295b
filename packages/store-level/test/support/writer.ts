/**
 * A process that writes until it is killed: `node writer.ts PATH WRITERS`. Prints a line for each acknowledged row, its key as a number.
 */
import { openLevelStore } from '@parley/store-level'
import { rowOf } from './rows.ts'

const [path = '', writers = '1'] = process.argv.slice(2)
const store = await openLevelStore({ path })
let next = 0

async function write(): Promise<never> {
  for (;;) {
    const number = next++
    await store.write([{ type: 'put', ...rowOf(number) }], { durability: 'strict' })
    // Not at once and for sure, as `writeSync` would: a pipe that is full, because the reader has no time, makes that fail.
    await new Promise((resolve) => process.stdout.write(`${number}\n`, resolve))
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write))
