/**
 * Reads the canonical subset of CBOR (RFC 8949) item by item: integers of at most 53 bits, byte and text strings, arrays, false, true,
 * null; definite and shortest lengths only. Bytes come out as views on the input, nothing is allocated that the input does not hold.
 */
import { textFromUtf8, viewOf } from './bytes.ts'
import { Reject } from './errors.ts'

/** The major types of the subset, as the reader's `peek` gives them. */
export const CBOR_MAJOR = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, simple: 7 } as const

const FALSE = 0xf4
const TRUE = 0xf5
const NULL = 0xf6

/** A cursor over one CBOR item. Every method throws `Reject` and never anything else. */
export class CborReader {
  readonly #bytes: Uint8Array
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** The major type of the next item, 0 to 7, without reading it. */
  peek(): number {
    const initial = this.#bytes[this.#offset]
    if (initial === undefined) throw new Reject('BadShape', 'bytes end too early')
    return initial >> 5
  }

  /** The number of items of the array that begins here; never more than bytes remain. */
  array(): number {
    const count = this.#argument(CBOR_MAJOR.array)
    if (count > this.remaining) throw new Reject('BadShape', 'array is longer than the bytes')
    return count
  }

  /** Begins an array of exactly `count` items. */
  arrayOf(count: number): void {
    if (this.array() !== count) throw new Reject('BadShape', 'array has another length than expected')
  }

  /** An unsigned integer, at most `max`. */
  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#argument(CBOR_MAJOR.uint)
    if (value > max) throw new Reject('BadShape', 'number is too large')
    return value
  }

  /** A signed integer, within plus or minus 2^53 - 1. */
  int(): number {
    if (this.peek() === CBOR_MAJOR.uint) return this.uint()
    const value = this.#argument(CBOR_MAJOR.negative)
    if (value === Number.MAX_SAFE_INTEGER) throw new Reject('BadShape', 'number is too small')
    return -1 - value
  }

  /** A byte string of at most `max` bytes, as a view. */
  bytes(max: number = Number.MAX_SAFE_INTEGER): Uint8Array {
    const length = this.#argument(CBOR_MAJOR.bytes)
    if (length > max) throw new Reject('LimitExceeded', 'byte string is too long')
    return this.#take(length)
  }

  /** A byte string of exactly `length` bytes, as a view. */
  fixedBytes(length: number): Uint8Array {
    if (this.#argument(CBOR_MAJOR.bytes) !== length) throw new Reject('BadShape', 'byte string has another length than expected')
    return this.#take(length)
  }

  /** A text of at most `max` bytes of UTF-8. */
  text(max: number = Number.MAX_SAFE_INTEGER): string {
    const length = this.#argument(CBOR_MAJOR.text)
    if (length > max) throw new Reject('LimitExceeded', 'text is too long')
    return textFromUtf8(this.#take(length))
  }

  /** False or true. */
  bool(): boolean {
    const initial = this.#bytes[this.#offset]
    if (initial !== FALSE && initial !== TRUE) throw new Reject('BadShape', 'expected false or true')
    this.#offset++
    return initial === TRUE
  }

  /** Whether the next item is null; reads it when it is. */
  nullNext(): boolean {
    if (this.#bytes[this.#offset] !== NULL) return false
    this.#offset++
    return true
  }

  /** Says that nothing may follow. */
  end(): void {
    if (this.remaining > 0) throw new Reject('BadShape', 'bytes follow after the end')
  }

  #take(length: number): Uint8Array {
    if (length > this.remaining) throw new Reject('BadShape', 'bytes end too early')
    const start = this.#offset
    this.#offset += length
    return viewOf(this.#bytes, start, this.#offset)
  }

  #argument(major: number): number {
    const bytes = this.#bytes
    const at = this.#offset
    const initial = bytes[at]
    if (initial === undefined) throw new Reject('BadShape', 'bytes end too early')
    if (initial >> 5 !== major) throw new Reject('BadShape', 'item has another type than expected')
    const info = initial & 31
    if (info < 24) {
      this.#offset = at + 1
      return info
    }
    if (info > 27) throw new Reject('BadShape', 'length is indefinite or reserved')
    const size = 1 << (info - 24)
    if (at + size >= bytes.length) throw new Reject('BadShape', 'bytes end too early')
    let value = 0
    for (let i = 1; i <= size; i++) value = value * 256 + (bytes[at + i] as number)
    if (value > Number.MAX_SAFE_INTEGER) throw new Reject('BadShape', 'number is too large')
    if (value < (size === 1 ? 24 : 256 ** (size / 2))) throw new Reject('NotCanonical', 'number is longer than it needs to be')
    this.#offset = at + 1 + size
    return value
  }
}
