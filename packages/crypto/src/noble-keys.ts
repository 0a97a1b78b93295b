/**
 * Private keys on noble: bytes in memory, out of sight of whoever holds the key.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { secretBytes, type AgreementKey, type SigningKey } from './device-keys.ts'
import { x25519PublicKey, x25519Shared } from './x25519.ts'

/** Signs with noble. The seed is private to the object, so that neither printing nor cloning it shows more than the public key. */
export class NobleSigningKey implements SigningKey {
  readonly publicKey: Uint8Array
  readonly #seed: Uint8Array

  constructor(seed: Uint8Array) {
    this.#seed = secretBytes(seed)
    this.publicKey = ed25519.getPublicKey(this.#seed)
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return ed25519.sign(message, this.#seed)
  }
}

/** Agrees with noble. */
export class NobleAgreementKey implements AgreementKey {
  readonly publicKey: Uint8Array
  readonly #secret: Uint8Array

  constructor(secret: Uint8Array) {
    this.#secret = secretBytes(secret)
    this.publicKey = x25519PublicKey(this.#secret)
  }

  async agree(publicKey: Uint8Array): Promise<Uint8Array | undefined> {
    return x25519Shared(this.#secret, publicKey)
  }
}
