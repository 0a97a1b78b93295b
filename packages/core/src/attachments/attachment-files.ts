/**
 * The attached files of a profile, sealed as they are stored and sent: puts files in, finds them, opens them, deletes them.
 *
 *     const files = new AttachmentFiles({ blobs, crypto: webFileCrypto() })
 *     const reference = await files.seal(blobSource(file), blobSecret, { signal, onProgress })
 *     const bytes = await readWholeFile({ crypto, reference, chunk: await files.reader(reference) })
 */
import type { FileCrypto } from '@parley/crypto'
import { isParleyError, ParleyError, Reject } from '@parley/protocol'
import type { BlobStore } from '../blob-store.ts'
import { blobName, BlobTurns } from './blob-rules.ts'
import { blobIdOf, checkFileSize, verifiedManifest, type FileManifest } from './manifest.ts'
import { attachmentUnavailable, openFile, type ChunkReader } from './open-file.ts'
import { prepareFile, storeFile, type FileReference, type TransferOptions } from './seal-file.ts'
import { SealedFile } from './sealed-file.ts'
import type { FileSource } from './source.ts'

/** Where the bytes lie and who seals them. */
export interface AttachmentFilesInit {
  /** Closed by the caller, after this. */
  readonly blobs: BlobStore
  readonly crypto: FileCrypto
}

export class AttachmentFiles {
  readonly #blobs: BlobStore
  readonly #crypto: FileCrypto
  /** Two sealings of one file: the second finds what the first has stored. */
  readonly #sealings = new BlobTurns()
  /** How often a blob was deleted, by name: what was under way before must not bring it back. */
  readonly #deletions = new Map<string, number>()

  constructor({ blobs, crypto }: AttachmentFilesInit) {
    this.#blobs = blobs
    this.#crypto = crypto
  }

  /**
   * Seals and stores a file; resolves once every chunk is durable. `blobSecret` (32 bytes) belongs to the conversation: a file that was sent
   * there before has the same reference, and is not stored again; in another conversation it is another blob.
   *
   * Memory stays within a few chunks. When it fails, what it stored is removed, unless a part of the blob was there before; after a crash the
   * next sealing of the same file goes on where this one was.
   * @throws {ParleyError} TooLarge beyond 2 GiB; InvalidArgument when the source changes meanwhile; Aborted; StorageFull;
   * StorageUnavailable; NotFound when the blob is deleted meanwhile.
   */
  async seal(source: FileSource, blobSecret: Uint8Array, options: TransferOptions = {}): Promise<FileReference> {
    checkFileSize(source.size)
    const { key, sha256, manifestBytes } = await prepareFile(this.#crypto, source, blobSecret, options)
    const blobId = await blobIdOf(this.#crypto, manifestBytes)
    await this.#sealings.alone(blobName(blobId), async () => {
      const before = await this.find(blobId)
      try {
        const file = before ?? (await this.adopt(blobId, manifestBytes))
        await storeFile(file, source, await this.#crypto.fileKey(key), options)
      } catch (error) {
        if (before === undefined && !isParleyError(error, 'Closed')) await this.delete(blobId)
        throw error
      }
    })
    return { blobId, key, size: source.size, sha256 }
  }

  /** Whether a file is being sealed into that blob, for a message that is yet to be written. */
  isSealing(blobId: Uint8Array): boolean {
    return this.#sealings.isBusy(blobName(blobId))
  }

  /** What is held of a blob, or undefined when not even its manifest is. @throws {ParleyError} StorageUnavailable, Closed. */
  async find(blobId: Uint8Array): Promise<SealedFile | undefined> {
    const isDeleted = this.#deletionMark(blobId)
    const manifestBytes = await this.#blobs.getManifest(blobId)
    const manifest = manifestBytes === undefined ? undefined : await this.#checkedManifest(blobId, manifestBytes)
    if (manifestBytes === undefined || manifest === undefined) return undefined
    return this.#sealedFile(blobId, manifest, manifestBytes, isDeleted)
  }

  /**
   * Begins, or goes on with, a blob whose manifest a peer gave: checks it, and keeps it durably. Chunks held from before count.
   * @throws {Reject} BadProof when it is not the manifest of this blob; BadShape, NotCanonical, LimitExceeded.
   * @throws {ParleyError} NotFound when the blob is deleted meanwhile; StorageFull, StorageUnavailable, Closed.
   */
  async adopt(blobId: Uint8Array, manifestBytes: Uint8Array): Promise<SealedFile> {
    const isDeleted = this.#deletionMark(blobId)
    const own = manifestBytes.slice()
    const manifest = await verifiedManifest(this.#crypto, blobId, own)
    // From here to the call that stores it nothing waits, so that a deletion comes before or after both.
    if (isDeleted()) throw new ParleyError('NotFound', 'The attachment was deleted.')
    await this.#blobs.putManifest(blobId, own)
    return this.#sealedFile(blobId, manifest, own, isDeleted)
  }

  /**
   * Reads the chunks of a file from what is held here alone.
   * @throws {ParleyError} AttachmentUnavailable when nothing is, or the manifest does not fit the message; the reader, when a chunk is not.
   */
  async reader({ blobId, size }: FileReference): Promise<ChunkReader> {
    const file = await this.find(blobId)
    if (file === undefined) throw attachmentUnavailable('The attachment is not on this device.')
    checkFits(file, size)
    return async (index) => {
      const chunk = await file.chunk(index)
      if (chunk === undefined) throw attachmentUnavailable('A part of the attachment is not on this device.')
      return chunk
    }
  }

  /** The file as a stream, from what is held here alone. @throws as `reader`; the stream fails as that of `openFile`. */
  async open(reference: FileReference, options: TransferOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return openFile({ crypto: this.#crypto, reference, chunk: await this.reader(reference) }, options)
  }

  /**
   * Purges a blob, durably once it resolves. Nothing that is under way for it stores anything any more. That other messages still need it is
   * for the caller to know.
   */
  async delete(blobId: Uint8Array): Promise<void> {
    const name = blobName(blobId)
    this.#deletions.set(name, (this.#deletions.get(name) ?? 0) + 1)
    await this.#blobs.delete(blobId)
  }

  async #sealedFile(blobId: Uint8Array, manifest: FileManifest, manifestBytes: Uint8Array, isDeleted: () => boolean): Promise<SealedFile> {
    const held = await this.#blobs.held(blobId)
    return new SealedFile({ blobs: this.#blobs, crypto: this.#crypto, blobId: blobId.slice(), manifest, manifestBytes, held, isDeleted })
  }

  /** A manifest that the disk has damaged is none. */
  async #checkedManifest(blobId: Uint8Array, bytes: Uint8Array): Promise<FileManifest | undefined> {
    try {
      return await verifiedManifest(this.#crypto, blobId, bytes)
    } catch (error) {
      if (error instanceof Reject) return undefined
      throw error
    }
  }

  #deletionMark(blobId: Uint8Array): () => boolean {
    const name = blobName(blobId)
    const before = this.#deletions.get(name)
    return () => this.#deletions.get(name) !== before
  }
}

/** Whether the manifest is of the file that the message speaks of. @throws {ParleyError} AttachmentUnavailable, caused by a `Reject`. */
export function checkFits(file: SealedFile, size: number): void {
  if (file.manifest.size === size) return
  throw attachmentUnavailable(
    'The sender sent a broken attachment; ask for it again.',
    new Reject('BadShape', 'message names another size'),
  )
}
