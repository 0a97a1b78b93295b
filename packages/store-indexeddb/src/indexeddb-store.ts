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
import { openDB, unwrap } from 'idb'
import { profileLocked, toStoreError } from './errors.ts'
import { type ProfileLock, takeProfileLock } from './profile-lock.ts'
import { placeRange } from './read-range.ts'
import { ROWS, transact } from './transaction.ts'

/** Version of the layout of the database, which is one object store; what is in the rows has versions of its own. */
const DATABASE_VERSION = 1

/**
 * The store on an open database. It ends in one of two ways: by `close`, or because the browser or another tab takes the database
 * away; then what has begun is finished and answered, and everything after it is refused with the reason.
 */
export class IndexedDbStore implements Store {
  readonly #name: string
  readonly #lock: ProfileLock
  readonly #database: IDBDatabase
  readonly #writes = new GroupCommit((operations, durability) => this.#commit(operations, durability))
  /** Calls other than writes that are under way; closing waits for them. */
  readonly #reads = new Set<Promise<unknown>>()
  /** Reject what waits for a transaction. */
  readonly #underWay = new Set<(reason: unknown) => void>()
  /** Why new calls are refused. */
  #refusal: ParleyError | undefined
  /** Why the database can no longer be used, when that is not by `close`. */
  #lost: ParleyError | undefined
  #closing: Promise<void> | undefined

  private constructor(name: string, lock: ProfileLock, database: IDBDatabase) {
    this.#name = name
    this.#lock = lock
    this.#database = database
  }

  static async open(name: string, wait?: AbortSignal): Promise<IndexedDbStore> {
    // The database can be taken away before there is a store to tell: then opening fails with the reason.
    const fate: { store?: IndexedDbStore; lost?: ParleyError } = {}
    const lose = (reason: string, cause?: unknown): void => {
      fate.lost ??= new ParleyError('StorageUnavailable', reason, { cause })
      if (fate.store !== undefined) fate.store.#lose(fate.lost)
    }
    try {
      const lock = await takeProfileLock(name, (error) => lose('Another tab took this profile over by force.', error), wait)
      if (lock === undefined) throw profileLocked(name)
      try {
        const database = await openDB(name, DATABASE_VERSION, {
          upgrade: (created) => void created.createObjectStore(ROWS),
          blocking: () => lose('Another tab is deleting or upgrading this profile. Reload the page.'),
          terminated: () => {
            lose('The browser closed the database of this profile, perhaps because site data was cleared. Reload the page.')
            if (fate.store !== undefined) fate.store.#giveUp()
          },
        })
        if (fate.lost !== undefined) {
          database.close()
          throw fate.lost
        }
        fate.store = new IndexedDbStore(name, lock, unwrap(database))
        return fate.store
      } catch (error) {
        await lock.release()
        throw error
      }
    } catch (error) {
      throw toStoreError(error, name)
    }
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key])
    return value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return this.#read(async () => [])
    return this.#read(() =>
      this.#transact('readonly', 'default', (rows) => {
        const requests = keys.map((key) => rows.get(new Uint8Array(key)) as IDBRequest<Uint8Array | undefined>)
        return () => requests.map((request) => request.result)
      }),
    )
  }

  async range(query: RangeQuery): Promise<StoreRow[]> {
    const range = checkedRange(query)
    if (range === undefined) return this.#read(async () => [])
    return this.#read(() => this.#transact('readonly', 'default', (rows) => placeRange(rows, range)))
  }

  async write(operations: readonly StoreOperation[], options: { durability?: Durability } = {}): Promise<void> {
    this.#refuseWhenEnded()
    await this.#writes.add(checkedCopy(operations), options.durability ?? 'relaxed')
  }

  async estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }> {
    return this.#read(async () => {
      const { usage, quota } = await navigator.storage.estimate()
      return { ...(usage === undefined ? {} : { usageBytes: usage }), ...(quota === undefined ? {} : { quotaBytes: quota }) }
    })
  }

  close(): Promise<void> {
    this.#refusal = new ParleyError('Closed', 'The store is closed.')
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    await this.#writes.idle()
    await Promise.allSettled(this.#reads)
    this.#database.close()
    await this.#lock.release()
  }

  /** The database goes: transactions under way still complete, as `close` of a database promises; nothing new begins. */
  #lose(reason: ParleyError): void {
    this.#lost ??= reason
    this.#refusal ??= reason
    this.#database.close()
    this.#closing ??= this.#shutDown()
  }

  /** What is under way is not waited for: Chromium fires no event any more for a transaction of a database that it has closed by force. */
  #giveUp(): void {
    for (const reject of this.#underWay) reject(this.#lost)
  }

  #transact<T>(mode: IDBTransactionMode, durability: Durability | 'default', place: (rows: IDBObjectStore) => () => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#underWay.add(reject)
    transact(this.#database, mode, durability, place).then(resolve, reject)
    return promise.finally(() => this.#underWay.delete(reject))
  }

  async #commit(operations: readonly OwnOperation[], durability: Durability): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    if (operations.length === 0) return
    try {
      await this.#transact('readwrite', durability, (rows) => {
        for (const operation of operations) {
          if (operation.type === 'put') rows.put(operation.value, operation.key)
          else rows.delete(operation.key)
        }
        rows.transaction.commit()
        return () => undefined
      })
    } catch (error) {
      throw this.#lost ?? toStoreError(error, this.#name)
    }
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    this.#refuseWhenEnded()
    const reading = read()
    this.#reads.add(reading)
    try {
      return await reading
    } catch (error) {
      throw this.#lost ?? toStoreError(error, this.#name)
    } finally {
      this.#reads.delete(reading)
    }
  }

  #refuseWhenEnded(): void {
    if (this.#refusal !== undefined) throw this.#refusal
  }
}
