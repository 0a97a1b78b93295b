/**
 * Unsigned LEB128, the variable-length numbers of Yjs and of hash preimages.
 */
import { viewOf } from './bytes.ts'
import { Reject } from './errors.ts'

/** Up to here numbers can be shifted, which is much faster than dividing. */
const MAX_INT = 0x7fff_ffff

/** Bytes that `n` takes: 1 for up to 127, 8 for 53 bits. */
export function varUintLength(n: number): number {
  let length = 1
  let rest = n
  for (; rest > MAX_INT; rest = Math.floor(rest / 128)) length++
  for (; rest > 127; rest >>= 7) length++
  return length
}

/** Writes `n`, 0 to 2^53 - 1, at `offset` and returns the offset behind it. */
export function writeVarUint(target: Uint8Array, offset: number, n: number): number {
  let at = offset
  let rest = n
  for (; rest > MAX_INT; rest = Math.floor(rest / 128)) target[at++] = 128 | (rest & 127)
  for (; rest > 127; rest >>= 7) target[at++] = 128 | (rest & 127)
  target[at++] = rest
  return at
}

/** `n`, 0 to 2^53 - 1, in the fewest bytes. */
export function varUint(n: number): Uint8Array {
  const bytes = new Uint8Array(varUintLength(n))
  writeVarUint(bytes, 0, n)
  return bytes
}

/** Reads bytes one part after the other. Every part is a view on the input. */
export class ByteReader {
  readonly bytes: Uint8Array
  /** Where the next part begins. */
  offset = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.bytes.length - this.offset
  }

  /** The next byte. @throws {Reject} BadShape at the end. */
  byte(): number {
    const byte = this.bytes[this.offset]
    if (byte === undefined) throw new Reject('BadShape', 'bytes end too early')
    this.offset++
    return byte
  }

  /** The next number. @throws {Reject} BadShape when cut off or beyond 2^53 - 1, NotCanonical when longer than needed. */
  varUint(): number {
    let value = this.byte()
    if (value < 128) return value
    value -= 128
    let scale = 128
    for (let length = 2; length <= 8; length++) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) {
        if (byte === 0) throw new Reject('NotCanonical', 'number is longer than it needs to be')
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 128
    }
    throw new Reject('BadShape', 'number is too large')
  }

  /** The next `length` bytes, as a view. @throws {Reject} BadShape when there are fewer. */
  take(length: number): Uint8Array {
    const start = this.offset
    return viewOf(this.bytes, start, this.skip(length))
  }

  /** Passes over the next `length` bytes; returns where they end. @throws {Reject} BadShape when there are fewer. */
  skip(length: number): number {
    if (length > this.remaining) throw new Reject('BadShape', 'bytes end too early')
    return (this.offset += length)
  }
}
