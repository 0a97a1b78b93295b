/** The rows that entries of a log are stored in. */
import { CHUNK_ENTRIES, compareBytes, deviceIdOf, encodeChainState, sealEntry, type ChainState } from '@parley/protocol'
import type { StoreOperation } from '../store.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogEntry } from './log-entry.ts'
import type { LogHeads } from './log-heads.ts'

/** Rows of verified entries and the head after them. `device` are the 16 bytes of the log. */
export function entryRows(
  keys: Keyspace,
  heads: LogHeads,
  device: Uint8Array,
  entries: readonly LogEntry[],
  state: ChainState,
): StoreOperation[] {
  const before = { epoch: heads.epochAt(deviceIdOf(device), entries[0]!.seq - 1) }
  return [
    ...logRows(keys, device, entries, { before, sealed: completeUpTo(state.nextSeq) }),
    { type: 'put', key: keys.head(device), value: encodeChainState(state) },
  ]
}

/**
 * Rows of entries that follow each other. `before` is the epoch of the one before the first; where that is unknown, the first says its own. Those before
 * number `sealed` are in complete chunks.
 */
export function logRows(
  keys: Keyspace,
  device: Uint8Array,
  entries: readonly LogEntry[],
  { before, sealed }: { before: { epoch: Uint8Array | undefined } | 'unknown'; sealed: number },
): StoreOperation[] {
  const operations: StoreOperation[] = []
  let epoch = before === 'unknown' ? undefined : before.epoch
  for (const [i, entry] of entries.entries()) {
    operations.push({
      type: 'put',
      key: keys.entry(device, entry.seq),
      value: entry.seq < sealed ? sealEntry(entry.bytes, entry.seq) : entry.bytes,
    })
    if (entry.seq % CHUNK_ENTRIES === 0)
      operations.push({ type: 'put', key: keys.anchor(device, entry.seq / CHUNK_ENTRIES), value: entry.prevId })
    const next = epochAfter(epoch, entry)
    if (entry.seq === 0 || (i === 0 && before === 'unknown') || !sameEpoch(next, epoch)) {
      operations.push({ type: 'put', key: keys.epochOf(device, entry.seq), value: next ?? new Uint8Array(0) })
    }
    epoch = next
  }
  return operations
}

/** Entries before this number are in complete chunks. */
export const completeUpTo = (nextSeq: number): number => nextSeq - (nextSeq % CHUNK_ENTRIES)

/** The epoch that holds from an entry on. */
export function epochAfter(before: Uint8Array | undefined, entry: LogEntry): Uint8Array | undefined {
  const { epoch } = entry.parts.header
  return epoch === 'same' ? before : epoch === 'clear' ? undefined : epoch
}

export function sameEpoch(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareBytes(a, b) === 0
}
