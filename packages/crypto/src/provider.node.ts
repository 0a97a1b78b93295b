/**
 * The provider for Node: OpenSSL behind `node:crypto`, some ten to twenty times faster than pure JavaScript. Exported as
 * `@parley/crypto/node`, so that no bundle for a browser meets it.
 */
import { createPrivateKey, createPublicKey, diffieHellman, hash, sign, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { concatBytes } from '@parley/protocol'
import { secretBytes, type AgreementKey, type SigningKey } from './device-keys.ts'
import type { CryptoProvider, SignatureJob } from './provider.ts'
import { isAcceptablePublicKey, isAcceptableSignature } from './strict-ed25519.ts'
import { isAcceptableAgreeKey } from './x25519.ts'

/** DER of a private key up to its 32 bytes (RFC 8410, section 7). */
const ED25519_PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20)
const X25519_PKCS8_PREFIX = ED25519_PKCS8_PREFIX.with(11, 0x6e)
/** DER of a public key up to its 32 bytes (RFC 8410, section 4). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00)
const X25519_SPKI_PREFIX = ED25519_SPKI_PREFIX.with(8, 0x6e)

/** Parsed public keys kept: two full conversations of 500 devices. Parsing again costs about as much as a check. */
const MAX_CACHED_KEYS = 1024

/**
 * Jobs handed to the thread pool at a time: enough for its four threads, and few enough that neither files wait behind them nor eight new
 * keys (2 ms each to prepare, on the main thread) are felt.
 */
const JOBS_IN_POOL = 8

/** In the thread pool: keeps the event loop free, and uses several cores for many signatures. */
const verifyInPool = promisify<null, Uint8Array, KeyObject, Uint8Array, boolean>(verify)

/** Ed25519, X25519 and SHA-256 by OpenSSL, with the same verdicts as `nobleProvider`. */
export function nodeProvider(): CryptoProvider {
  return new NodeProvider()
}

class NodeProvider implements CryptoProvider {
  readonly name = 'node'
  readonly #publicKeys = new Map<string, KeyObject>()

  /**
   * Through a Latin-1 string: a Buffer from OpenSSL brings memory outside the heap along, which more than doubles the time of a small hash
   * (measured 2.1 µs against 0.9 µs for 272 bytes) and leaves the collector a pointer per entry; 32 bytes copied here stay on the heap.
   */
  sha256(bytes: Uint8Array): Uint8Array {
    const text = hash('sha256', bytes, 'binary')
    const digest = new Uint8Array(32)
    for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i)
    return digest
  }

  async verify(job: SignatureJob): Promise<boolean> {
    return isAcceptable(job) && verify(null, job.message, this.#publicKeyObject(job.publicKey), job.signature)
  }

  async verifyMany(jobs: readonly SignatureJob[]): Promise<boolean[]> {
    // In the thread pool a single job would wait behind the store's work; here it costs what the way there costs.
    if (jobs.length === 1) return [await this.verify(jobs[0]!)]
    const verdicts: boolean[] = []
    for (let at = 0; at < jobs.length; at += JOBS_IN_POOL) {
      verdicts.push(...(await Promise.all(jobs.slice(at, at + JOBS_IN_POOL).map((job) => this.#verifyInPool(job)))))
    }
    return verdicts
  }

  signingKey(seed: Uint8Array): SigningKey {
    return new NodeSigningKey(seed)
  }

  agreementKey(secret: Uint8Array): AgreementKey {
    return new NodeAgreementKey(secret)
  }

  async #verifyInPool(job: SignatureJob): Promise<boolean> {
    return isAcceptable(job) && verifyInPool(null, job.message, this.#publicKeyObject(job.publicKey), job.signature)
  }

  #publicKeyObject(publicKey: Uint8Array): KeyObject {
    const id = String.fromCharCode(...publicKey)
    let key = this.#publicKeys.get(id)
    if (key === undefined) {
      key = publicKeyObject(ED25519_SPKI_PREFIX, publicKey)
      if (this.#publicKeys.size >= MAX_CACHED_KEYS) this.#publicKeys.clear()
      this.#publicKeys.set(id, key)
    }
    return key
  }
}

/** OpenSSL compares R as bytes and refuses S >= L, but takes any A on the curve and a small-order R: these are refused before it is asked. */
function isAcceptable(job: SignatureJob): boolean {
  return isAcceptableSignature(job.signature) && isAcceptablePublicKey(job.publicKey)
}

/** Signs with OpenSSL. The key object shows its kind and nothing else when printed. */
class NodeSigningKey implements SigningKey {
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor(seed: Uint8Array) {
    this.#key = privateKeyObject(ED25519_PKCS8_PREFIX, seed)
    this.publicKey = publicBytes(this.#key)
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    const signature = sign(null, message, this.#key)
    return new Uint8Array(signature.buffer, signature.byteOffset, signature.length)
  }
}

/** Agrees with OpenSSL. */
class NodeAgreementKey implements AgreementKey {
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor(secret: Uint8Array) {
    this.#key = privateKeyObject(X25519_PKCS8_PREFIX, secret)
    this.publicKey = publicBytes(this.#key)
  }

  async agree(publicKey: Uint8Array): Promise<Uint8Array | undefined> {
    if (!isAcceptableAgreeKey(publicKey)) return undefined
    const theirs = publicKeyObject(X25519_SPKI_PREFIX, publicKey)
    return Uint8Array.from(diffieHellman({ privateKey: this.#key, publicKey: theirs }))
  }
}

function privateKeyObject(prefix: Uint8Array, secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concatBytes(prefix, secretBytes(secret))), format: 'der', type: 'pkcs8' })
}

function publicKeyObject(prefix: Uint8Array, publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(prefix, publicKey)), format: 'der', type: 'spki' })
}

/** The 32 bytes at the end of the DER of the public key. */
function publicBytes(key: KeyObject): Uint8Array {
  return Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32))
}
