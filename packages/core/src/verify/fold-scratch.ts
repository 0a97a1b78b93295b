/** A store in which a conversation can be folded anew without changing anything: folds are written to memory, everything else is read from the disk. */
import { equalBytes, toBase32 } from '@parley/protocol'
import { isFoldKey } from '../replica/keyspace.ts'
import type { RangeQuery, Store, StoreOperation, StoreRow } from '../store.ts'

export class FoldScratch implements Store {
  readonly #store: Store
  readonly #rows = new Map<string, StoreRow>()
  /** Rows that folding would have changed beside the folds themselves: bodies that should be gone. */
  readonly purges: StoreOperation[] = []

  constructor(store: Store) {
    this.#store = store
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key])
    return value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const stored = keys.filter((key) => !isFoldKey(key))
    const values = stored.length === 0 ? [] : await this.#store.getMany(stored)
    let next = 0
    return keys.map((key) => (isFoldKey(key) ? this.#rows.get(toBase32(key))?.value : values[next++]))
  }

  /** Of the disk: a fold never asks for ranges of what it has written. */
  range(query: RangeQuery): Promise<StoreRow[]> {
    return this.#store.range(query)
  }

  async write(operations: readonly StoreOperation[]): Promise<void> {
    for (const operation of operations) {
      const { key } = operation
      if (!isFoldKey(key)) {
        const before = await this.#store.get(key)
        const isSame = operation.type === 'put' ? before !== undefined && equalBytes(before, operation.value) : before === undefined
        if (!isSame) this.purges.push(operation)
      } else if (operation.type === 'put') this.#rows.set(toBase32(key), { key, value: operation.value })
      else this.#rows.delete(toBase32(key))
    }
  }

  /** What was written of a table. `range` ends where the table does. */
  rowsOf({ gte }: RangeQuery): Map<string, StoreRow> {
    return new Map([...this.#rows].filter(([, { key }]) => equalBytes(key.subarray(0, gte.length), gte)))
  }

  estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }> {
    return this.#store.estimate()
  }

  async close(): Promise<void> {
    this.#rows.clear()
  }
}
