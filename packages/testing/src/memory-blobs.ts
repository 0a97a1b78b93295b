/**
 * A `BlobStore` in memory for tests: it orders and refuses like a real one, and can be made to fail.
 */
import {
  blobIdOfName,
  blobName,
  BlobTurns,
  checkChunk,
  checkManifest,
  chunkName,
  indexOfChunkName,
  type BlobInfo,
  type BlobStore,
} from '@parley/core'
import { ParleyError } from '@parley/protocol'

/** Files by name, in folders by name: what a store leaves behind. Tests may look and tamper. */
export type MemoryBlobDisk = Map<string, Map<string, Uint8Array>>

/** A `BlobStore` that tests can make fail. */
export interface MemoryBlobStore extends BlobStore {
  /** Makes the next `count` writes of a manifest or a chunk fail with `StorageFull`, or with `error`; nothing of them is kept. */
  failNextWrites(count?: number, error?: ParleyError): void
}

const MANIFEST = 'manifest'

/** An empty disk. */
export function createMemoryBlobDisk(): MemoryBlobDisk {
  return new Map()
}

/** Opens a store on `disk`, by default an empty one. */
export function createMemoryBlobStore(init: { disk?: MemoryBlobDisk } = {}): MemoryBlobStore {
  return new InMemoryBlobStore(init.disk ?? createMemoryBlobDisk())
}

class InMemoryBlobStore implements MemoryBlobStore {
  readonly #disk: MemoryBlobDisk
  readonly #turns = new BlobTurns()
  #failures: ParleyError[] = []

  constructor(disk: MemoryBlobDisk) {
    this.#disk = disk
  }

  async putManifest(blobId: Uint8Array, manifest: Uint8Array): Promise<void> {
    checkManifest(manifest)
    await this.#put(blobName(blobId), MANIFEST, manifest)
  }

  async getManifest(blobId: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#get(blobName(blobId), MANIFEST)
  }

  async put(blobId: Uint8Array, index: number, chunk: Uint8Array): Promise<void> {
    checkChunk(chunk)
    await this.#put(blobName(blobId), chunkName(index), chunk)
  }

  async get(blobId: Uint8Array, index: number): Promise<Uint8Array | undefined> {
    return this.#get(blobName(blobId), chunkName(index))
  }

  async drop(blobId: Uint8Array, index: number): Promise<void> {
    const [folder, name] = [blobName(blobId), chunkName(index)]
    await this.#turns.share(folder, async () => this.#disk.get(folder)?.delete(name))
  }

  async held(blobId: Uint8Array): Promise<number[]> {
    const folder = blobName(blobId)
    return this.#turns.share(folder, async () => {
      const names = [...(this.#disk.get(folder)?.keys() ?? [])]
      return names.flatMap((name) => indexOfChunkName(name) ?? []).sort((left, right) => left - right)
    })
  }

  async delete(blobId: Uint8Array): Promise<void> {
    const folder = blobName(blobId)
    await this.#turns.alone(folder, async () => this.#disk.delete(folder))
  }

  async list(): Promise<BlobInfo[]> {
    return this.#turns.share('', async () => [...this.#disk].flatMap(([folder, files]) => infoOf(folder, files)))
  }

  async estimate(): Promise<{ usageBytes: number }> {
    const infos = await this.list()
    return { usageBytes: infos.reduce((sum, info) => sum + info.bytes, 0) }
  }

  close(): Promise<void> {
    return this.#turns.close()
  }

  failNextWrites(count = 1, error = new ParleyError('StorageFull', 'The test made this write fail.')): void {
    this.#failures.push(...Array.from({ length: count }, () => error))
  }

  #put(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    return this.#turns.share(folder, async () => {
      const failure = this.#failures.shift()
      if (failure !== undefined) throw failure
      const files = this.#disk.get(folder) ?? new Map<string, Uint8Array>()
      files.set(name, bytes.slice())
      this.#disk.set(folder, files)
    })
  }

  #get(folder: string, name: string): Promise<Uint8Array | undefined> {
    return this.#turns.share(folder, async () => this.#disk.get(folder)?.get(name)?.slice())
  }
}

function infoOf(folder: string, files: ReadonlyMap<string, Uint8Array>): BlobInfo[] {
  const blobId = blobIdOfName(folder)
  const own = [...files].filter(([name]) => name === MANIFEST || indexOfChunkName(name) !== undefined)
  if (blobId === undefined || own.length === 0) return []
  const bytes = own.reduce((sum, [, file]) => sum + file.length, 0)
  return [{ blobId, chunks: own.filter(([name]) => name !== MANIFEST).length, bytes }]
}
