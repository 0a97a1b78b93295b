/** Reading a log as the folds take it in: entries with their clocks and ids, some at a time. */
import { CHUNK_ENTRIES, decodeEntry, deviceIdBytes, extendChain, Reject, type ChainState, type Hash } from '@parley/protocol'
import type { LogId } from './forks.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'

/** What is done with entries that are damaged or lost. */
export type DamageMode = 'refuse' | 'leave out'

/** Where the entries are. */
export interface LogSource {
  readonly conversation: Uint8Array
  readonly hash: Hash
  readonly log: ConversationLog
  /** What is done where an entry cannot be read: by default nothing of what follows is given, else it is left out, with what follows in its chunk. */
  readonly onDamage?: DamageMode
}

/** Entries of a log from `from` to before `to`. @throws {Reject} BadChain and the like when not all are there, unless that is known */
export async function* entriesOf(source: LogSource, log: LogId, from: number, to: number): AsyncGenerator<LogEntry[]> {
  for (let at = from; at < to;)
    try {
      for await (const batch of unbrokenEntriesOf(source, log, at, to)) {
        yield batch
        at += batch.length
      }
      return
    } catch (error) {
      if (!(error instanceof Reject) || source.onDamage !== 'leave out') throw error
      at = at - (at % CHUNK_ENTRIES) + CHUNK_ENTRIES
    }
}

async function* unbrokenEntriesOf(
  { conversation, hash, log: logs }: LogSource,
  log: LogId,
  from: number,
  to: number,
): AsyncGenerator<LogEntry[]> {
  const device = logs.deviceOf(log)
  const deviceBytes = deviceIdBytes(device)
  let state = await logs.stateAt(log, from)
  if (state === undefined) throw new Reject('BadChain', 'the log is shorter than its head')
  while (state.nextSeq < to) {
    const batch: LogEntry[] = []
    for (const bytes of await logs.read(log, state.nextSeq, Math.min(to, state.nextSeq + CHUNK_ENTRIES)))
      try {
        const parts = decodeEntry(bytes)
        const next: ChainState = extendChain(hash, conversation, deviceBytes, state, parts)
        batch.push({ log, device, seq: state.nextSeq, id: next.prevId, prevId: state.prevId, hlc: next.hlc, parts, bytes })
        state = next
      } catch (error) {
        // Those before it hold.
        if (batch.length === 0) throw error
        break
      }
    if (batch.length === 0) throw new Reject('BadChain', 'the log is shorter than its head')
    yield batch
  }
}
