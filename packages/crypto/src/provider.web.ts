/**
 * The provider for browsers: Ed25519 and X25519 by their Web Crypto, in threads of its own. Hashing and small sealing stay in JavaScript:
 * a promise for each costs more than the work (measured: SHA-256 of 400 bytes five times as slow).
 */
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { concatBytes, utf8 } from '@parley/protocol'
import { secretBytes, type AgreementKey, type SigningKey } from './device-keys.ts'
import { nobleProvider, type CryptoProvider, type Encapsulation, type SignatureJob } from './provider.ts'
import { openBody, sealBody } from './seal.ts'
import { isAcceptablePublicKey, isAcceptableSignature, strictVerify } from './strict-ed25519.ts'
import { agreeInWeb, generateWebKeys, plainBytes, systemSubtle, WebAgreementKey, WebSigningKey } from './web-keys.ts'
import { isAcceptableAgreeKey } from './x25519.ts'
import { yieldToEventLoop } from './yield.ts'

/** DER of a private key up to its 32 bytes (RFC 8410, section 7). */
const ED25519_PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20)
const X25519_PKCS8_PREFIX = ED25519_PKCS8_PREFIX.with(11, 0x6e)

/** The base point of X25519, u = 9: agreeing with it gives the public key (RFC 7748, section 6.1). */
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31))

/** Imported public keys kept: two full conversations of 500 devices. */
const MAX_CACHED_KEYS = 1024

/** Signatures handed to the browser at a time: its threads are busy with a few, and more of them only wait (measured in Chromium). */
const JOBS_IN_FLIGHT = 32

/** Web Crypto where it has Ed25519 and X25519, `nobleProvider` elsewhere: the same verdicts, about three times as fast in Chromium. */
export async function webCryptoProvider(subtle: SubtleCrypto | undefined = systemSubtle()): Promise<CryptoProvider> {
  if (subtle === undefined || (await generateWebKeys(subtle)) === undefined) return nobleProvider()
  return new WebCryptoProvider(subtle, await isCofactorless(subtle))
}

class WebCryptoProvider implements CryptoProvider {
  readonly name = 'webcrypto'
  readonly #subtle: SubtleCrypto
  readonly #reference = nobleProvider()
  readonly #verifiesNatively: boolean
  readonly #publicKeys = new Map<string, Promise<CryptoKey>>()

  constructor(subtle: SubtleCrypto, verifiesNatively: boolean) {
    this.#subtle = subtle
    this.#verifiesNatively = verifiesNatively
  }

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

  /** Engines take small-order and torsioned keys and a small-order R: these are refused before they are asked. */
  async verify(job: SignatureJob): Promise<boolean> {
    const { publicKey, message, signature } = job
    if (!this.#verifiesNatively) return strictVerify(job)
    if (!isAcceptableSignature(signature) || !isAcceptablePublicKey(publicKey)) return false
    try {
      return await this.#subtle.verify('Ed25519', await this.#publicKey(publicKey), plainBytes(signature), plainBytes(message))
    } catch (error) {
      // An engine that throws, at a key that it finds odd or for want of memory, has given no verdict.
      if (error instanceof Error) return strictVerify(job)
      throw error
    }
  }

  async verifyMany(jobs: readonly SignatureJob[]): Promise<boolean[]> {
    if (!this.#verifiesNatively) return this.#reference.verifyMany(jobs)
    const verdicts: boolean[] = []
    for (let at = 0; at < jobs.length; at += JOBS_IN_FLIGHT) {
      const running: Promise<boolean>[] = []
      for (const job of jobs.slice(at, at + JOBS_IN_FLIGHT)) {
        // Judging a new key takes 2 ms of JavaScript.
        if (!this.#publicKeys.has(idOf(job.publicKey))) await yieldToEventLoop()
        running.push(this.verify(job))
      }
      verdicts.push(...(await Promise.all(running)))
    }
    return verdicts
  }

  /** Public keys come from noble, since Web Crypto gives those of secret bytes only to who may export the secret as well. */
  signingKey(seed: Uint8Array): SigningKey {
    const secret = secretBytes(seed)
    const key = this.#subtle.importKey('pkcs8', plainBytes(concatBytes(ED25519_PKCS8_PREFIX, secret)), 'Ed25519', false, ['sign'])
    return new WebSigningKey(this.#subtle, ed25519.getPublicKey(secret), key)
  }

  agreementKey(secret: Uint8Array): AgreementKey {
    const scalar = secretBytes(secret)
    return new WebAgreementKey(this.#subtle, x25519.getPublicKey(scalar), this.#importScalar(scalar))
  }

  /** In the browser's threads: 200 boxes take half the time that they take in JavaScript, and hardly any of this thread's (measured in Chromium). */
  async encapsulate(secret: Uint8Array, publicKey: Uint8Array): Promise<Encapsulation | undefined> {
    const scalar = secretBytes(secret)
    if (!isAcceptableAgreeKey(publicKey)) return undefined
    const key = await this.#importScalar(scalar)
    const [own, shared] = await Promise.all([agreeInWeb(this.#subtle, key, BASE_POINT), agreeInWeb(this.#subtle, key, publicKey)])
    return { publicKey: own, shared }
  }

  #importScalar(scalar: Uint8Array): Promise<CryptoKey> {
    return this.#subtle.importKey('pkcs8', plainBytes(concatBytes(X25519_PKCS8_PREFIX, scalar)), 'X25519', false, ['deriveBits'])
  }

  #publicKey(publicKey: Uint8Array): Promise<CryptoKey> {
    const id = idOf(publicKey)
    let key = this.#publicKeys.get(id)
    if (key === undefined) {
      key = this.#subtle.importKey('raw', plainBytes(publicKey), 'Ed25519', true, ['verify'])
      if (this.#publicKeys.size >= MAX_CACHED_KEYS) this.#publicKeys.clear()
      this.#publicKeys.set(id, key)
    }
    return key
  }
}

const idOf = (publicKey: Uint8Array): string => String.fromCharCode(...publicKey.subarray(0, 33))

/**
 * A key and two signatures on "parley/1/probe": an honest one, and one whose R has a point of order 8 added, which holds with the cofactor and
 * not without. Bytes alone cannot tell them apart, so an engine that takes the second must not be asked at all.
 */
const PROBE = {
  publicKey: hexToBytes('88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488'),
  message: utf8('parley/1/probe'),
  honest: hexToBytes(
    '3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a415255919d7a0ec88d15d76dc58cd93084cb69accb9faacdaeb6cda66855a102',
  ),
  torsioned: hexToBytes(
    '5b61c2e3b93e6c06450f327ea72cdfeb8cde6aa020d2dd827ab3f86e708c83932f2081601366e16dabb14a38cec0b1da845c0a5fa2cfe3ab782d9f641e247b0f',
  ),
}

/** Whether the engine checks R = S·B − k·A itself (rule 4 of `strict-ed25519.ts`), and not eight times it. */
async function isCofactorless(subtle: SubtleCrypto): Promise<boolean> {
  try {
    const key = await subtle.importKey('raw', plainBytes(PROBE.publicKey), 'Ed25519', true, ['verify'])
    const accepts = (signature: Uint8Array) => subtle.verify('Ed25519', key, plainBytes(signature), plainBytes(PROBE.message))
    return (await accepts(PROBE.honest)) && !(await accepts(PROBE.torsioned))
  } catch (error) {
    // An engine that cannot answer this is not to be relied on for more.
    if (error instanceof Error) return false
    throw error
  }
}
