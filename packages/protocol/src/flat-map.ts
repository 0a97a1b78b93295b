/**
 * Flat objects as CBOR: [key, value, key, value, ...], ascending by the UTF-8 bytes of the key, no key twice. Numbers that are no safe
 * integers travel as their eight bytes of IEEE 754, so that no float enters the CBOR subset.
 */
import { compareBytes, utf8 } from './bytes.ts'
import type { CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { MAX_METADATA_KEYS, MAX_METADATA_KEY_BYTES, MAX_METADATA_VALUE_BYTES } from './limits.ts'

/** A value of a flat object. */
export type FlatValue = string | number | boolean
/** A flat object. */
export type FlatMap = Readonly<Record<string, FlatValue>>
/** A change of a flat object: null removes the key. */
export type FlatChange = Readonly<Record<string, FlatValue | null>>

/** What a flat object may hold at its place. */
export interface FlatLimits {
  /** Whether null is a value. */
  readonly allowNull: boolean
  /** UTF-8 bytes of a text value. */
  readonly maxValueBytes: number
}

const PLAIN: FlatLimits = { allowNull: false, maxValueBytes: MAX_METADATA_VALUE_BYTES }

/** The CBOR value of a flat object. @throws {ParleyError} InvalidMetadata naming the key that cannot be stored. */
export function flatMapToCbor(map: FlatChange, limits: FlatLimits = PLAIN): readonly CborValue[] {
  const rows = Object.entries(map).map(([key, value]) => ({ key, order: utf8(key), value: flatValueToCbor(key, value, limits) }))
  if (rows.length > MAX_METADATA_KEYS) throw new ParleyError('InvalidMetadata', `metadata can have at most ${MAX_METADATA_KEYS} keys`)
  rows.sort((a, b) => compareBytes(a.order, b.order))
  rows.forEach(({ key, order }, i) => {
    if (order.length === 0 || order.length > MAX_METADATA_KEY_BYTES) {
      throw new ParleyError('InvalidMetadata', `a metadata key has 1 to ${MAX_METADATA_KEY_BYTES} bytes`)
    }
    const before = rows[i - 1]
    // Two texts with different lone surrogates become the same bytes.
    if (before !== undefined && compareBytes(before.order, order) === 0)
      throw new ParleyError('InvalidMetadata', `key "${key}" is there twice`)
  })
  return rows.flatMap(({ key, value }) => [key, value])
}

/** The flat object of a CBOR value. @throws {Reject} BadShape, NotCanonical, LimitExceeded. */
export function flatMapFromCbor(
  value: CborValue | undefined,
  limits?: { readonly allowNull: false; readonly maxValueBytes: number },
): FlatMap
export function flatMapFromCbor(value: CborValue | undefined, limits: FlatLimits): FlatChange
export function flatMapFromCbor(value: CborValue | undefined, limits: FlatLimits = PLAIN): FlatChange {
  if (!isArray(value) || value.length % 2 !== 0) throw new Reject('BadShape', 'expected keys and values')
  if (value.length > 2 * MAX_METADATA_KEYS) throw new Reject('LimitExceeded', 'too many metadata keys')
  const rows: [string, FlatValue | null][] = []
  let before: Uint8Array = new Uint8Array(0)
  for (let i = 0; i < value.length; i += 2) {
    const key = value[i]
    if (typeof key !== 'string') throw new Reject('BadShape', 'a metadata key is not text')
    const order = utf8(key)
    if (order.length > MAX_METADATA_KEY_BYTES) throw new Reject('LimitExceeded', 'a metadata key is too long')
    // The empty key comes first in order and never after the empty start, so this refuses it too.
    if (compareBytes(before, order) >= 0) throw new Reject('NotCanonical', 'metadata keys are not in order')
    before = order
    rows.push([key, flatValueFromCbor(value[i + 1] as CborValue, limits)])
  }
  // Defines own properties only: `__proto__` is a key like any other.
  return Object.fromEntries(rows)
}

function flatValueToCbor(key: string, value: unknown, limits: FlatLimits): CborValue {
  if (value === null && limits.allowNull) return null
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') {
    if (utf8(value).length <= limits.maxValueBytes) return value
    throw new ParleyError('InvalidMetadata', `the value of "${key}" is longer than ${limits.maxValueBytes} bytes`)
  }
  if (typeof value === 'number' && Number.isFinite(value)) return isPlainInteger(value) ? value : float64(value)
  throw new ParleyError('InvalidMetadata', `the value of "${key}" is not a string, a finite number or a boolean`)
}

function flatValueFromCbor(value: CborValue, limits: FlatLimits): FlatValue | null {
  if (value === null && limits.allowNull) return null
  if (typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'string') {
    if (utf8(value).length > limits.maxValueBytes) throw new Reject('LimitExceeded', 'a metadata value is too long')
    return value
  }
  if (!(value instanceof Uint8Array) || value.length !== 8) throw new Reject('BadShape', 'a metadata value has another type than expected')
  const number = new DataView(value.buffer, value.byteOffset, 8).getFloat64(0)
  if (!Number.isFinite(number) || isPlainInteger(number))
    throw new Reject('NotCanonical', 'a number is written in another way than it should')
  return number
}

function isPlainInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0)
}

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value)
  return bytes
}

/** Whether a CBOR value is an array. */
export function isArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value)
}
