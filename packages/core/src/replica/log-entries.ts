/** Reading a log as the folds take it in: entries with their clocks and ids, some at a time. */
import { CHUNK_ENTRIES, decodeEntry, deviceIdBytes, extendChain, Reject, type ChainState, type Hash } from '@parley/protocol'
import type { LogId } from './forks.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'

/** Where the entries are. */
export interface LogSource {
  readonly conversation: Uint8Array
  readonly hash: Hash
  readonly log: ConversationLog
}

/** Entries of a log from `from` to before `to`. @throws {Reject} BadChain when the log is shorter. */
export async function* entriesOf(
  { conversation, hash, log: logs }: LogSource,
  log: LogId,
  from: number,
  to: number,
): AsyncGenerator<LogEntry[]> {
  const device = logs.deviceOf(log)
  const deviceBytes = deviceIdBytes(device)
  if (from >= to) return
  let state = await logs.stateAt(log, from)
  if (state === undefined) throw new Reject('BadChain', 'the log is shorter than its head')
  while (state.nextSeq < to) {
    const batch: LogEntry[] = []
    for (const bytes of await logs.read(log, state.nextSeq, Math.min(to, state.nextSeq + CHUNK_ENTRIES))) {
      const parts = decodeEntry(bytes)
      const next: ChainState = extendChain(hash, conversation, deviceBytes, state, parts)
      batch.push({ log, device, seq: state.nextSeq, id: next.prevId, prevId: state.prevId, hlc: next.hlc, parts, bytes })
      state = next
    }
    if (batch.length === 0) throw new Reject('BadChain', 'the log is shorter than its head')
    yield batch
  }
}
