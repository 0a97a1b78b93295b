/** The stored record of a conversation: how far this device is in it, and where its members were last found. */
import { decodeCbor, encodeCbor, Reject, type CborValue } from '@parley/protocol'
import type { ConversationState } from '../api.ts'

export interface ConversationRecord {
  readonly state: ConversationState
  /** Secret of the invite while joining. */
  readonly seed: Uint8Array | undefined
  /** Addresses from the invite link. */
  readonly hints: readonly string[]
  /** Why `state` is refused. */
  readonly refusal: string | undefined
  /** When this device created or joined it: its place in the list before the first message. */
  readonly since: number
}

const STATES: readonly ConversationState[] = ['member', 'joining', 'refused']

export function encodeRecord(record: ConversationRecord): Uint8Array {
  return encodeCbor([STATES.indexOf(record.state), record.seed ?? null, [...record.hints], record.refusal ?? null, record.since])
}

/** @throws {Reject} BadShape when the row is damaged. */
export function decodeRecord(bytes: Uint8Array): ConversationRecord {
  const value = decodeCbor(bytes)
  if (!Array.isArray(value)) throw new Reject('BadShape', 'conversation record')
  const [state, seed, hints, refusal, since] = value as [number, Uint8Array | null, readonly CborValue[], string | null, number]
  const name = STATES[state]
  if (name === undefined || !Array.isArray(hints)) throw new Reject('BadShape', 'conversation record')
  return { state: name, seed: seed ?? undefined, hints: hints.filter((h) => typeof h === 'string'), refusal: refusal ?? undefined, since }
}
