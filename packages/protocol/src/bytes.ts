/**
 * Small functions on bytes, and the two text forms of bytes: base32 for ids, base64url for links.
 */
import { ParleyError, Reject } from './errors.ts'

/** SHA-256: any bytes to 32 bytes. Passed in, so that this package needs no crypto. */
export type Hash = (bytes: Uint8Array) => Uint8Array

/** The same, put into `target` at `offset`: for many hashes that need no array of their own. */
export type HashInto = (bytes: Uint8Array, target: Uint8Array, offset: number) => void

/** A hash that puts its digest where it is told. */
export function hashInto(hash: Hash): HashInto {
  return (bytes, target, offset) => target.set(hash(bytes), offset)
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const BASE32_VALUES = valuesOf(BASE32)
const BASE64URL_VALUES = valuesOf(BASE64URL)
const textEncoder = new TextEncoder()
// A BOM is a character like any other here: dropping it would make two different bytes one text.
const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** All parts after one another, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const all = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/** Whether both hold the same bytes. Not in constant time: for public bytes only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The bytes from `start` to `end`, which must lie within, as a view. As `subarray`, which spends a third more on looking up what kind of array to make. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/** Bytewise order, a shorter array before its extensions: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** The UTF-8 bytes of a text. Lone surrogates become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return textEncoder.encode(text)
}

/** The text of UTF-8 bytes. @throws {Reject} BadShape when they are not valid UTF-8. */
export function textFromUtf8(bytes: Uint8Array): string {
  try {
    return textDecoder.decode(bytes)
  } catch (cause) {
    if (cause instanceof TypeError) throw new Reject('BadShape', 'text is not valid UTF-8')
    throw cause
  }
}

/** Four bytes, big-endian. `n` is 0 to 2^32 - 1. */
export function u32be(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)
}

/** The number in the four bytes at `offset`, big-endian. @throws {Reject} BadShape when they are not there. */
export function readU32be(bytes: Uint8Array, offset = 0): number {
  if (offset + 4 > bytes.length) throw new Reject('BadShape', 'truncated number')
  const [a, b, c, d] = [bytes[offset] as number, bytes[offset + 1] as number, bytes[offset + 2] as number, bytes[offset + 3] as number]
  return a * 0x100_0000 + ((b << 16) | (c << 8) | d)
}

/** RFC 4648 base32, lower case, no padding. */
export function toBase32(bytes: Uint8Array): string {
  return toText(bytes, 5, BASE32)
}

/** The bytes of a base32 text. @throws {ParleyError} InvalidArgument for upper case, padding, other characters, spare bits that are not zero. */
export function fromBase32(text: string): Uint8Array {
  return fromText(text, 5, BASE32_VALUES)
}

/** RFC 4648 base64url, no padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toText(bytes, 6, BASE64URL)
}

/** The bytes of a base64url text. @throws {ParleyError} InvalidArgument for padding, other characters, spare bits that are not zero. */
export function fromBase64Url(text: string): Uint8Array {
  return fromText(text, 6, BASE64URL_VALUES)
}

function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i
  return values
}

function toText(bytes: Uint8Array, width: number, alphabet: string): string {
  let text = ''
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff
    bits += 8
    while (bits >= width) {
      bits -= width
      text += alphabet[(buffer >> bits) & ((1 << width) - 1)]
    }
  }
  if (bits > 0) text += alphabet[(buffer << (width - bits)) & ((1 << width) - 1)]
  return text
}

function fromText(text: string, width: number, values: Int8Array): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * width) / 8))
  let buffer = 0
  let bits = 0
  let length = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 128 ? (values[code] as number) : -1
    if (value < 0) throw new ParleyError('InvalidArgument', 'the text holds a character that does not belong there')
    buffer = ((buffer << width) | value) & 0xffff
    bits += width
    if (bits >= 8) {
      bits -= 8
      bytes[length++] = (buffer >> bits) & 0xff
    }
  }
  if (bits >= width || (buffer & ((1 << bits) - 1)) !== 0) throw new ParleyError('InvalidArgument', 'the text is cut off or altered')
  return bytes
}
