/**
 * Keys that the browser keeps: made inside its Web Crypto, never exportable, and storable in IndexedDB as they are. A script that gets into
 * the page can use them while it runs, and cannot carry them away.
 */
import type { AgreementKey, DeviceKeys, SigningKey } from './device-keys.ts'
import { isAcceptableAgreeKey } from './x25519.ts'

/** The keys of a device as the browser's own objects, which IndexedDB can store. The private ones cannot be exported. */
export interface WebKeys {
  readonly signing: CryptoKeyPair
  readonly agreement: CryptoKeyPair
}

/** Fresh keys, or undefined where the browser has no Ed25519 or no X25519 (Chrome before 137, Firefox before 130, Safari before 17). */
export async function generateWebKeys(subtle: SubtleCrypto | undefined = systemSubtle()): Promise<WebKeys | undefined> {
  if (subtle === undefined) return undefined
  try {
    const [signing, agreement] = await Promise.all([
      subtle.generateKey('Ed25519', false, ['sign', 'verify']),
      subtle.generateKey('X25519', false, ['deriveBits']),
    ])
    return { signing, agreement }
  } catch (error) {
    // Engines name an unknown algorithm differently, and there is no other way to ask.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** Keys that act through the browser. */
export async function deviceKeysOfWeb({ signing, agreement }: WebKeys): Promise<DeviceKeys> {
  const { subtle } = crypto
  const [signPublic, agreePublic] = await Promise.all([
    subtle.exportKey('raw', signing.publicKey),
    subtle.exportKey('raw', agreement.publicKey),
  ])
  return {
    signing: new WebSigningKey(subtle, new Uint8Array(signPublic), signing.privateKey),
    agreement: new WebAgreementKey(subtle, new Uint8Array(agreePublic), agreement.privateKey),
  }
}

/** The Web Crypto of this host; none in pages that came over plain http. */
export function systemSubtle(): SubtleCrypto | undefined {
  return (globalThis.crypto as Crypto | undefined)?.subtle
}

/** The same bytes in a plain buffer, which is all that Web Crypto takes. */
export function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** Signs in the browser. */
export class WebSigningKey implements SigningKey {
  readonly publicKey: Uint8Array
  readonly #subtle: SubtleCrypto
  readonly #key: CryptoKey | Promise<CryptoKey>

  constructor(subtle: SubtleCrypto, publicKey: Uint8Array, key: CryptoKey | Promise<CryptoKey>) {
    this.#subtle = subtle
    this.publicKey = publicKey
    this.#key = key
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await this.#subtle.sign('Ed25519', await this.#key, plainBytes(message)))
  }
}

/** Agrees in the browser. */
export class WebAgreementKey implements AgreementKey {
  readonly publicKey: Uint8Array
  readonly #subtle: SubtleCrypto
  readonly #key: CryptoKey | Promise<CryptoKey>

  constructor(subtle: SubtleCrypto, publicKey: Uint8Array, key: CryptoKey | Promise<CryptoKey>) {
    this.#subtle = subtle
    this.publicKey = publicKey
    this.#key = key
  }

  async agree(publicKey: Uint8Array): Promise<Uint8Array | undefined> {
    return isAcceptableAgreeKey(publicKey) ? agreeInWeb(this.#subtle, await this.#key, publicKey) : undefined
  }
}

/** X25519 in the browser, 32 bytes. `publicKey` must be an acceptable one. */
export async function agreeInWeb(subtle: SubtleCrypto, key: CryptoKey, publicKey: Uint8Array): Promise<Uint8Array> {
  const theirs = await subtle.importKey('raw', plainBytes(publicKey), 'X25519', true, [])
  return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: theirs }, key, 256))
}
