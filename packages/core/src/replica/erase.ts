/** Deleting this device's copy of a conversation. */
import type { Store, StoreOperation } from '../store.ts'
import { conversationKey } from './keyspace.ts'
import type { Replica } from './replica.ts'

/** Rows deleted in one batch. */
const BATCH_ROWS = 1_000

/**
 * Deletes every row of a conversation that nobody works on any more. Its record goes last: what a crash interrupts is still listed, and can be
 * deleted again.
 */
export async function eraseConversation(store: Store, { bytes, keys }: Pick<Replica, 'bytes' | 'keys'>): Promise<void> {
  let batch: StoreOperation[] = []
  for (const range of keys.everything())
    for (let from = range.gte; ;) {
      const rows = await store.range({ gte: from, lt: range.lt, limit: BATCH_ROWS })
      batch.push(...rows.map(({ key }): StoreOperation => ({ type: 'delete', key })))
      const last = rows.at(-1)
      if (last === undefined || rows.length < BATCH_ROWS) break
      await store.write(batch)
      batch = []
      from = new Uint8Array([...last.key, 0])
    }
  await store.write([...batch, { type: 'delete', key: conversationKey(bytes) }], { durability: 'strict' })
}
