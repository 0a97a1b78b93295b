/**
 * Turning a blob back into the file: chunk by chunk, each checked before a byte of it is handed out, and the whole against the hash in the
 * message before the last one is. So who reads to the end without an error has the file that was sent.
 */
import { releaseBytes, type FileCrypto, type FileHasher, type FileKey } from '@parley/crypto'
import { equalBytes, ParleyError, Reject } from '@parley/protocol'
import { FILE_CHUNK_BYTES } from '../blob-store.ts'
import { chunkCountOf } from './manifest.ts'
import { throwIfAborted, type FileReference, type TransferOptions } from './seal-file.ts'

/**
 * Gives a sealed chunk that was checked against the manifest, and waits for it where it has to come from somewhere. The bytes belong to the
 * caller, who empties them when done.
 * @throws {ParleyError} AttachmentUnavailable when it cannot be had.
 */
export type ChunkReader = (index: number, options: { signal?: AbortSignal }) => Promise<Uint8Array>

/** What a file is read from. */
export interface OpenFileInit {
  readonly crypto: FileCrypto
  readonly reference: FileReference
  readonly chunk: ChunkReader
}

/** The error for a file whose bytes cannot be had now. */
export function attachmentUnavailable(message: string, cause?: unknown): ParleyError {
  return new ParleyError('AttachmentUnavailable', message, { cause })
}

/**
 * The bytes of the file, a chunk at a time as they are pulled; never more than one is held, and each belongs to who pulled it. Cancelling the stream ends it.
 * It fails with {Aborted}, with {AttachmentUnavailable} from the reader, and with {AttachmentUnavailable} whose cause is a `Reject` when what
 * the sender put into the message does not open what they put into the blob.
 */
export function openFile(init: OpenFileInit, options: TransferOptions = {}): ReadableStream<Uint8Array> {
  const opening = new Opening(init, options)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await opening.next()
        if (bytes === undefined) controller.close()
        else controller.enqueue(bytes)
      },
      cancel: () => opening.end(),
    },
    { highWaterMark: 0 },
  )
}

/** The whole file in memory: for small ones. @throws as the stream of `openFile`. */
export async function readWholeFile(init: OpenFileInit, options: TransferOptions = {}): Promise<Uint8Array> {
  const opening = new Opening(init, options)
  const whole = new Uint8Array(init.reference.size)
  let length = 0
  for (;;) {
    const bytes = await opening.next()
    if (bytes === undefined) return whole
    whole.set(bytes, length)
    length += bytes.length
    releaseBytes(bytes)
  }
}

class Opening {
  readonly #init: OpenFileInit
  readonly #options: TransferOptions
  readonly #count: number
  readonly #hasher: FileHasher
  readonly #cancelled = new AbortController()
  /** Ends a wait for a chunk: the caller's signal, or the stream was cancelled. */
  readonly #ended: AbortSignal
  #key: FileKey | undefined
  #index = 0

  constructor(init: OpenFileInit, options: TransferOptions) {
    this.#init = init
    this.#options = options
    this.#count = chunkCountOf(init.reference.size)
    this.#hasher = init.crypto.hasher()
    const { signal } = options
    this.#ended = signal === undefined ? this.#cancelled.signal : AbortSignal.any([signal, this.#cancelled.signal])
  }

  /** The next plaintext, or undefined after the last one. An empty file has none. */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#index === this.#count) return undefined
    const { crypto, reference, chunk } = this.#init
    const { onProgress } = this.#options
    this.#key ??= await crypto.fileKey(reference.key)
    throwIfAborted(this.#ended)
    const index = this.#index++
    const sealed = await chunk(index, { signal: this.#ended })
    throwIfAborted(this.#ended)
    const bytes = await this.#key.open(index, this.#count, sealed)
    releaseBytes(sealed)
    if (bytes === undefined) throw brokenFile('chunk does not open with the key of the message')
    this.#hasher.update(bytes)
    if (this.#index === this.#count && !equalBytes(this.#hasher.digest(), reference.sha256)) {
      throw brokenFile('file has another hash than the message says')
    }
    onProgress?.(Math.min(reference.size, this.#index * FILE_CHUNK_BYTES), reference.size)
    return bytes.length === 0 ? undefined : bytes
  }

  end(): void {
    this.#cancelled.abort()
  }
}

function brokenFile(why: string): ParleyError {
  return attachmentUnavailable('The sender sent a broken attachment; ask for it again.', new Reject('BadCipher', why))
}
