/** A disk with so much room, in front of a real one: what does not fit is refused as a full disk does it. */
import type { BlobStore, Store } from '@parley/core'
import { ParleyError } from '@parley/protocol'

export class Room {
  #left: number

  constructor(bytes = Number.POSITIVE_INFINITY) {
    this.#left = bytes
  }

  /** From here on there is room for everything. */
  widen(): void {
    this.#left = Number.POSITIVE_INFINITY
  }

  store(inner: Store): Store {
    return {
      get: (key) => inner.get(key),
      getMany: (keys) => inner.getMany(keys),
      range: (query) => inner.range(query),
      write: async (operations, options) => {
        this.#take(operations.reduce((sum, one) => sum + one.key.length + (one.type === 'put' ? one.value.length : 0), 0))
        await inner.write(operations, options)
      },
      estimate: () => inner.estimate(),
      close: () => inner.close(),
    }
  }

  blobs(inner: BlobStore): BlobStore {
    return {
      putManifest: async (blobId, manifest) => {
        this.#take(manifest.length)
        await inner.putManifest(blobId, manifest)
      },
      getManifest: (blobId) => inner.getManifest(blobId),
      put: async (blobId, index, chunk) => {
        this.#take(chunk.length)
        await inner.put(blobId, index, chunk)
      },
      get: (blobId, index) => inner.get(blobId, index),
      drop: (blobId, index) => inner.drop(blobId, index),
      held: (blobId) => inner.held(blobId),
      delete: (blobId) => inner.delete(blobId),
      list: () => inner.list(),
      estimate: () => inner.estimate(),
      close: () => inner.close(),
    }
  }

  #take(bytes: number): void {
    if (bytes > this.#left) throw new ParleyError('StorageFull', 'There is no room left on this disk.')
    this.#left -= bytes
  }
}
