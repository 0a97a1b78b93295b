/** Deleting this device's copy of a conversation, and what an import left. */
import type { Store, StoreOperation } from '../store.ts'
import { conversationKey, SCRATCH_PREFIX } from './keyspace.ts'
import type { Replica } from './replica.ts'

/** Rows deleted in one batch. */
const BATCH_ROWS = 1_000

/**
 * Deletes every row of a conversation that nobody works on any more. Its record goes last: what a crash interrupts is still listed, and can be
 * deleted again.
 */
export async function eraseConversation(store: Store, { bytes, keys }: Pick<Replica, 'bytes' | 'keys'>): Promise<void> {
  for (const range of keys.everything()) await eraseRange(store, range)
  await store.write([{ type: 'delete', key: conversationKey(bytes) }], { durability: 'strict' })
}

/** Deletes all rows with `gte <= key < lt`, some at a time. */
export async function eraseRange(store: Store, { gte, lt }: { gte: Uint8Array; lt: Uint8Array }): Promise<void> {
  for (;;) {
    const rows = await store.range({ gte, lt, limit: BATCH_ROWS })
    const keys = rows.map(({ key }) => key)
    if (keys.length > 0) await store.write(keys.map((key): StoreOperation => ({ type: 'delete', key })))
    store.scrub?.([...keys.slice(0, 1), ...keys.slice(-1)])
    if (rows.length < BATCH_ROWS) return
  }
}

/** Deletes what is left of an archive that was taken apart. */
export function eraseScratch(store: Store): Promise<void> {
  return eraseRange(store, { gte: Uint8Array.of(SCRATCH_PREFIX), lt: Uint8Array.of(SCRATCH_PREFIX + 1) })
}
