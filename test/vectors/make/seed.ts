/**
 * What the makers of vectors share: bytes that look random and are the same on every machine, the cast, and how values are written as JSON.
 */
import { nobleProvider } from '@parley/crypto'
import { concatBytes, utf8 } from '@parley/protocol'

/** The reference provider; the tests check what it made with every other one. */
export const provider = nobleProvider()

/** SHA-256. */
export const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)

/** `length` bytes named by a text. */
export function bytesOf(name: string, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let i = 0; i * 32 < length; i++) blocks.push(hash(utf8(`parley vectors/${name}/${i}`)))
  return concatBytes(...blocks).slice(0, length)
}

/** When the vectors happen, in milliseconds since 1970. */
export const START_MS = 1_790_000_000_000

export const conversation = bytesOf('conversation', 32)
export const epoch = bytesOf('epoch', 16)

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** The bytes with one of them replaced. */
export function withByte(bytes: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const changed = bytes.slice()
  const index = at < 0 ? bytes.length + at : at
  changed[index] = change(changed[index] ?? 0) & 0xff
  return changed
}

/**
 * A value as JSON can say it: bytes as `{ hex }`, numbers that JSON would lose as `{ float }`, undefined left out. An object with a key `__proto__`
 * is `{ rows }`, since bundlers turn JSON into object literals, where that key means something else.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export function plain(value: unknown): Json {
  if (value instanceof Uint8Array) return { hex: hex(value) }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'number' && Object.is(value, -0)) return { float: '-0' }
  if (typeof value !== 'object' || value === null) return value as Json
  const rows = Object.entries(value).filter(([, item]) => item !== undefined)
  if (rows.some(([key]) => key === '__proto__')) return { rows: rows.map(([key, item]) => [key, plain(item)]) }
  return Object.fromEntries(rows.map(([key, item]) => [key, plain(item)]))
}
