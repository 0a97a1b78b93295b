/** Which entries have been folded, of every log: one range as a rule, two while what came before is being folded. */
import type { LogId } from './forks.ts'

interface Range {
  readonly from: number
  to: number
}

export class Coverage {
  /** Ascending, apart from each other. */
  readonly #ranges = new Map<LogId, Range[]>()

  /** The entries `from <= seq < to` are folded. */
  set(log: LogId, from: number, to: number): void {
    if (from < to) this.#ranges.set(log, [{ from, to }])
  }

  add(log: LogId, seq: number): void {
    const ranges = this.#ranges.get(log) ?? []
    const newest = ranges.at(-1)
    // As a rule the log goes on.
    if (newest?.to === seq) {
      newest.to++
      return
    }
    if (ranges.some(({ from, to }) => from <= seq && seq < to)) return
    const joined: Range[] = []
    for (const range of [...ranges, { from: seq, to: seq + 1 }].sort((a, b) => a.from - b.from)) {
      const last = joined.at(-1)
      if (last?.to === range.from) last.to = range.to
      else joined.push(range)
    }
    this.#ranges.set(log, joined)
  }

  has(log: LogId, seq: number): boolean {
    return this.#ranges.get(log)?.some(({ from, to }) => from <= seq && seq < to) ?? false
  }

  /** Number of the first entry; 0 when there is none. */
  start(log: LogId): number {
    return this.#ranges.get(log)?.[0]?.from ?? 0
  }

  /** Number after the last entry; 0 when there is none. */
  end(log: LogId): number {
    return this.#ranges.get(log)?.at(-1)?.to ?? 0
  }

  logs(): LogId[] {
    return [...this.#ranges.keys()]
  }

  clear(): void {
    this.#ranges.clear()
  }
}
