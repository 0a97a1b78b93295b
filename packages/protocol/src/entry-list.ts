/**
 * Stored entries in their order, as a peer sends them: many in one array of bytes. A view on each would cost as much as reading it, and most
 * are only looked into, so where they lie is kept instead, and a view is made of what is asked for.
 */
import { viewOf } from './bytes.ts'
import { decodeEntry, decodeEntryAt } from './entry.ts'
import type { StoredEntry } from './entry.ts'

/** Stored entries in their order. Arrays of them are such a list. */
export interface EntryList extends Iterable<Uint8Array> {
  readonly length: number
  /** The entry at that place, which may be counted from the end; undefined when there is none. */
  at(index: number): Uint8Array | undefined
  /** Part of the list, as `slice` of an array. */
  slice(start?: number, end?: number): EntryList
}

/** Entries within one array of bytes, which must not change. What it gives out are views. */
export class PackedEntries implements EntryList {
  readonly #bytes: Uint8Array
  /** Where each begins and ends, two numbers an entry. */
  readonly #bounds: readonly number[]

  /** `bounds`: where each entry begins and where it ends, one after the other. All of them lie within `bytes`. */
  constructor(bytes: Uint8Array, bounds: readonly number[]) {
    this.#bytes = bytes
    this.#bounds = bounds
  }

  get length(): number {
    return this.#bounds.length / 2
  }

  at(index: number): Uint8Array | undefined {
    const i = 2 * (index < 0 ? this.length + index : index)
    const start = this.#bounds[i]
    return start === undefined ? undefined : viewOf(this.#bytes, start, this.#bounds[i + 1] as number)
  }

  slice(start = 0, end = this.length): PackedEntries {
    return new PackedEntries(this.#bytes, this.#bounds.slice(2 * start, 2 * end))
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as Uint8Array
  }

  /** The parts of the entry at `index`, which must be there. @throws {Reject} as decodeEntry. */
  decode(index: number): StoredEntry {
    return decodeEntryAt(this.#bytes, this.#bounds[2 * index] as number, this.#bounds[2 * index + 1] as number)
  }
}

/** The parts of the entry at `index` of a list, which must be there. @throws {Reject} as decodeEntry. */
export function decodeFrom(entries: EntryList, index: number): StoredEntry {
  return entries instanceof PackedEntries ? entries.decode(index) : decodeEntry(entries.at(index) as Uint8Array)
}
