/** The row that says how far the timeline has been folded. Rebuilt from the logs at will. */
import {
  decodeCbor,
  decodeChainState,
  deviceIdOf,
  encodeCbor,
  encodeChainState,
  messageIdBytes,
  messageIdFromBytes,
  type CborValue,
  type ChainState,
  type MessageId,
} from '@parley/protocol'
import type { LogId } from './forks.ts'
import type { ConversationLog } from './log.ts'
import type { DeviceHead } from './log-entry.ts'
import { aheadFromCbor, aheadToCbor, type Ahead } from './responses.ts'

/** Rises when the folds keep something new: rows of before are folded anew, once. */
const FOLD_FORMAT = 2

/** Which entries of a log were folded: `from` (the first one here when not said) up to the head at that time. */
export interface FoldedSpan {
  readonly from: number | undefined
  readonly state: ChainState
}

/** How far the timeline is folded, and what it must remember of messages that have not come. */
export interface Folded {
  /** Messages that have an overlay and had not come. */
  readonly orphans: readonly MessageId[]
  /** The version of what counts. */
  readonly version: number
  readonly ahead: Ahead
  /** Entries could not be opened, for their key was not here. */
  readonly isMissingKeys: boolean
}

/** `heads` are the logs as they were folded, with the first entry of each. */
export function encodeFolded({
  heads,
  orphans,
  version,
  ahead,
  isMissingKeys,
}: Folded & { heads: readonly (DeviceHead & { from: number })[] }): Uint8Array {
  const states = heads.map((h) => [h.logBytes, encodeChainState(h.state), h.from])
  return encodeCbor([states, orphans.map(messageIdBytes), version, FOLD_FORMAT, aheadToCbor(ahead), isMissingKeys])
}

/** Undefined when the row is of another format. */
export function decodeFolded(row: Uint8Array): (Folded & { spans: Map<LogId, FoldedSpan> }) | undefined {
  const value = decodeCbor(row, { maxBytes: 1_048_576, maxDepth: 4, maxItems: 100_000 }) as CborValue[]
  if (value[3] !== FOLD_FORMAT) return undefined
  const [heads, orphans, version, , ahead, isMissingKeys] = value as [
    [Uint8Array, Uint8Array, number?][],
    Uint8Array[],
    number,
    number,
    CborValue,
    boolean,
  ]
  const spans = new Map(heads.map(([log, state, from]) => [deviceIdOf(log), { from, state: decodeChainState(state) }]))
  return { spans, orphans: orphans.map(messageIdFromBytes), version, ahead: aheadFromCbor(ahead), isMissingKeys }
}

/** Whether what was folded of a log is what is here of it, or part of that. */
export function isSpanHere(logs: ConversationLog, log: LogId, { from = logs.startOf(log), state }: FoldedSpan): boolean {
  return state.nextSeq <= logs.nextSeq(log) && from >= logs.startOf(log)
}
