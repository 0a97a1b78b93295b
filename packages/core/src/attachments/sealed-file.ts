/**
 * What this device holds of one blob, complete or not. Nothing gets in that the manifest does not name, and nothing comes out of it
 * unchecked: a chunk that the disk has damaged counts as missing from then on.
 */
import type { FileCrypto } from '@parley/crypto'
import { equalBytes, ParleyError } from '@parley/protocol'
import type { BlobStore } from '../blob-store.ts'
import { ChunkSet } from './chunk-set.ts'
import { chunkCountOf, chunkHashOf, sealedLengthOf, type FileManifest } from './manifest.ts'

/** What a sealed file stands on. */
export interface SealedFileInit {
  readonly blobs: BlobStore
  readonly crypto: FileCrypto
  readonly blobId: Uint8Array
  readonly manifest: FileManifest
  readonly manifestBytes: Uint8Array
  /** Chunks that are held, as far as the store says. */
  readonly held: readonly number[]
  /** Whether the blob was deleted since this was made. */
  readonly isDeleted: () => boolean
}

/** One blob: made by `AttachmentFiles`. */
export class SealedFile {
  /** 32 bytes. */
  readonly blobId: Uint8Array
  readonly manifest: FileManifest
  /** As they travel. */
  readonly manifestBytes: Uint8Array
  /** The chunks held. To be read, not changed. */
  readonly held: ChunkSet
  readonly #blobs: BlobStore
  readonly #crypto: FileCrypto
  readonly #isDeleted: () => boolean

  constructor(init: SealedFileInit) {
    this.blobId = init.blobId
    this.manifest = init.manifest
    this.manifestBytes = init.manifestBytes
    this.held = new ChunkSet(chunkCountOf(init.manifest.size))
    for (const index of init.held) this.held.add(index)
    this.#blobs = init.blobs
    this.#crypto = init.crypto
    this.#isDeleted = init.isDeleted
  }

  /** How many chunks the file has. */
  get chunkCount(): number {
    return this.held.count
  }

  /** Whether every chunk is held. */
  get isComplete(): boolean {
    return this.held.isComplete
  }

  /**
   * Keeps a chunk that a peer, or the sealing of a file, gave; false, and nothing kept, when it is not the one that the manifest names.
   * Durable once it resolves. A chunk that is held already is fine. The bytes must not change until then.
   * @throws {ParleyError} NotFound when the blob was deleted; StorageFull, StorageUnavailable, Closed.
   */
  async add(index: number, chunk: Uint8Array): Promise<boolean> {
    if (!(await this.#isRight(index, chunk))) return false
    if (this.held.has(index)) return true
    // The deletion of a message goes before a transfer that is still under way.
    this.#refuseWhenDeleted()
    await this.#blobs.put(this.blobId, index, chunk)
    this.held.add(index)
    return true
  }

  /** A sealed chunk as the manifest names it, or undefined when it is not held. @throws {ParleyError} StorageUnavailable, Closed. */
  async chunk(index: number): Promise<Uint8Array | undefined> {
    if (!this.held.has(index) || this.#isDeleted()) return undefined
    const chunk = await this.#blobs.get(this.blobId, index)
    if (chunk !== undefined && (await this.#isRight(index, chunk))) return chunk
    this.held.delete(index)
    if (chunk !== undefined && !this.#isDeleted()) await this.#blobs.drop(this.blobId, index)
    return undefined
  }

  #refuseWhenDeleted(): void {
    if (this.#isDeleted()) throw new ParleyError('NotFound', 'The attachment was deleted.')
  }

  async #isRight(index: number, chunk: Uint8Array): Promise<boolean> {
    if (!Number.isInteger(index) || index < 0 || index >= this.chunkCount) return false
    if (chunk.length !== sealedLengthOf(this.manifest.size, index)) return false
    return equalBytes(await this.#crypto.sha256(chunk), chunkHashOf(this.manifest, index))
  }
}
