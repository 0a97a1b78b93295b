/**
 * Sealing of entry bodies and packets: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with random 24-byte nonces, which never repeat in
 * practice, not even after a restored backup.
 */
import { xchacha20, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { concatBytes } from '@parley/protocol'

/** Bytes of a key. */
const KEY_BYTES = 32
/** Bytes of a nonce. */
export const NONCE_BYTES = 24
/** Bytes of the Poly1305 tag at the end of a sealed body. */
export const TAG_BYTES = 16

/**
 * nonce (24 B) | ciphertext | tag (16 B). `nonce` must be fresh random bytes for each call. `aad` is authenticated, not included.
 * @throws {Error} when the key or the nonce has a wrong length.
 */
export function sealBody(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  assertKey(key)
  return concatBytes(nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext))
}

/**
 * The plaintext of what `sealBody` made, or undefined when key, aad or any byte differs.
 * @throws {Error} when the key has a wrong length.
 */
export function openBody(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
  assertKey(key)
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
  const cipher = xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES), aad)
  try {
    return cipher.decrypt(sealed.subarray(NONCE_BYTES))
  } catch (error) {
    // The library reports a wrong tag only by throwing; a wrong key length threw above, and no other length can be wrong here.
    if (error instanceof Error) return undefined
    throw error
  }
}

/**
 * The first byte of what `sealBody` sealed, when the body opens at all: nothing is checked, at a tenth of the cost. For whoever must know of many bodies
 * which are worth opening; undefined when there is none.
 * @throws {Error} when the key has a wrong length.
 */
export function peekBody(key: Uint8Array, sealed: Uint8Array): number | undefined {
  assertKey(key)
  if (sealed.length <= NONCE_BYTES + TAG_BYTES) return undefined
  // Block 0 makes the key of the tag; the text begins with block 1 (RFC 8439, section 2.8).
  return xchacha20(key, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES, NONCE_BYTES + 1), undefined, 1)[0]
}

function assertKey(key: Uint8Array): void {
  if (key.length !== KEY_BYTES) throw new Error('A sealing key has 32 bytes.')
}
