/** What the checks of a profile find, and what would put it right. */
import type { DamageCode } from '../api/verify.ts'
import { ParleyError } from '@parley/protocol'
import type { RangeQuery, Store, StoreRow } from '../store.ts'

/** Findings of one conversation, or of the files, that are told. One broken index has no more to say in its thousandth row. */
const MAX_FINDINGS = 1_000

/** Rows read at a time. */
const PAGE_ROWS = 512

/** Something that is wrong. `repair` puts it right; 'fold': folding everything anew does; undefined: nothing here can. */
export interface Finding {
  readonly code: DamageCode
  readonly what: string
  readonly repair?: 'fold' | (() => Promise<void>)
}

/** Runs a part of a check while nothing is taken in or written; between parts something may be. */
export type Turns = <T>(part: () => Promise<T>) => Promise<T>

/** What was found so far. */
export class Findings {
  readonly all: Finding[] = []
  /** Whether there was more than is told. Folding anew, which many of them have in common, mends those too. */
  #beyond = 0

  note(code: DamageCode, what: string, repair?: Finding['repair']): void {
    if (this.all.length < MAX_FINDINGS) this.all.push(repair === undefined ? { code, what } : { code, what, repair })
    else this.#beyond++
  }

  /** How many were found and are not among `all`. */
  get beyond(): number {
    return this.#beyond
  }
}

/** All rows of a range, some at a time. */
export async function* pagesOf(store: Store, { gte, lt }: RangeQuery): AsyncGenerator<StoreRow[]> {
  for (let from = gte; ;) {
    const rows = await store.range({ gte: from, lt, limit: PAGE_ROWS })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE_ROWS) return
    from = new Uint8Array(last.key.length + 1)
    from.set(last.key)
  }
}

/** @throws {ParleyError} Aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ParleyError('Aborted', 'the check was aborted', { cause: signal.reason })
}
