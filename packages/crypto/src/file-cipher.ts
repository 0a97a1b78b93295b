/**
 * The cipher of attached files: each file has a key of its own, and is sealed in chunks with AES-256-GCM, which every host has in
 * hardware. The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, 2015, https://eprint.iacr.org/2015/189): the place of a chunk is
 * its nonce, and how many there are is authenticated, so that none can be moved, left out or added.
 *
 *     nonce = zero (8 B) | index (4 B, big-endian)
 *     aad   = "parley/1/file-chunk" | 0x00 | index (4 B) | count (4 B)
 *
 * A nonce that is no chance needs a key that never seals two different files: `deriveFileKey` sees to that.
 */
import { concatBytes, u32be, utf8 } from '@parley/protocol'
import { deriveKey } from './keys.ts'

/** Bytes of the key of a file. */
export const FILE_KEY_BYTES = 32
/** Bytes of a SHA-256. */
export const SHA256_BYTES = 32
/** What sealing adds to a chunk: the tag of GCM. */
export const FILE_TAG_BYTES = 16

/** Bytes of a secret that file keys are derived from. */
const FILE_SECRET_BYTES = 32
const NONCE_PADDING = new Uint8Array(8)
const AAD_PREFIX = utf8('parley/1/file-chunk\0')

/** Native SHA-256 and AES-256-GCM for files. Every implementation gives the same bytes. */
export interface FileCrypto {
  /** For logs and benchmarks. */
  readonly name: string
  /** SHA-256, 32 bytes. */
  sha256(bytes: Uint8Array): Promise<Uint8Array>
  /** SHA-256 of bytes that come piece by piece. */
  hasher(): FileHasher
  /** The key as the host keeps it. @throws {Error} when it is not 32 bytes. */
  fileKey(key: Uint8Array): Promise<FileKey>
}

/** SHA-256 of what was given to `update`, in that order. Of no use after `digest`. */
export interface FileHasher {
  update(bytes: Uint8Array): void
  /** 32 bytes. */
  digest(): Uint8Array
}

/** Seals and opens the chunks of one file. `index` counts from 0, `count` is how many chunks the file has. */
export interface FileKey {
  /** ciphertext | tag (16 B). Must not be called for two different plaintexts at one index. */
  seal(index: number, count: number, plaintext: Uint8Array): Promise<Uint8Array>
  /** The plaintext, or undefined when key, place, count or any byte differs. */
  open(index: number, count: number, sealed: Uint8Array): Promise<Uint8Array | undefined>
}

/**
 * The key of a file within a conversation: the same for the same content, so that it is stored once there, and of no use to anybody who
 * does not hold the conversation's secret: who only guesses a content cannot find out whether it was sent.
 *
 * `chunkBytes` is how the file is cut: other cuts are other plaintexts, and need another key. HKDF-SHA256, 32 bytes.
 * @throws {Error} when the secret or the hash is not 32 bytes.
 */
export function deriveFileKey(blobSecret: Uint8Array, plaintextSha256: Uint8Array, chunkBytes: number): Uint8Array {
  if (blobSecret.length !== FILE_SECRET_BYTES || plaintextSha256.length !== SHA256_BYTES) {
    throw new Error('A file key is derived from a secret and a hash of 32 bytes each.')
  }
  return deriveKey(blobSecret, 'blob', concatBytes(u32be(chunkBytes), plaintextSha256))
}

/** The nonce of a chunk, 12 bytes. For implementations of `FileCrypto`. */
export function fileChunkNonce(index: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(concatBytes(NONCE_PADDING, u32be(index)))
}

/** What is authenticated with a chunk. For implementations of `FileCrypto`. */
export function fileChunkAad(index: number, count: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(concatBytes(AAD_PREFIX, u32be(index), u32be(count)))
}

/** The key, checked. For implementations of `FileCrypto`. */
export function checkedFileKey(key: Uint8Array): Uint8Array {
  if (key.length !== FILE_KEY_BYTES) throw new Error('A file key has 32 bytes.')
  return key
}
