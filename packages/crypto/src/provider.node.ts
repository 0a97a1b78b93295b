/**
 * The provider for Node: OpenSSL behind `node:crypto`, some ten to twenty times faster than pure JavaScript. Exported as
 * `@parley/crypto/node`, so that no bundle for a browser meets it.
 */
import { createPrivateKey, createPublicKey, diffieHellman, hash, sign, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { fromBase64Url, toBase64Url } from '@parley/protocol'
import { secretBytes, type AgreementKey, type SigningKey } from './device-keys.ts'
import type { CryptoProvider, Encapsulation, SignatureJob } from './provider.ts'
import { openBodyNatively, sealBodyNatively } from './seal.node.ts'
import { isAcceptablePublicKey, isAcceptableSignature } from './strict-ed25519.ts'
import { isAcceptableAgreeKey } from './x25519.ts'

export { nodeFileCrypto } from './file-cipher.node.ts'

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
    const digest = new Uint8Array(32)
    this.sha256Into(bytes, digest, 0)
    return digest
  }

  sha256Into(bytes: Uint8Array, target: Uint8Array, offset: number): void {
    const text = hash('sha256', bytes, 'binary')
    for (let i = 0; i < 32; i++) target[offset + i] = text.charCodeAt(i)
  }

  sealBody(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return sealBodyNatively(key, nonce, aad, plaintext)
  }

  openBody(key: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
    return openBodyNatively(key, sealed, aad)
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

  async encapsulate(secret: Uint8Array, publicKey: Uint8Array): Promise<Encapsulation | undefined> {
    const key = new NodeAgreementKey(secret)
    const shared = await key.agree(publicKey)
    return shared && { publicKey: key.publicKey, shared }
  }

  async #verifyInPool(job: SignatureJob): Promise<boolean> {
    return isAcceptable(job) && verifyInPool(null, job.message, this.#publicKeyObject(job.publicKey), job.signature)
  }

  #publicKeyObject(publicKey: Uint8Array): KeyObject {
    const id = String.fromCharCode(...publicKey)
    let key = this.#publicKeys.get(id)
    if (key === undefined) {
      key = publicKeyObject('Ed25519', publicKey)
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
    this.#key = privateKeyObject('Ed25519', seed)
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
    this.#key = privateKeyObject('X25519', secret)
    this.publicKey = publicBytes(this.#key)
  }

  async agree(publicKey: Uint8Array): Promise<Uint8Array | undefined> {
    if (!isAcceptableAgreeKey(publicKey)) return undefined
    const theirs = publicKeyObject('X25519', publicKey)
    return Uint8Array.from(diffieHellman({ privateKey: this.#key, publicKey: theirs }))
  }
}

/*
 * Keys go in and out as JWK (RFC 8037): OpenSSL's decoders of DER take 780 µs for a private key and 160 µs for a public one, against 65 µs
 * and 18 µs this way, of which most is the arithmetic itself (measured, Node 24).
 */

/** Node computes the public half from `d` and wants only some `x` to be there; `publicBytes` reads the computed one. */
function privateKeyObject(crv: 'Ed25519' | 'X25519', secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: { kty: 'OKP', crv, d: toBase64Url(secretBytes(secret)), x: ANY_PUBLIC_KEY }, format: 'jwk' })
}

function publicKeyObject(crv: 'Ed25519' | 'X25519', publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: toBase64Url(publicKey) }, format: 'jwk' })
}

const ANY_PUBLIC_KEY = toBase64Url(new Uint8Array(32))

function publicBytes(key: KeyObject): Uint8Array {
  return fromBase64Url(createPublicKey(key).export({ format: 'jwk' }).x as string)
}
