/**
 * How far a file has come, said now and then.
 */
import type { Printer } from './printer.ts'
import { oneLine } from './text.ts'

/** Smaller files are there before anybody has read how far they are. */
const MIN_BYTES = 1 << 20
/** Of a file: between two lines. */
const STEPS = 10

/** A function to be told of progress, which says so at each tenth: `doing` is like `sealing` or `fetching`. */
export function progressNotes(print: Printer, doing: string, name: string): (done: number, total: number) => void {
  let said = 0
  return (done, total) => {
    const step = Math.floor((done / total) * STEPS)
    if (total < MIN_BYTES || step <= said) return
    said = step
    print.note(`${doing} ${oneLine(name)}: ${sizeText(done)} of ${sizeText(total)} (${step * (100 / STEPS)} %)`)
  }
}

/** A number of bytes as people say it: `812 B`, `1.4 kB`, `23 MB`. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = bytes
  let unit = 0
  // 999.5 would be written as 1000.
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 || amount >= 9.95 ? Math.round(amount) : amount.toFixed(1)} ${units[unit]}`
}
