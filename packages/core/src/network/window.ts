/** How often peers compare, and how much is asked for, or owed, at a time. */
import { CHUNK_ENTRIES } from '@parley/protocol'

/** Heads are compared again after so long, in case a push was lost to a full queue or a held entry. */
export const COMPARE_EVERY_MS = 30_000
/** Entries asked for at a time: enough to fill a link, little enough to stay fair between conversations and to bound memory. */
export const WANT_WINDOW = 2_048

/** The same of logs that begin late: two last chunks, so that the newest page shows before the last chunks of all logs have come. */
export const BEGINNING_WINDOW = 512

/** Entries in one update; its bytes are bounded besides. */
export const UPDATE_ENTRIES = 1_024

/** A range answer is cut well below the limit, for a live message behind it on a slow link. */
export const UPDATE_BYTES = 524_288

/** Ends a window where a signature is: at the head, or at the end of a chunk. */
export function windowEnd(from: number, to: number, room: number): number {
  if (from + room >= to) return to
  return Math.max(from, from + room - ((from + room) % CHUNK_ENTRIES))
}
