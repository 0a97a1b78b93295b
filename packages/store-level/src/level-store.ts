import {
  checkedCopy,
  checkedRange,
  GroupCommit,
  type Durability,
  type OwnOperation,
  type RangeQuery,
  type Store,
  type StoreOperation,
  type StoreRow,
} from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { ClassicLevel } from 'classic-level'
import { toStoreError } from './errors.ts'
import { freeBytes, makeFolder, syncLogs, usedBytes } from './folder.ts'
import { Scrubbing } from './scrubbing.ts'

/**
 * Room that must be free before a database is opened again after a failed write: opening writes the log of at most 4 MiB out as a table,
 * then a manifest and a new log. With less, opening would fail, and the rows could not even be read until there is room.
 */
const REOPEN_ROOM_BYTES = 16 * 1024 * 1024

/** Room that must be free before tables are merged: LevelDB does not write any more once that has failed. */
const SCRUB_ROOM_BYTES = 64 * 1024 * 1024

/** Bytes that a range reads from LevelDB at a time; the default of 16 KiB crosses threads too often for pages of messages. */
const READ_AHEAD_BYTES = 256 * 1024

/**
 * The store on an open LevelDB.
 *
 * A failed write makes LevelDB's log untrustworthy: a later write can be acknowledged and yet be lost when the log is read again
 * (google/leveldb#577), and the failed one can turn out to be in it. So the first write after a failed one closes and opens the
 * database, which starts a new log, and puts back the rows that the failed write named. Reads go on until then.
 */
export class LevelStore implements Store {
  readonly #db: ClassicLevel<Uint8Array, Uint8Array>
  readonly #path: string
  readonly #writes = new GroupCommit((operations, durability) => this.#commit(operations, durability))
  /** Calls other than writes that are under way; closing waits for them. */
  readonly #reads = new Set<Promise<unknown>>()
  /** Whether there are relaxed writes that nobody has made durable. */
  #hasRelaxed = false
  /** The keys of the write that failed since the database was opened: one at most, because the next one mends that first. */
  #failedKeys: Uint8Array[] = []
  /** What puts the rows back as they were before the failed write, from when mending began until it succeeded. */
  #restore: StoreOperation[] | undefined
  #reopening: Promise<void> | undefined
  #closing: Promise<void> | undefined
  /** Keys of rows that the next write writes again. */
  #again: Uint8Array[] = []
  readonly #scrubbing = new Scrubbing({
    rewrite: (keys) => {
      this.#again.push(...keys)
      return this.#writes.add([], 'relaxed')
    },
    compact: (from, to) => this.#track(() => this.#db.compactRange(from, to)),
    hasRoom: async () => (await freeBytes(this.#path)) >= SCRUB_ROOM_BYTES,
  })

  private constructor(path: string) {
    this.#path = path
    this.#db = new ClassicLevel(path, { keyEncoding: 'view', valueEncoding: 'view' })
  }

