/**
 * The file cipher by Web Crypto: for browsers, and for every other host that has it. Web Crypto hashes only what is there as a whole, so
 * the hash of a whole file is made in JavaScript (about 100 MB/s), a chunk at a time.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { ParleyError } from '@parley/protocol'
import {
  checkedFileKey,
  FILE_TAG_BYTES,
  fileChunkAad,
  fileChunkNonce,
  type FileCrypto,
  type FileHasher,
  type FileKey,
} from './file-cipher.ts'
import { systemSubtle } from './web-keys.ts'

/** @throws {StorageUnavailable} in pages that came over plain http: they have neither Web Crypto nor a place for files. */
export function webFileCrypto(subtle: SubtleCrypto | undefined = systemSubtle()): FileCrypto {
  if (subtle === undefined)
    throw new ParleyError('StorageUnavailable', 'This page has no Web Crypto: it must be served over https or from localhost.')
  return new WebFileCrypto(subtle)
}

class WebFileCrypto implements FileCrypto {
  readonly name = 'webcrypto'
  readonly #subtle: SubtleCrypto

  constructor(subtle: SubtleCrypto) {
    this.#subtle = subtle
  }

  async sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#subtle.digest('SHA-256', viewOf(bytes)))
  }

  hasher(): FileHasher {
    return sha256.create()
  }

  async fileKey(key: Uint8Array): Promise<FileKey> {
    const imported = await this.#subtle.importKey('raw', viewOf(checkedFileKey(key)), 'AES-GCM', false, ['encrypt', 'decrypt'])
    return new WebFileKey(this.#subtle, imported)
  }
}

class WebFileKey implements FileKey {
  readonly #subtle: SubtleCrypto
  readonly #key: CryptoKey

  constructor(subtle: SubtleCrypto, key: CryptoKey) {
    this.#subtle = subtle
    this.#key = key
  }

  async seal(index: number, count: number, plaintext: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#subtle.encrypt(algorithm(index, count), this.#key, viewOf(plaintext)))
  }

  async open(index: number, count: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    if (sealed.length < FILE_TAG_BYTES) return undefined
    try {
      return new Uint8Array(await this.#subtle.decrypt(algorithm(index, count), this.#key, viewOf(sealed)))
    } catch (error) {
      // By name and not by class: this is how hosts say that the tag is wrong, and all that they say.
      if (error instanceof Error && error.name === 'OperationError') return undefined
      throw error
    }
  }
}

function algorithm(index: number, count: number): AesGcmParams {
  return { name: 'AES-GCM', iv: fileChunkNonce(index), additionalData: fileChunkAad(index, count), tagLength: FILE_TAG_BYTES * 8 }
}

/** The same bytes in a plain buffer, which is all that Web Crypto takes; copied only where they are in a shared one. */
function viewOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes)
}
