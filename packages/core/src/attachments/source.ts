/**
 * Where the bytes of a file come from when it is attached. A source is read more than once: its hash gives the key, so that it has to be
 * known before anything can be sealed. `fileSource(path)` of `@parley/store-level` is one for files on a desktop.
 */
import { releaseBytes } from '@parley/crypto'
import { ParleyError } from '@parley/protocol'
import { safeFileName } from './names.ts'
import { SNIFF_BYTES, typeOf } from './sniff.ts'

/** A file that can be read from any place, as often as needed. Must not change meanwhile; that it did is found out. */
export interface FileSource {
  /** Bytes in all. */
  readonly size: number
  /** Its name and MIME type as whoever made it says: not trusted, and cleaned before use. */
  readonly name?: string
  readonly type?: string
  /**
   * Fills `into`, which belongs to the caller, with the bytes from `start` on; both ends lie within the file.
   * @throws {InvalidArgument} when the file has changed, so that there are not as many. {StorageUnavailable} when it cannot be read.
   */
  read(start: number, into: Uint8Array): Promise<void>
  /** Frees what the source holds. Whoever made the source calls it. */
  close?(): Promise<void>
}

/** What a `Blob` or a `File` offers that a source needs; structural, so that a `File` of any realm will do. */
export interface BlobLike {
  readonly size: number
  readonly type: string
  readonly name?: string
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** Bytes as a source. They are not copied. */
export function bytesSource(bytes: Uint8Array, facts: { name?: string; type?: string } = {}): FileSource {
  return { ...facts, size: bytes.length, read: async (start, into) => into.set(bytes.subarray(start, start + into.length)) }
}

/** A `Blob`, or a `File` with its name, as a source. The browser reads it from where it lies, a piece at a time. */
export function blobSource(blob: BlobLike): FileSource {
  const { size, type, name } = blob
  return {
    size,
    ...(name === undefined ? {} : { name }),
    ...(type === '' ? {} : { type }),
    read: async (start, into) => {
      const bytes = await bytesOf(blob, start, start + into.length)
      if (bytes.length !== into.length) throw sourceChanged()
      into.set(bytes)
      releaseBytes(bytes)
    },
  }
}

/** What a source is called and what it is, made harmless: from its first bytes and from what it says of itself. @throws as `read`. */
export async function describeSource(source: FileSource): Promise<{ name: string; type: string }> {
  const start = new Uint8Array(Math.min(SNIFF_BYTES, source.size))
  await source.read(0, start)
  return { name: safeFileName(source.name ?? ''), type: typeOf(start, source.type) }
}

/** The error for a source that does not read as it did before. */
export function sourceChanged(cause?: unknown): ParleyError {
  return new ParleyError('InvalidArgument', 'The file was changed or removed while it was being read; choose it again.', { cause })
}

async function bytesOf(blob: BlobLike, start: number, end: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(start, end).arrayBuffer())
  } catch (cause) {
    // What browsers say of a file that was changed, moved or removed since it was chosen.
    throw sourceChanged(cause)
  }
}