  static async open(path: string): Promise<LevelStore> {
    try {
      await makeFolder(path)
      const store = new LevelStore(path)
      await store.#db.open()
      return store
    } catch (error) {
      throw toStoreError(error, path)
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const wanted = key.slice()
    return this.#read(async () => plain(await this.#db.get(wanted)))
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const wanted = keys.map((key) => key.slice())
    return this.#read(async () => (await this.#db.getMany(wanted)).map(plain))
  }

  async range(query: RangeQuery): Promise<StoreRow[]> {
    const range = checkedRange(query)
    return this.#read(async () => {
      if (range === undefined) return []
      const { gte, lt, reverse, limit = -1 } = range
      const rows = await this.#db.iterator({ gte, lt, reverse, limit, highWaterMarkBytes: READ_AHEAD_BYTES }).all()
      return rows.map(([key, value]) => ({ key: plain(key), value: plain(value) }))
    })
  }

  async write(operations: readonly StoreOperation[], options: { durability?: Durability } = {}): Promise<void> {
    this.#refuseWhenClosed()
    await this.#writes.add(checkedCopy(operations), options.durability ?? 'relaxed')
  }

  scrub(keys: readonly Uint8Array[]): void {
    this.#refuseWhenClosed()
    this.#scrubbing.add(keys)
  }

  async estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }> {
    return this.#read(async () => {
      const [usageBytes, free] = await Promise.all([usedBytes(this.#path), freeBytes(this.#path)])
      return { usageBytes, quotaBytes: usageBytes + free }
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    await this.#writes.idle()
    try {
      await this.#scrubbing.finish()
    } finally {
      await Promise.allSettled(this.#reads)
      await this.#guard(() => this.#db.close())
    }
  }

  async #commit(operations: readonly OwnOperation[], durability: Durability): Promise<void> {
    if (operations.length === 0 && this.#again.length === 0) return
    await this.#guard(async () => {
      if (this.#failedKeys.length > 0) await this.#recover()
      await this.#awaitDatabase()
      await this.#keepOrder(durability)
      try {
        // Nothing is asked of LevelDB where nothing is to be known: each question waits for a thread.
        const all = this.#again.length === 0 ? operations : [...(await this.#currentRows(this.#again)), ...operations]
        await this.#db.batch(all.map(toLevel), { sync: durability === 'strict' })
        this.#again = []
      } catch (error) {
        this.#failedKeys = [...this.#again, ...operations.map((operation) => operation.key)]
        this.#again = []
        throw error
      }
    })
  }

  /** Sees to it that no relaxed write is lost in a crash of the system that the strict one about to be made survives. */
  async #keepOrder(durability: Durability): Promise<void> {
    if (durability === 'relaxed') {
      this.#hasRelaxed = true
    } else if (this.#hasRelaxed) {
      await syncLogs(this.#path)
      this.#hasRelaxed = false
    }
  }

  /** Makes the log trustworthy again after a failed write, or throws and leaves everything as it was. */
  async #recover(): Promise<void> {
    if ((await freeBytes(this.#path)) < REOPEN_ROOM_BYTES) {
      throw new ParleyError('StorageFull', `A write at ${this.#path} failed; ${REOPEN_ROOM_BYTES} free bytes are needed to write again.`)
    }
    this.#restore ??= await this.#currentRows(this.#failedKeys)
    if (this.#db.status === 'open') await this.#reopen()
    else await this.#awaitDatabase()
    await this.#db.batch(this.#restore.map(toLevel), { sync: true })
    this.#restore = undefined
    this.#failedKeys = []
  }

  /** What puts the rows under `keys` back as they are now. */
  async #currentRows(keys: Uint8Array[]): Promise<StoreOperation[]> {
    const values = await this.#db.getMany(keys)
    return keys.map((key, index) => {
      const value = values[index]
      return value === undefined ? { type: 'delete', key } : { type: 'put', key, value }
    })
  }

  /** Closes the database once nobody reads, and opens it; reads that begin meanwhile wait. */
  async #reopen(): Promise<void> {
    const reads = [...this.#reads]
    this.#reopening ??= (async () => {
      await Promise.allSettled(reads)
      await this.#db.close()
      await this.#db.open()
    })().finally(() => (this.#reopening = undefined))
    await this.#reopening
  }

  /** Waits for a reopening under way, and tries once more when an earlier one failed. */
  async #awaitDatabase(): Promise<void> {
    if (this.#reopening !== undefined) await this.#reopening
    else if (this.#db.status !== 'open') await this.#reopen()
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    this.#refuseWhenClosed()
    return this.#track(read)
  }

  /** The database is not closed meanwhile. */
  async #track<T>(read: () => Promise<T>): Promise<T> {
    const reading = (async () => {
      await this.#awaitDatabase()
      return read()
    })()
    this.#reads.add(reading)
    try {
      return await this.#guard(() => reading)
    } finally {
      this.#reads.delete(reading)
    }
  }

  /** Runs something that touches LevelDB or the disk; what it throws becomes an error of the contract. */
  async #guard<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw toStoreError(error, this.#path)
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw new ParleyError('Closed', 'The store is closed.')
  }
}

type LevelOperation = { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array }

function toLevel(operation: StoreOperation): LevelOperation {
  return operation.type === 'put' ? operation : { type: 'del', key: operation.key }
}

/** Node hands out `Buffer`s, whose methods differ from those of a Uint8Array (slice shares memory); callers get the plain kind. */
function plain(bytes: Uint8Array): Uint8Array
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
