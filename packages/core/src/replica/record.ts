/** The stored record of a conversation: how far this device is in it, and where its members were last found. */
import { decodeCbor, encodeCbor, Reject, userIdBytes, userIdOf, type CborValue, type UserId } from '@parley/protocol'
import type { ConversationState } from '../api.ts'
import type { StoreOperation } from '../store.ts'
import { conversationKey } from './keyspace.ts'

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
  /** The other person of a direct conversation. Left out: a group. */
  readonly peer?: UserId | undefined
}

const STATES: readonly ConversationState[] = ['member', 'joining', 'refused', 'left', 'removed', 'request', 'archive']

export function encodeRecord(record: ConversationRecord): Uint8Array {
  const { state, seed, hints, refusal, since, peer } = record
  return encodeCbor([
    STATES.indexOf(state),
    seed ?? null,
    [...hints],
    refusal ?? null,
    since,
    peer === undefined ? null : userIdBytes(peer),
  ])
}

/** @throws {Reject} BadShape when the row is damaged. */
export function decodeRecord(bytes: Uint8Array): ConversationRecord {
  const value = decodeCbor(bytes)
  if (!Array.isArray(value)) throw new Reject('BadShape', 'conversation record')
  const [state, seed, hints, refusal, since, peer = null] = value as [
    number,
    Uint8Array | null,
    readonly CborValue[],
    string | null,
    number,
    (Uint8Array | null)?,
  ]
  const name = STATES[state]
  if (name === undefined || !Array.isArray(hints)) throw new Reject('BadShape', 'conversation record')
  return {
    state: name,
    seed: seed ?? undefined,
    hints: hints.filter((h) => typeof h === 'string'),
    refusal: refusal ?? undefined,
    since,
    peer: peer === null ? undefined : userIdOf(peer),
  }
}

/** The record of one conversation, in memory as it is in the store. */
export class StoredRecord {
  readonly #conversation: Uint8Array
  /** As it was last written. */
  value: ConversationRecord

  constructor(conversation: Uint8Array, value: ConversationRecord) {
    this.#conversation = conversation
    this.value = value
  }

  /** The row that stores it; `value` follows once that is written. */
  row(record: ConversationRecord): StoreOperation {
    return { type: 'put', key: conversationKey(this.#conversation), value: encodeRecord(record) }
  }
}
