/**
 * `Store` on LevelDB and `BlobStore` on files, for desktops and servers.
 *
 *     import { openLevelStore } from '@parley/store-level'
 *
 *     const store = await openLevelStore({ path: '/home/alice/.local/share/parley/rows' })
 *     await store.write([{ type: 'put', key, value }], { durability: 'strict' })
 *     await store.close()
 *
 * Strict writes end with an fdatasync; concurrent ones share it. The folder is locked by LevelDB while the store is open, and released
 * by the system when the process dies.
 */
import type { Store } from '@parley/core'
import { LevelStore } from './level-store.ts'

export { openFileBlobStore, type FileBlobStoreInit } from './file-blobs.ts'
export { fileSource } from './file-source.ts'

/** Where a store is. */
export interface LevelStoreInit {
  /** The folder; made, with those above it, when there is none. Nothing else may be in it. */
  path: string
}

/**
 * Opens the store in a folder. The caller closes it.
 * @throws {ProfileLocked} when it is open already, here or in another process.
 * @throws {StorageFull} when there is no room to open it.
 * @throws {StorageUnavailable} when the folder cannot be used, or what is in it is damaged.
 */
export async function openLevelStore(init: LevelStoreInit): Promise<Store> {
  return LevelStore.open(init.path)
}
