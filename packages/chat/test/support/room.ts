/// <reference types="@vitest/browser-playwright" />
import { cdp } from 'vitest/browser'

/** More than a tab writes in a test. */
const ROOM_BYTES = 8 * 1_048_576
/** More than there is room for. */
const FILLER_BYTES = 16 * 1_048_576
const FILLER = 'filler'
/** Rows that were deleted make room, in the middle of it too. */
const MAX_FILLERS = 5

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser gave no reason.')))
  })
}

async function allowBytes(quotaSize?: number): Promise<void> {
  await cdp().send('Storage.overrideQuotaForOrigin', { origin: location.origin, ...(quotaSize === undefined ? {} : { quotaSize }) })
}

/** The browser closes every IndexedDB database of this origin and deletes it: `close` events, and no `versionchange`. */
export async function evictDatabases(): Promise<void> {
  await cdp().send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
}

/**
 * How much this origin may store. Chromium asks only when a write does not fit into what it last heard, for half a minute; so there is never much,
 * and when there is to be none, a write that is too large makes it ask.
 */
export class Room {
  readonly #database: IDBDatabase

  private constructor(database: IDBDatabase) {
    this.#database = database
  }

  /** Begins with an origin without databases. */
  static async open(): Promise<Room> {
    await evictDatabases()
    const request = indexedDB.open(FILLER, 1)
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(FILLER))
    const room = new Room(await resultOf(request))
    await room.some()
    return room
  }

  async some(): Promise<void> {
    const { usage = 0 } = await navigator.storage.estimate()
    await allowBytes(usage + ROOM_BYTES)
  }

  async none(): Promise<void> {
    await allowBytes(1)
    for (let i = 0; i < MAX_FILLERS; i++) {
      const reason = await this.#fill()
      if (reason === undefined) continue
      if (reason.name === 'QuotaExceededError') return
      throw reason
    }
    throw new Error('The browser still has room.')
  }

  /** Resolves with the reason when there is no room for it. */
  #fill(): Promise<Error | undefined> {
    const transaction = this.#database.transaction(FILLER, 'readwrite')
    transaction.objectStore(FILLER).put(new Uint8Array(FILLER_BYTES), FILLER)
    return new Promise((resolve) => {
      transaction.addEventListener('complete', () => resolve(undefined))
      transaction.addEventListener('abort', () => resolve(transaction.error ?? new Error('The browser gave no reason.')))
    })
  }

  /** As much as the browser gives. */
  async close(): Promise<void> {
    this.#database.close()
    await resultOf(indexedDB.deleteDatabase(FILLER))
    await allowBytes()
  }
}
