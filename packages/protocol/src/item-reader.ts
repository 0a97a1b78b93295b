/** Reads decoded CBOR that a peer sent: each item with its type and its bound. */
import type { CborValue } from './cbor.ts'
import { Reject } from './errors.ts'
import { isArray } from './flat-map.ts'
import { CHUNK_ENTRIES } from './limits.ts'

/** Takes the items of a decoded array one by one. Each method takes the next one. @throws {Reject} BadShape, LimitExceeded, NotCanonical */
export class ItemReader {
  readonly #items: readonly CborValue[]
  #next = 0

  constructor(items: readonly CborValue[]) {
    this.#items = items
  }

  /** Whatever it is. */
  item(): CborValue {
    const item = this.#items[this.#next++]
    if (item === undefined) throw new Reject('BadShape', 'too few items')
    return item
  }

  integer(): number {
    return unsignedOf(this.item())
  }

  /** A sequence number or a count of entries: u32. */
  seq(): number {
    const n = this.integer()
    if (n > 0xffff_ffff) throw new Reject('LimitExceeded', 'sequence number too large')
    return n
  }

  /** Where a log begins at the sender: the start of a chunk, left out when that is the first. */
  from(): { from?: number } {
    if (this.#next === this.#items.length) return {}
    const from = this.seq()
    if (from === 0) throw new Reject('NotCanonical', 'a log that begins with its first entry does not say so')
    if (from % CHUNK_ENTRIES !== 0) throw new Reject('BadShape', 'a log begins inside a chunk')
    return { from }
  }

  flag(): boolean {
    const item = this.item()
    if (typeof item !== 'boolean') throw new Reject('BadShape', 'expected true or false')
    return item
  }

  bytes(length: number): Uint8Array {
    return bytesOf(this.item(), length)
  }

  bytesUpTo(length: number): Uint8Array {
    return bytesUpTo(this.item(), length)
  }

  list(max: number): readonly CborValue[] {
    return listOf(this.item(), max)
  }

  records<T>(max: number, decode: (read: ItemReader) => T): T[] {
    return this.list(max).map((item) => {
      const read = new ItemReader(listOf(item, 8))
      const record = decode(read)
      read.end()
      return record
    })
  }

  end(): void {
    if (this.#next !== this.#items.length) throw new Reject('BadShape', 'too many items')
  }
}

/** An unsigned integer. @throws {Reject} BadShape */
export function unsignedOf(value: CborValue): number {
  if (typeof value !== 'number' || value < 0) throw new Reject('BadShape', 'expected an unsigned integer')
  return value
}

/** An array of at most so many items. @throws {Reject} BadShape, LimitExceeded */
export function listOf(value: CborValue, max: number): readonly CborValue[] {
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  if (value.length > max) throw new Reject('LimitExceeded', 'array too long')
  return value
}

/** Exactly so many bytes. @throws {Reject} BadShape */
export function bytesOf(value: CborValue, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Reject('BadShape', `expected ${length} bytes`)
  return value
}

/** At most so many bytes. @throws {Reject} BadShape, LimitExceeded */
export function bytesUpTo(value: CborValue, max: number): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Reject('BadShape', 'expected bytes')
  if (value.length > max) throw new Reject('LimitExceeded', 'byte string too long')
  return value
}
