/**
 * The manifest of a blob: how large the file is, and the hash of each of its sealed chunks. Its hash is the blob's id, so that who has the id
 * from a signed message can check the manifest, and with it every chunk, whoever hands them over.
 *
 *     manifest = CBOR [1, size, SHA-256 of chunk 0 | SHA-256 of chunk 1 | ...]
 *     blob id  = SHA-256("parley/1/blob" | manifest)
 *
 * The 1 is the version of the cut and the cipher: chunks of 256 KiB, the last one shorter; an empty file has one chunk with nothing in it.
 */
import { FILE_TAG_BYTES, SHA256_BYTES, type FileCrypto } from '@parley/crypto'
import { CborReader, concatBytes, encodeCbor, equalBytes, ParleyError, Reject, utf8 } from '@parley/protocol'
import { FILE_CHUNK_BYTES, MAX_BLOB_CHUNKS, MAX_FILE_BYTES, MAX_MANIFEST_BYTES } from '../blob-store.ts'

/** The way a file is cut and sealed. */
const MANIFEST_VERSION = 1
const BLOB_ID_PREFIX = utf8('parley/1/blob')

/** What a manifest says. */
export interface FileManifest {
  /** Bytes of the plaintext, 0 to `MAX_FILE_BYTES`. */
  readonly size: number
  /** The SHA-256 of each sealed chunk, 32 bytes each, one after the other. */
  readonly hashes: Uint8Array
}

/** How many chunks a file of `size` bytes has: at least one. */
export function chunkCountOf(size: number): number {
  return Math.max(1, Math.ceil(size / FILE_CHUNK_BYTES))
}

/** Bytes of the plaintext of a chunk. */
export function chunkLengthOf(size: number, index: number): number {
  return Math.min(FILE_CHUNK_BYTES, size - index * FILE_CHUNK_BYTES)
}

/** Bytes of a sealed chunk. */
export function sealedLengthOf(size: number, index: number): number {
  return chunkLengthOf(size, index) + FILE_TAG_BYTES
}

/** The hash of one sealed chunk, a view. `index` must be within the file. */
export function chunkHashOf({ hashes }: FileManifest, index: number): Uint8Array {
  return hashes.subarray(index * SHA256_BYTES, (index + 1) * SHA256_BYTES)
}

/** @throws {ParleyError} TooLarge beyond `MAX_FILE_BYTES`. InvalidArgument when the hashes do not fit the size. */
export function encodeManifest({ size, hashes }: FileManifest): Uint8Array {
  checkFileSize(size)
  if (hashes.length !== chunkCountOf(size) * SHA256_BYTES) throw new ParleyError('InvalidArgument', 'A manifest has a hash for each chunk.')
  return encodeCbor([MANIFEST_VERSION, size, hashes])
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. The hashes are a view. */
export function decodeManifest(bytes: Uint8Array): FileManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) throw new Reject('LimitExceeded', 'manifest is too long')
  const reader = new CborReader(bytes)
  reader.arrayOf(3)
  if (reader.uint() !== MANIFEST_VERSION) throw new Reject('BadShape', 'manifest has an unknown version')
  const size = reader.uint()
  if (size > MAX_FILE_BYTES) throw new Reject('LimitExceeded', 'file is too large')
  const hashes = reader.bytes(MAX_BLOB_CHUNKS * SHA256_BYTES)
  reader.end()
  if (hashes.length !== chunkCountOf(size) * SHA256_BYTES) throw new Reject('BadShape', 'manifest has not one hash for each chunk')
  return { size, hashes }
}

/** The id of the blob with this manifest, 32 bytes. */
export function blobIdOf(crypto: FileCrypto, manifest: Uint8Array): Promise<Uint8Array> {
  return crypto.sha256(concatBytes(BLOB_ID_PREFIX, manifest))
}

/** The manifest that a peer or a disk gave for `blobId`. @throws {Reject} BadProof when it is another one, or as `decodeManifest`. */
export async function verifiedManifest(crypto: FileCrypto, blobId: Uint8Array, bytes: Uint8Array): Promise<FileManifest> {
  // Hashing what is too long would be work for a liar.
  if (bytes.length > MAX_MANIFEST_BYTES) throw new Reject('LimitExceeded', 'manifest is too long')
  if (!equalBytes(await blobIdOf(crypto, bytes), blobId)) throw new Reject('BadProof', 'manifest belongs to another blob')
  return decodeManifest(bytes)
}

/** @throws {ParleyError} TooLarge beyond `MAX_FILE_BYTES`. InvalidArgument when it is no size. */
export function checkFileSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new ParleyError('InvalidArgument', 'The size of a file is a whole number from 0.')
  if (size > MAX_FILE_BYTES) throw new ParleyError('TooLarge', `A file has ${size} bytes; ${MAX_FILE_BYTES} is the most.`)
}
