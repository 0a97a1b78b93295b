/**
 * Turning a file into a blob. The source is read three times: its hash gives the key, sealing it gives the manifest and with it the blob
 * id, and sealing it again gives the chunks, of which only those are stored that are not there yet. So nothing is ever written under a name
 * that is not final: an interrupted sealing goes on where it was, and a file that is there already is not written at all. It costs one
 * more reading and sealing, which is less than what writing takes.
 */
import { deriveFileKey, releaseBytes, SHA256_BYTES, type FileCrypto, type FileKey } from '@parley/crypto'
import { equalBytes, ParleyError } from '@parley/protocol'
import { FILE_CHUNK_BYTES } from '../blob-store.ts'
import { chunkCountOf, chunkLengthOf, encodeManifest } from './manifest.ts'
import type { SealedFile } from './sealed-file.ts'
import { sourceChanged, type FileSource } from './source.ts'

/** How a call that takes a while can be watched and stopped. */
export interface TransferOptions {
  readonly signal?: AbortSignal
  /** Called with bytes done and bytes in all, never less than before; the last time with both equal. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Everything needed to find a file and to open it; all of it goes into the message. */
export interface FileReference {
  /** 32 bytes: where the sealed bytes are found. */
  readonly blobId: Uint8Array
  /** 32 bytes. Secret. */
  readonly key: Uint8Array
  /** Bytes of the file. */
  readonly size: number
  /** SHA-256 of the file, 32 bytes. */
  readonly sha256: Uint8Array
}

/** A file that was read twice: what it is called as a blob, and what is needed to seal it again. */
export interface PreparedFile {
  readonly key: Uint8Array
  readonly sha256: Uint8Array
  readonly manifestBytes: Uint8Array
}

/** Chunks that are written at the same time: a disk is quicker with a few, and each holds 512 KiB of memory meanwhile. */
const WRITES_IN_FLIGHT = 4

/** How often a file is read, for the progress. */
const PASSES = 3

/** Reads the file twice: for its hash, then for its manifest. @throws {ParleyError} Aborted, or as `FileSource.read`. */
export async function prepareFile(
  crypto: FileCrypto,
  source: FileSource,
  blobSecret: Uint8Array,
  options: TransferOptions,
): Promise<PreparedFile> {
  const count = chunkCountOf(source.size)
  const plain = new Uint8Array(count * SHA256_BYTES)
  const whole = crypto.hasher()
  const read = chunkReader(source, options)
  for (let index = 0; index < count; index++) {
    const chunk = await read(index)
    whole.update(chunk)
    plain.set(await crypto.sha256(chunk), index * SHA256_BYTES)
    report(options, source, 0, index)
  }
  const sha256 = whole.digest()
  const key = deriveFileKey(blobSecret, sha256, FILE_CHUNK_BYTES)

  const fileKey = await crypto.fileKey(key)
  const hashes = new Uint8Array(count * SHA256_BYTES)
  for (let index = 0; index < count; index++) {
    const chunk = await read(index)
    // The key belongs to the content that was hashed: sealing another one with it would use its nonces twice.
    if (!equalBytes(await crypto.sha256(chunk), plain.subarray(index * SHA256_BYTES, (index + 1) * SHA256_BYTES))) throw sourceChanged()
    const sealed = await fileKey.seal(index, count, chunk)
    hashes.set(await crypto.sha256(sealed), index * SHA256_BYTES)
    releaseBytes(sealed)
    report(options, source, 1, index)
  }
  return { key, sha256, manifestBytes: encodeManifest({ size: source.size, hashes }) }
}

/**
 * Reads the file once more and stores the chunks that are not held, or are damaged; resolves once all are durable.
 * @throws {ParleyError} Aborted, StorageFull, StorageUnavailable, NotFound when the blob is deleted meanwhile, or as `FileSource.read`.
 */
export async function storeFile(file: SealedFile, source: FileSource, key: FileKey, options: TransferOptions): Promise<void> {
  const writes = new Set<Promise<void>>()
  const failures: unknown[] = []
  const write = async (index: number, sealed: Uint8Array): Promise<void> => {
    try {
      if (!(await file.add(index, sealed))) throw sourceChanged()
    } catch (error) {
      failures.push(error)
    }
    releaseBytes(sealed)
  }
  const read = chunkReader(source, options)
  try {
    for (let index = 0; index < file.chunkCount && failures.length === 0; index++) {
      throwIfAborted(options.signal)
      if (!(await isIntact(file, index))) {
        const writing = write(index, await key.seal(index, file.chunkCount, await read(index))).finally(() => writes.delete(writing))
        writes.add(writing)
        if (writes.size >= WRITES_IN_FLIGHT) await Promise.race(writes)
      }
      if (failures.length === 0) report(options, source, 2, index)
    }
  } finally {
    // Nothing is under way any more when the caller hears of the end.
    await Promise.all(writes)
  }
  if (failures.length > 0) throw failures[0] as Error
}

/** Whether a chunk is held and reads back right: here is the one chance to mend what a disk has damaged. */
async function isIntact(file: SealedFile, index: number): Promise<boolean> {
  const chunk = await file.chunk(index)
  if (chunk !== undefined) releaseBytes(chunk)
  return chunk !== undefined
}

/** Reads chunks one after the other into one piece of memory: each is good until the next is read. */
function chunkReader(source: FileSource, { signal }: TransferOptions): (index: number) => Promise<Uint8Array> {
  const memory = new Uint8Array(chunkLengthOf(source.size, 0))
  return async (index) => {
    throwIfAborted(signal)
    const chunk = memory.subarray(0, chunkLengthOf(source.size, index))
    await source.read(index * FILE_CHUNK_BYTES, chunk)
    return chunk
  }
}

function report({ onProgress }: TransferOptions, { size }: FileSource, pass: number, index: number): void {
  const read = Math.min(size, (index + 1) * FILE_CHUNK_BYTES)
  onProgress?.(Math.floor((pass * size + read) / PASSES), size)
}

/** @throws {ParleyError} Aborted, with the reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ParleyError('Aborted', 'The transfer was aborted.', { cause: signal.reason })
}
