/** Giving a branch a log of its own. */
import { CHUNK_ENTRIES, decodeEntry, deviceIdBytes, encodeChainState, type ChainState } from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogChain } from './log-chain.ts'
import type { LogHeads } from './log-heads.ts'
import { READ_BATCH, type LogReader } from './log-reader.ts'

/** What a cut works on. */
export interface CutSources {
  readonly keys: Keyspace
  readonly store: Store
  readonly heads: LogHeads
  readonly reader: LogReader
  readonly chain: LogChain
}

/**
 * Moves what follows `at` in a log to a branch of its own, in one batch. `branchLog` gives the 16 bytes that stand for it.
 * Nothing else may work on the log meanwhile.
 */
export async function cutLog(
  { keys, store, heads, reader, chain }: CutSources,
  log: LogId,
  at: ChainState,
  branchLog: (branch: Uint8Array) => Uint8Array,
): Promise<void> {
  const head = heads.state(log)
  const from = at.nextSeq
  if (from >= head.nextSeq || from < heads.startOf(log)) return
  const device = heads.deviceOf(log)
  const [first] = await reader.read(log, from, from + 1)
  const id = chain.idOf(deviceIdBytes(device), from, at.prevId, decodeEntry(first!)).slice(0, 16)
  const oldBytes = deviceIdBytes(log)
  const newBytes = branchLog(id)
  const operations: StoreOperation[] = []
  const move = (key: Uint8Array, value: Uint8Array): void => {
    // Table and conversation come before the log, 17 bytes.
    const moved = key.slice()
    moved.set(newBytes, 17)
    operations.push({ type: 'put', key: moved, value }, { type: 'delete', key })
  }
  for (let seq = from; seq < head.nextSeq; seq += READ_BATCH)
    for (const { key, value } of await store.range(keys.entries(oldBytes, seq, Math.min(seq + READ_BATCH, head.nextSeq)))) move(key, value)
  for (let chunk = Math.ceil(from / CHUNK_ENTRIES); chunk * CHUNK_ENTRIES < head.nextSeq; chunk++) {
    const value = await store.get(keys.anchor(oldBytes, chunk))
    // The first chunk of a branch begins from the chain before it.
    if (value !== undefined) move(keys.anchor(oldBytes, chunk), value)
  }
  for (const range of [keys.epochsOfLog(oldBytes, from), keys.hollowsOf(oldBytes, from)])
    for (const { key, value } of await store.range(range)) move(key, value)
  operations.push(
    heads.branchRow(newBytes, device, id, at),
    { type: 'put', key: keys.head(newBytes), value: encodeChainState(head) },
    { type: 'put', key: keys.head(oldBytes), value: encodeChainState(at) },
  )
  await store.write(operations, { durability: 'strict' })
  heads.part(log, at, { logBytes: newBytes, id })
  reader.forget()
  chain.forget()
}
