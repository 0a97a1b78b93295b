/**
 * What the `Store` contract asks of the arguments: for the stores, so that all of them refuse the same.
 */
import { compareBytes, ParleyError } from '@parley/protocol'
import type { RangeQuery, StoreOperation } from '../store.ts'

/** The longest key. A bound that every engine keeps without slowing down; our longest key is under a third of it. */
export const MAX_STORE_KEY_BYTES = 256

/** The largest value. Larger things are cut by their owner, so that one row never blocks a disk or a tab for long. */
export const MAX_STORE_VALUE_BYTES = 1024 * 1024

/** An operation whose bytes belong to the store, in plain buffers. */
export type OwnOperation =
  | { type: 'put'; key: Uint8Array<ArrayBuffer>; value: Uint8Array<ArrayBuffer> }
  | { type: 'delete'; key: Uint8Array<ArrayBuffer> }

/**
 * The operations as the store's own: checked, and copied, so that the caller may reuse its buffers at once.
 * @throws {TooLarge} when a key or a value is over its bound; nothing of the batch may then be applied.
 */
export function checkedCopy(operations: readonly StoreOperation[]): OwnOperation[] {
  return operations.map((operation) => {
    const key = new Uint8Array(operation.key)
    if (key.length > MAX_STORE_KEY_BYTES) throw tooLarge('key', key.length, MAX_STORE_KEY_BYTES)
    if (operation.type === 'delete') return { type: 'delete', key }
    const { length } = operation.value
    if (length > MAX_STORE_VALUE_BYTES) throw tooLarge('value', length, MAX_STORE_VALUE_BYTES)
    return { type: 'put', key, value: new Uint8Array(operation.value) }
  })
}

/** A range as the store's own, its ends copied. */
export interface CheckedRange {
  gte: Uint8Array<ArrayBuffer>
  lt: Uint8Array<ArrayBuffer>
  reverse: boolean
  /** How many rows at most; undefined for all. */
  limit: number | undefined
}

/**
 * The range to read, or undefined when it can hold no row: engines disagree about ranges whose ends meet or are swapped.
 * @throws {InvalidArgument} when `limit` is no whole number from 0.
 */
export function checkedRange(query: RangeQuery): CheckedRange | undefined {
  const { gte, lt, reverse = false } = query
  const limit = query.limit === Number.POSITIVE_INFINITY ? undefined : query.limit
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 0)) {
    throw new ParleyError('InvalidArgument', 'limit must be a whole number from 0.')
  }
  if (limit === 0 || compareBytes(gte, lt) >= 0) return undefined
  return { gte: new Uint8Array(gte), lt: new Uint8Array(lt), reverse, limit }
}

function tooLarge(what: string, length: number, most: number): ParleyError {
  return new ParleyError('TooLarge', `A store ${what} has ${length} bytes; the most is ${most}.`)
}
