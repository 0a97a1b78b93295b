/**
 * What the `BlobStore` contract asks of arguments and of order: for the stores, so that all of them behave the same.
 */
import { fromBase32, isParleyError, ParleyError, toBase32 } from '@parley/protocol'
import { BLOB_ID_BYTES, MAX_BLOB_CHUNK_BYTES, MAX_BLOB_CHUNKS, MAX_MANIFEST_BYTES } from '../blob-store.ts'

/** Characters of the name of a blob. */
const BLOB_NAME_LENGTH = Math.ceil((BLOB_ID_BYTES * 8) / 5)
const INDEX_NAME = /^(?:0|[1-9]\d{0,3})$/

/** The name of a blob in a folder: base32, in lower case only. @throws {InvalidArgument} when the id is not 32 bytes. */
export function blobName(blobId: Uint8Array): string {
  if (!(blobId instanceof Uint8Array) || blobId.length !== BLOB_ID_BYTES)
    throw new ParleyError('InvalidArgument', `A blob id has ${BLOB_ID_BYTES} bytes.`)
  return toBase32(blobId)
}

/** The id of a name that `blobName` made, or undefined for any other: a folder can hold what somebody else put there. */
export function blobIdOfName(name: string): Uint8Array | undefined {
  if (name.length !== BLOB_NAME_LENGTH) return undefined
  try {
    return fromBase32(name)
  } catch (error) {
    if (isParleyError(error, 'InvalidArgument')) return undefined
    throw error
  }
}

/** The name of a chunk in the folder of its blob: the index in decimal. @throws {InvalidArgument} for an index beyond the bounds. */
export function chunkName(index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= MAX_BLOB_CHUNKS)
    throw new ParleyError('InvalidArgument', `The index of a chunk is a whole number from 0 to ${MAX_BLOB_CHUNKS - 1}.`)
  return String(index)
}

/** The index of a name that `chunkName` made, or undefined for any other. */
export function indexOfChunkName(name: string): number | undefined {
  const index = INDEX_NAME.test(name) ? Number(name) : MAX_BLOB_CHUNKS
  return index < MAX_BLOB_CHUNKS ? index : undefined
}

/** @throws {InvalidArgument} when it is empty. {TooLarge} when it is larger than a sealed chunk can be. */
export function checkChunk(chunk: Uint8Array): void {
  checkLength('chunk', chunk, MAX_BLOB_CHUNK_BYTES)
}

/** @throws {InvalidArgument} when it is empty. {TooLarge} when it is larger than a manifest can be. */
export function checkManifest(manifest: Uint8Array): void {
  checkLength('manifest', manifest, MAX_MANIFEST_BYTES)
}

function checkLength(what: string, bytes: Uint8Array, most: number): void {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw new ParleyError('InvalidArgument', `A ${what} has at least one byte.`)
  if (bytes.length > most) throw new ParleyError('TooLarge', `A ${what} has ${bytes.length} bytes; the most is ${most}.`)
}

interface Turn {
  /** Work that runs side by side since the last that was alone. */
  readonly shared: Set<Promise<unknown>>
  /** The last work that was, or will be, alone. */
  alone: Promise<unknown>
  /** Calls that have not ended. */
  pending: number
}

/** Puts work on one blob in order: shared work runs side by side, exclusive work alone, each after what was called before it. */
export class BlobTurns {
  readonly #turns = new Map<string, Turn>()
  readonly #running = new Set<Promise<unknown>>()
  #closed = false

  /** Runs beside other shared work on `name`. @throws {Closed} */
  share<T>(name: string, run: () => Promise<T>): Promise<T> {
    const turn = this.#turn(name)
    const work = turn.alone.then(run)
    turn.shared.add(work)
    return this.#track(name, turn, work)
  }

  /** Runs alone on `name`, after all that was called before. @throws {Closed} */
  alone<T>(name: string, run: () => Promise<T>): Promise<T> {
    const turn = this.#turn(name)
    const before = Promise.allSettled([turn.alone, ...turn.shared])
    const work = before.then(run)
    turn.shared.clear()
    turn.alone = Promise.allSettled([work])
    return this.#track(name, turn, work)
  }

  /** Whether work on `name` is under way. */
  isBusy(name: string): boolean {
    return this.#turns.has(name)
  }

  /** Refuses new work, and resolves once what was called has ended. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#running)
  }

  #turn(name: string): Turn {
    if (this.#closed) throw new ParleyError('Closed', 'The blob store is closed.')
    let turn = this.#turns.get(name)
    if (turn === undefined) {
      turn = { shared: new Set(), alone: Promise.resolve(), pending: 0 }
      this.#turns.set(name, turn)
    }
    turn.pending++
    return turn
  }

  async #track<T>(name: string, turn: Turn, work: Promise<T>): Promise<T> {
    this.#running.add(work)
    try {
      return await work
    } finally {
      this.#running.delete(work)
      turn.shared.delete(work)
      if (--turn.pending === 0) this.#turns.delete(name)
    }
  }
}
