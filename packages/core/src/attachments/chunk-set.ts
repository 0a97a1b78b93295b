import { Reject } from '@parley/protocol'

/** Which chunks of a file are there: a set of indexes from 0 to `count` - 1, small enough to be sent. */
export class ChunkSet {
  /** How many chunks the file has. */
  readonly count: number
  readonly #bits: Uint8Array
  #size = 0

  constructor(count: number) {
    this.count = count
    this.#bits = new Uint8Array(Math.ceil(count / 8))
  }

  /** The set that `toBytes` wrote. @throws {Reject} BadShape for another length, NotCanonical for bits after the last chunk. */
  static fromBytes(bytes: Uint8Array, count: number): ChunkSet {
    const set = new ChunkSet(count)
    if (bytes.length !== set.#bits.length) throw new Reject('BadShape', 'set of chunks has another length than expected')
    for (let index = 0; index < bytes.length * 8; index++) {
      if (((bytes[index >> 3] as number) & (1 << (index & 7))) === 0) continue
      if (index >= count) throw new Reject('NotCanonical', 'set of chunks goes on after the last chunk')
      set.add(index)
    }
    return set
  }

  /** How many of them are in the set. */
  get size(): number {
    return this.#size
  }

  /** Whether all are. */
  get isComplete(): boolean {
    return this.#size === this.count
  }

  has(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
  }

  /** Does nothing for an index beyond the file. */
  add(index: number): void {
    if (index < 0 || index >= this.count || this.has(index)) return
    this.#bits[index >> 3] = (this.#bits[index >> 3] as number) | (1 << (index & 7))
    this.#size++
  }

  delete(index: number): void {
    if (!this.has(index)) return
    this.#bits[index >> 3] = (this.#bits[index >> 3] as number) & ~(1 << (index & 7))
    this.#size--
  }

  /** The indexes that are not in the set, ascending. */
  missing(): number[] {
    const indexes: number[] = []
    for (let index = 0; index < this.count; index++) if (!this.has(index)) indexes.push(index)
    return indexes
  }

  /** A bit for each chunk: chunk i is bit i mod 8, the lowest first, of byte i / 8. At most 1 KiB. */
  toBytes(): Uint8Array {
    return this.#bits.slice()
  }
}
