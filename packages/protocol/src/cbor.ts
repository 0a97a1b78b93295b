/**
 * Canonical CBOR: one value has one encoding, and bytes that are not that encoding are refused.
 */
import { utf8 } from './bytes.ts'
import { CBOR_MAJOR, CborReader } from './cbor-reader.ts'
import { ParleyError, Reject } from './errors.ts'
import { MAX_CBOR_DEPTH, MAX_CBOR_ITEMS, MAX_ENTRY_BYTES } from './limits.ts'

/** What the subset can say. Numbers are safe integers. */
export type CborValue = null | boolean | number | string | Uint8Array | readonly CborValue[]

/** Bounds of a decoder. */
export interface CborLimits {
  /** Length of the whole input. Default 64 KiB. */
  readonly maxBytes?: number
  /** Arrays within arrays, the outermost counted. Default 4. */
  readonly maxDepth?: number
  /** Items of all arrays together. Default 4,096. */
  readonly maxItems?: number
}

/**
 * The bytes of a value. -0 is written as 0, lone surrogates as U+FFFD.
 * @throws {ParleyError} InvalidArgument for a number that is no safe integer, or a value of another type.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new CborWriter()
  writer.value(value)
  return writer.finish()
}

/**
 * The value of bytes that hold exactly one item in its canonical form. Byte strings are views on the input.
 * @throws {Reject} BadShape for what is not in the subset, NotCanonical for a longer encoding than needed, LimitExceeded.
 */
export function decodeCbor(bytes: Uint8Array, limits: CborLimits = {}): CborValue {
  if (bytes.length > (limits.maxBytes ?? MAX_ENTRY_BYTES)) throw new Reject('LimitExceeded', 'too many bytes')
  const reader = new CborReader(bytes)
  const budget = { items: limits.maxItems ?? MAX_CBOR_ITEMS }
  const value = readValue(reader, limits.maxDepth ?? MAX_CBOR_DEPTH, budget)
  reader.end()
  return value
}

function readValue(reader: CborReader, depth: number, budget: { items: number }): CborValue {
  switch (reader.peek()) {
    case CBOR_MAJOR.uint:
    case CBOR_MAJOR.negative:
      return reader.int()
    case CBOR_MAJOR.bytes:
      return reader.bytes()
    case CBOR_MAJOR.text:
      return reader.text()
    case CBOR_MAJOR.array: {
      if (depth === 0) throw new Reject('LimitExceeded', 'arrays are nested too deeply')
      const count = reader.array()
      if (count > budget.items) throw new Reject('LimitExceeded', 'too many items')
      budget.items -= count
      const items: CborValue[] = []
      for (let i = 0; i < count; i++) items.push(readValue(reader, depth - 1, budget))
      return items
    }
    case CBOR_MAJOR.simple:
      return reader.nullNext() ? null : reader.bool()
    default:
      throw new Reject('BadShape', 'maps and tags are not part of the format')
  }
}

/** Appends items to a growing buffer. */
class CborWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  value(value: CborValue): void {
    if (value === null) this.#byte(0xf6)
    else if (typeof value === 'boolean') this.#byte(value ? 0xf5 : 0xf4)
    else if (typeof value === 'number') this.#int(value)
    else if (typeof value === 'string') this.#string(CBOR_MAJOR.text, utf8(value))
    else if (value instanceof Uint8Array) this.#string(CBOR_MAJOR.bytes, value)
    else if (Array.isArray(value)) {
      this.#head(CBOR_MAJOR.array, value.length)
      for (const item of value as readonly CborValue[]) this.value(item)
    } else throw new ParleyError('InvalidArgument', 'this value has no encoding')
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #int(value: number): void {
    if (!Number.isSafeInteger(value)) throw new ParleyError('InvalidArgument', 'a number must be a safe integer')
    if (value < 0) this.#head(CBOR_MAJOR.negative, -1 - value)
    else this.#head(CBOR_MAJOR.uint, value)
  }

  #string(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #head(major: number, argument: number): void {
    this.#reserve(9)
    this.#length = writeCborHead(this.#bytes, this.#length, major, argument)
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

/** Bytes of a head with this argument: 1, 2, 3, 5 or 9. */
export function cborHeadLength(argument: number): number {
  if (argument < 24) return 1
  if (argument < 0x100) return 2
  if (argument < 0x1_0000) return 3
  return argument < 0x1_0000_0000 ? 5 : 9
}

/** Writes the shortest head of a major type and an argument (0 to 2^53 - 1) at `offset`; returns the offset behind it. */
export function writeCborHead(target: Uint8Array, offset: number, major: number, argument: number): number {
  const length = cborHeadLength(argument)
  if (length === 1) {
    target[offset] = (major << 5) | argument
    return offset + 1
  }
  target[offset] = (major << 5) | (23 + [2, 3, 5, 9].indexOf(length) + 1)
  let rest = argument
  for (let at = offset + length - 1; at > offset; at--) {
    target[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return offset + length
}
