/**
 * `Store` on IndexedDB, for browsers, the vault for the device's keys, and `BlobStore` in the origin private file system.
 *
 *     import { openIndexedDbStore } from '@parley/store-indexeddb'
 *
 *     const store = await openIndexedDbStore({ name: 'parley-alice' })
 *     await store.write([{ type: 'put', key, value }], { durability: 'strict' })
 *     await store.close()
 *
 * One database for each profile. A Web Lock makes one tab its owner until the store is closed or the tab dies. When another context
 * deletes or upgrades the database, the store ends: writes that had begun are answered, and later calls are refused with
 * `StorageUnavailable` and the reason.
 */
import type { Store } from '@parley/core'
import { deleteDB } from 'idb'
import { profileLocked, toStoreError } from './errors.ts'
import { IndexedDbStore } from './indexeddb-store.ts'
import { takeProfileLock } from './profile-lock.ts'

export { deleteIndexedDbKeyVault, indexedDbKeyVault, type IndexedDbKeyVaultInit } from './key-vault.ts'
export { deleteOpfsBlobStore, openOpfsBlobStore, type OpfsBlobStoreInit } from './opfs-blobs.ts'

/** Which database a store is. */
export interface IndexedDbStoreInit {
  /** The name of the database, unique to the profile within the origin. */
  name: string
  /** Waits for whoever has the store open, until this fires. Without it the store is refused at once. */
  wait?: AbortSignal
}

/**
 * Opens the store, making its database when there is none. The caller closes it.
 * @throws {ProfileLocked} when it is open already, in this tab or another.
 * @throws {StorageFull} when the browser allows no more storage.
 * @throws {StorageUnavailable} when the browser allows no storage at all, has no Web Locks here, or the database is of a newer version.
 */
export async function openIndexedDbStore(init: IndexedDbStoreInit): Promise<Store> {
  return IndexedDbStore.open(init.name, init.wait)
}

/**
 * Deletes the database of that name with all its rows; does nothing when there is none.
 * @throws {ProfileLocked} while a store is open on it.
 * @throws {StorageUnavailable} when the browser refuses.
 */
export async function deleteIndexedDbStore(name: string): Promise<void> {
  try {
    // Losing the lock by force while deleting changes nothing: whoever took it finds no database, or waits for the deletion.
    const lock = await takeProfileLock(name, () => undefined)
    if (lock === undefined) throw profileLocked(name)
    try {
      await deleteDB(name)
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw toStoreError(error, name)
  }
}
