/**
 * A `Store` in memory for tests: it orders, applies and refuses like a real one, and it knows what a crash would leave.
 *
 *     const store = createMemoryStore()
 *     await store.write(rows, { durability: 'strict' })
 *     const after = store.crash('system')
 */
import type { Durability, RangeQuery, Store, StoreOperation, StoreRow } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { STORE_KEY_BYTES, STORE_VALUE_BYTES } from './store-suite.ts'

/** What a crash ends: `process` keeps every write that resolved, `system` only what is at or before the last strict one. */
export type CrashKind = 'process' | 'system'

/** A place that rows outlive a store in: give the same disk again and the rows are there. Opaque; made by `createMemoryDisk`. */
export interface MemoryDisk {
  readonly rows: SortedRows
  /** How to take back, newest first, what no strict write has covered yet. */
  readonly undo: StoreOperation[]
  /** Whether a store is open on it. */
  inUse: boolean
}

/** A `Store` that tests can crash and make fail. */
export interface MemoryStore extends Store {
  /**
   * Ends this store as a crash does: its pending and later calls are refused with `StorageUnavailable`, nothing pending is applied.
   * Gives a new store, open on what the disk still holds; by default after a crash of the process.
   */
  crash(kind?: CrashKind): MemoryStore
  /** Makes the next `count` writes fail with `StorageFull`, or with `error`; nothing of them is applied. */
  failNextWrites(count?: number, error?: ParleyError): void
  /** Keeps writes pending, in order, until the returned function is called: for tests of what happens meanwhile. */
  holdWrites(): () => void
  /** How many rows there are. */
  readonly size: number
}

/** An empty disk. */
export function createMemoryDisk(): MemoryDisk {
  return { rows: new SortedRows(), undo: [], inUse: false }
}

/**
 * Opens a store on `disk`, by default an empty one.
 * @throws {ProfileLocked} when a store is open on that disk.
 */
export function createMemoryStore(init: { disk?: MemoryDisk } = {}): MemoryStore {
  return new InMemoryStore(init.disk ?? createMemoryDisk())
}

class InMemoryStore implements MemoryStore {
  readonly #disk: MemoryDisk
  /** The last write accepted; each waits for the one before it. */
  #tail: Promise<unknown> = Promise.resolve()
  #held: Promise<void> = Promise.resolve()
  #failures: ParleyError[] = []
  #refusal: ParleyError | undefined
  #crashed: ParleyError | undefined

  constructor(disk: MemoryDisk) {
    if (disk.inUse) throw new ParleyError('ProfileLocked', 'This memory disk is open in another store; close that one first.')
    disk.inUse = true
    this.#disk = disk
  }

  get size(): number {
    return this.#disk.rows.size
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key])
    return value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#refuse()
    return keys.map((key) => this.#disk.rows.get(key)?.slice())
  }

  async range(query: RangeQuery): Promise<StoreRow[]> {
    this.#refuse()
    const { limit = Number.POSITIVE_INFINITY } = query
    if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit >= 0)) {
      throw new ParleyError('InvalidArgument', 'limit must be a whole number from 0.')
    }
    return this.#disk.rows.range(query.gte, query.lt, query.reverse ?? false, limit)
  }

  async write(operations: readonly StoreOperation[], options: { durability?: Durability } = {}): Promise<void> {
    this.#refuse()
    const copy = operations.map(checkedCopy)
    const turn = Promise.all([this.#tail, this.#held])
    const done = turn.then(() => this.#apply(copy, options.durability ?? 'relaxed'))
    this.#tail = Promise.allSettled([done])
    await done
  }

  async estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }> {
    this.#refuse()
    return { usageBytes: this.#disk.rows.bytes }
  }

  async close(): Promise<void> {
    this.#refusal ??= new ParleyError('Closed', 'The store is closed.')
    await this.#tail
    if (this.#crashed !== undefined) return
    this.#disk.inUse = false
  }

  crash(kind: CrashKind = 'process'): MemoryStore {
    this.#refuse()
    this.#crashed = new ParleyError('StorageUnavailable', 'The test crashed this store; use the one that crash() gave.')
    this.#refusal = this.#crashed
    const { rows, undo } = this.#disk
    if (kind === 'system') {
      for (const operation of undo.splice(0).reverse()) rows.apply(operation)
    }
    this.#disk.inUse = false
    return new InMemoryStore(this.#disk)
  }

  failNextWrites(count = 1, error = new ParleyError('StorageFull', 'The test made this write fail.')): void {
    this.#failures.push(...Array.from({ length: count }, () => error))
  }

  holdWrites(): () => void {
    const before = this.#held
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = before.then(() => promise)
    return resolve
  }

  #apply(operations: readonly StoreOperation[], durability: Durability): void {
    if (this.#crashed !== undefined) throw this.#crashed
    const failure = this.#failures.shift()
    if (failure !== undefined) throw failure
    const { rows, undo } = this.#disk
    for (const operation of operations) {
      const { key } = operation
      const value = rows.get(key)
      undo.push(value === undefined ? { type: 'delete', key } : { type: 'put', key, value })
      rows.apply(operation)
    }
    if (durability === 'strict') undo.length = 0
  }

  #refuse(): void {
    if (this.#refusal !== undefined) throw this.#refusal
  }
}

function checkedCopy(operation: StoreOperation): StoreOperation {
  const key = operation.key.slice()
  if (key.length > STORE_KEY_BYTES) throw new ParleyError('TooLarge', `A key has ${key.length} bytes; ${STORE_KEY_BYTES} is the most.`)
  if (operation.type === 'delete') return { type: 'delete', key }
  const value = operation.value.slice()
  if (value.length > STORE_VALUE_BYTES)
    throw new ParleyError('TooLarge', `A value has ${value.length} bytes; ${STORE_VALUE_BYTES} is the most.`)
  return { type: 'put', key, value }
}

/** Rows by key and the keys in order. A key is held as a string of its bytes, which compares as the bytes do. */
class SortedRows {
  readonly #rows = new Map<string, StoreRow>()
  readonly #keys: string[] = []
  #bytes = 0

  get size(): number {
    return this.#keys.length
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(textOf(key))?.value
  }

  apply(operation: StoreOperation): void {
    const key = textOf(operation.key)
    const old = this.#rows.get(key)?.value
    if (old !== undefined) this.#bytes -= key.length + old.length
    if (operation.type === 'put') {
      if (old === undefined) this.#keys.splice(this.#indexOf(key), 0, key)
      this.#rows.set(key, operation)
      this.#bytes += key.length + operation.value.length
    } else if (old !== undefined) {
      this.#keys.splice(this.#indexOf(key), 1)
      this.#rows.delete(key)
    }
  }

  range(gte: Uint8Array, lt: Uint8Array, reverse: boolean, limit: number): StoreRow[] {
    const start = this.#indexOf(textOf(gte))
    const end = Math.max(start, this.#indexOf(textOf(lt)))
    const count = Math.min(limit, end - start)
    const keys = reverse ? this.#keys.slice(end - count, end).reverse() : this.#keys.slice(start, start + count)
    return keys.map((text) => {
      const { key, value } = this.#rows.get(text) as StoreRow
      return { key: key.slice(), value: value.slice() }
    })
  }

  /** Where `key` is, or would be. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Keys are short: they fit the arguments of one call, and `apply` takes a quarter of the time of spreading them (measured, Node 24). */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}
