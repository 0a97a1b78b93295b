import type { StoreRow } from '@parley/core'

/** Bytes of a value: about a short message with its envelope. */
const VALUE_BYTES = 300

/** The row that stands for a number; value and key say it both, so that a torn row shows. */
export function rowOf(number: number): StoreRow {
  const key = new Uint8Array(4)
  new DataView(key.buffer).setUint32(0, number)
  const value = new Uint8Array(VALUE_BYTES).fill(number & 0xff)
  value.set(key)
  return { key, value }
}
