/**
 * What the core needs of a disk: an ordered key-value store with atomic batches and an honest durability answer.
 *
 * Keys and values are bytes; keys are ordered bytewise, a shorter key before its extensions. Keys are at most 256 bytes, values at
 * most 1 MiB. A store belongs to one engine at a time: opening it twice fails with `ProfileLocked`.
 */
export interface Store {
  /** The value under `key`, or undefined. @throws {StorageUnavailable, Closed} */
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** The values under `keys`, in their order. One round trip. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /** Rows with `gte <= key < lt` in ascending order, or descending with `reverse`; at most `limit` of them. */
  range(query: RangeQuery): Promise<StoreRow[]>
  /**
   * Applies all operations or none, in their order. With `strict` it resolves once the batch survives a crash of the process and of the
   * system; with `relaxed` (the default) once it survives a crash of the process. Batches become visible, and durable, in call order.
   * @throws {StorageFull} when there is no room; nothing was applied.
   */
  write(operations: readonly StoreOperation[], options?: { durability?: Durability }): Promise<void>
  /**
   * What the rows under these keys, and those between the first and the last of them, said before is to be gone from the disk too: soon, and once the
   * store has been closed, provided that there is room to tidy up. Stores without it keep nothing of the kind, or cannot help it.
   */
  scrub?(keys: readonly Uint8Array[]): void
  /** Bytes in use and allowed, as far as the platform tells. */
  estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }>
  /** Waits for writes under way, then closes. Safe to call twice; later calls are refused with `Closed`. */
  close(): Promise<void>
}

export type Durability = 'strict' | 'relaxed'

export interface RangeQuery {
  gte: Uint8Array
  lt: Uint8Array
  reverse?: boolean
  limit?: number
}

export interface StoreRow {
  key: Uint8Array
  value: Uint8Array
}

export type StoreOperation = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'delete'; key: Uint8Array }
