/** Readers of the fields of control payloads, each strict about shape and bounds. */
import { compareBytes, utf8 } from '../bytes.ts'
import type { CborValue } from '../cbor.ts'
import { Reject } from '../errors.ts'
import { isArray } from '../flat-map.ts'
import { MAX_AFTER, MAX_BOX_BYTES, MAX_ROLE_PINS, MAX_SEQ } from '../limits.ts'
import { HISTORY_POLICIES, type DeviceBox, type EpochBox, type HeadPin, type HistoryPolicy } from './types.ts'

export type Fields = readonly CborValue[]

export function exactly(fields: Fields, count: number): Fields {
  if (fields.length !== count) throw new Reject('BadShape', 'control operation has another length than expected')
  return fields
}

export function fixed(value: CborValue | undefined, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Reject('BadShape', `expected ${length} bytes`)
  return value
}

export function upTo(value: CborValue | undefined, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length === 0) throw new Reject('BadShape', 'expected bytes')
  if (value.length > max) throw new Reject('LimitExceeded', `expected at most ${max} bytes`)
  return value
}

export function text(value: CborValue | undefined, max: number): string {
  if (typeof value !== 'string') throw new Reject('BadShape', 'expected text')
  if (utf8(value).length > max) throw new Reject('LimitExceeded', `expected a text of at most ${max} bytes`)
  return value
}

export function uint(value: CborValue | undefined, min: number, max: number): number {
  if (typeof value !== 'number' || value < min || value > max) throw new Reject('BadShape', `expected a number from ${min} to ${max}`)
  return value
}

export function flag(value: CborValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new Reject('BadShape', 'expected true or false')
  return value
}

export function listOf(value: CborValue | undefined, max: number): Fields {
  if (!isArray(value)) throw new Reject('BadShape', 'expected a list')
  if (value.length > max) throw new Reject('LimitExceeded', `expected at most ${max} items`)
  return value
}

export function historyOf(value: CborValue | undefined): HistoryPolicy {
  return HISTORY_POLICIES[uint(value, 0, HISTORY_POLICIES.length - 1)] as HistoryPolicy
}

export function afterOf(value: CborValue | undefined): Uint8Array[] {
  const ids = listOf(value, MAX_AFTER).map((id) => fixed(id, 16))
  assertAscending(ids)
  return ids
}

export function deviceBoxesOf(value: CborValue | undefined, max: number): DeviceBox[] {
  return boxesOf(value, max).map(([device, box]) => ({ device, box }))
}

export function epochBoxesOf(value: CborValue | undefined, max: number): EpochBox[] {
  return boxesOf(value, max).map(([epoch, box]) => ({ epoch, box }))
}

export function pinsOf(value: CborValue | undefined): HeadPin[] {
  const pins = listOf(value, MAX_ROLE_PINS).map(pinOf)
  assertAscending(pins.map(({ log }) => log))
  return pins
}

export function pinOf(value: CborValue | undefined): HeadPin {
  const [log, nextSeq, head] = exactly(listOf(value, 3), 3)
  return { log: fixed(log, 16), nextSeq: uint(nextSeq, 0, MAX_SEQ), head: fixed(head, 8) }
}

/** Pairs of an id of 16 bytes and a box. */
function boxesOf(value: CborValue | undefined, max: number): (readonly [Uint8Array, Uint8Array])[] {
  return listOf(value, max).map((pair) => {
    const [id, box] = exactly(listOf(pair, 2), 2)
    return [fixed(id, 16), upTo(box, MAX_BOX_BYTES)] as const
  })
}

/** One set has one encoding. */
function assertAscending(ids: readonly Uint8Array[]): void {
  for (let i = 1; i < ids.length; i++)
    if (compareBytes(ids[i - 1] as Uint8Array, ids[i] as Uint8Array) >= 0) throw new Reject('NotCanonical', 'ids are not in order')
}
