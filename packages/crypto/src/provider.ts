/**
 * The seam between Parley and whoever computes its signatures and hashes. Every provider gives the same verdict on the same bytes:
 * were one more lenient than another, a hostile member could split a conversation by the engines of its members.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import type { AgreementKey, SigningKey } from './device-keys.ts'
import { NobleAgreementKey, NobleSigningKey } from './noble-keys.ts'
import { openBody, sealBody } from './seal.ts'
import { strictVerify } from './strict-ed25519.ts'
import { yieldToEventLoop } from './yield.ts'

/** One signature to check: Ed25519 (RFC 8032, pure). `publicKey` 32 bytes, `signature` 64 bytes; other lengths are a `false`. */
export interface SignatureJob {
  publicKey: Uint8Array
  message: Uint8Array
  signature: Uint8Array
}

/** What the sender of a sealed box gets out of a fresh secret, 32 bytes each. */
export interface Encapsulation {
  /** The public key of the secret, which goes into the box. */
  readonly publicKey: Uint8Array
  /** What the secret and the recipient's key agree on. */
  readonly shared: Uint8Array
}

/** Ed25519, X25519 and SHA-256. Verification follows the strict rules of `strict-ed25519.ts` and never throws on hostile bytes. */
export interface CryptoProvider {
  /** For logs and benchmarks. */
  readonly name: string
  /** SHA-256, 32 bytes in a fresh Uint8Array. */
  sha256(bytes: Uint8Array): Uint8Array
  /** The same 32 bytes, put into `target` at `offset`. */
  sha256Into(bytes: Uint8Array, target: Uint8Array, offset: number): void
  /** `sealBody`, by the fastest means. */
  sealBody(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** `openBody`, by the fastest means. */
  openBody(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined
  /** Whether the signature holds under the strict rules. */
  verify(job: SignatureJob): Promise<boolean>
  /** The verdicts in the order of `jobs`, without blocking the event loop for more than a few milliseconds at a time. */
  verifyMany(jobs: readonly SignatureJob[]): Promise<boolean[]>
  /** The Ed25519 key of a 32-byte seed, which is copied. @throws {Error} when the seed is not 32 bytes. */
  signingKey(seed: Uint8Array): SigningKey
  /** The X25519 key of 32 secret bytes, which are copied. @throws {Error} for any other length. */
  agreementKey(secret: Uint8Array): AgreementKey
  /**
   * Both steps of X25519 with a secret that is used once: its public key, and what it shares with `publicKey`. Undefined when that one is
   * malformed or of small order. @throws {Error} when the secret is not 32 bytes.
   */
  encapsulate(secret: Uint8Array, publicKey: Uint8Array): Promise<Encapsulation | undefined>
}

/** Signatures checked between two yields: about 10 ms of pure JavaScript, so that typing stays smooth while history arrives. */
const VERIFY_SLICE = 8

/** The reference provider: pure JavaScript, the same in every browser and in Node. */
export function nobleProvider(): CryptoProvider {
  return new NobleProvider()
}

class NobleProvider implements CryptoProvider {
  readonly name = 'noble'

  sha256(bytes: Uint8Array): Uint8Array {
    return sha256(bytes)
  }

  sha256Into(bytes: Uint8Array, target: Uint8Array, offset: number): void {
    target.set(sha256(bytes), offset)
  }

  sealBody(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return sealBody(key, nonce, aad, plaintext)
  }

  openBody(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
    return openBody(key, sealed, aad)
  }

  async verify(job: SignatureJob): Promise<boolean> {
    return strictVerify(job)
  }

  async verifyMany(jobs: readonly SignatureJob[]): Promise<boolean[]> {
    const verdicts: boolean[] = []
    for (const job of jobs) {
      if (verdicts.length > 0 && verdicts.length % VERIFY_SLICE === 0) await yieldToEventLoop()
      verdicts.push(strictVerify(job))
    }
    return verdicts
  }

  signingKey(seed: Uint8Array): SigningKey {
    return new NobleSigningKey(seed)
  }

  agreementKey(secret: Uint8Array): AgreementKey {
    return new NobleAgreementKey(secret)
  }

  async encapsulate(secret: Uint8Array, publicKey: Uint8Array): Promise<Encapsulation | undefined> {
    const key = new NobleAgreementKey(secret)
    const shared = await key.agree(publicKey)
    return shared && { publicKey: key.publicKey, shared }
  }
}
