/**
 * HPKE (RFC 9180), base mode, one message to one key: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
 *
 * X25519 is the provider's; the rest is written on noble, because browsers have no ChaCha20-Poly1305 in WebCrypto and the general packages bring every other suite along (a
 * post-quantum one included, 160 ms to load in Node). The test suite checks it against the vectors of the RFC and against such a package.
 * Sender authentication is not wanted here: the signed entry around a box gives it.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expand, extract } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '@parley/protocol'
import type { AgreementKey } from './device-keys.ts'
import type { CryptoProvider } from './provider.ts'
import { yieldToEventLoop } from './yield.ts'

const EMPTY = new Uint8Array(0)
/** "HPKE-v1" goes in front of every label (RFC 9180, section 4). */
const VERSION = utf8('HPKE-v1')
/** "KEM" | 0x0020, DHKEM(X25519, HKDF-SHA256). */
const KEM_SUITE = Uint8Array.of(...utf8('KEM'), 0x00, 0x20)
/** "HPKE" | KEM 0x0020 | KDF 0x0001 | AEAD 0x0003. */
const HPKE_SUITE = Uint8Array.of(...utf8('HPKE'), 0x00, 0x20, 0x00, 0x01, 0x00, 0x03)
const MODE_BASE = 0
/** Boxes sealed between two yields: about 8 ms of pure JavaScript, and enough at once to keep the threads of a browser busy. */
const BOXES_PER_SLICE = 4

/** What both ends may add. `aad` is authenticated, not included; empty unless told. */
export interface HpkeOptions {
  aad?: Uint8Array
}

/** Options of sealing. */
export interface HpkeSealOptions extends HpkeOptions {
  /** The source of the ephemeral key; the platform's random numbers unless told. Must be cryptographically random and never repeat. */
  random?: (length: number) => Uint8Array
}

/**
 * A box for the holder of `publicKey` (X25519, 32 B): enc (32 B) | ciphertext | tag (16 B). `info` binds it to its place.
 * @throws {Error} when the public key is malformed or of small order: admission refuses such keys.
 */
export async function hpkeSeal(
  provider: CryptoProvider,
  publicKey: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
  { aad = EMPTY, random = systemRandom }: HpkeSealOptions = {},
): Promise<Uint8Array> {
  const made = await provider.encapsulate(random(32), publicKey)
  if (made === undefined) throw new Error('The public key is not fit for key agreement.')
  const { publicKey: enc, shared } = made
  const { key, nonce } = keySchedule(kemSecret(shared, enc, publicKey), info)
  return concatBytes(enc, chacha20poly1305(key, nonce, aad).encrypt(plaintext))
}

/** Whom one of many boxes is for. `info` as in `hpkeSeal`. */
export interface HpkeRecipient {
  readonly publicKey: Uint8Array
  readonly info: Uint8Array
}

/**
 * A box of the same plaintext for each recipient, in their order and each with a key of its own, as if sealed one by one. The event loop turns
 * in between: for a large group it is a second of work in pure JavaScript.
 * @throws {Error} when a public key is malformed or of small order: admission refuses such keys.
 */
export async function hpkeSealMany(
  provider: CryptoProvider,
  recipients: readonly HpkeRecipient[],
  plaintext: Uint8Array,
  { yieldNow = yieldToEventLoop, ...options }: HpkeSealOptions & { yieldNow?: () => Promise<void> } = {},
): Promise<Uint8Array[]> {
  const boxes: Uint8Array[] = []
  for (let at = 0; at < recipients.length; at += BOXES_PER_SLICE) {
    if (at > 0) await yieldNow()
    const slice = recipients.slice(at, at + BOXES_PER_SLICE)
    boxes.push(...(await Promise.all(slice.map(({ publicKey, info }) => hpkeSeal(provider, publicKey, info, plaintext, options)))))
  }
  return boxes
}

/** What `hpkeSeal` put into `box` for the holder of `key`, or undefined when key, info, aad or any byte differs. */
export async function hpkeOpen(
  key: AgreementKey,
  info: Uint8Array,
  box: Uint8Array,
  { aad = EMPTY }: HpkeOptions = {},
): Promise<Uint8Array | undefined> {
  if (box.length < 48) return undefined
  const enc = box.subarray(0, 32)
  const dh = await key.agree(enc)
  if (dh === undefined) return undefined
  const opening = keySchedule(kemSecret(dh, enc, key.publicKey), info)
  try {
    return chacha20poly1305(opening.key, opening.nonce, aad).decrypt(box.subarray(32))
  } catch (error) {
    // The library reports a wrong tag only by throwing.
    if (error instanceof Error) return undefined
    throw error
  }
}

/** ExtractAndExpand of the KEM (RFC 9180, section 4.1). */
function kemSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', dh)
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', concatBytes(enc, recipient), 32)
}

/** KeySchedule in base mode, for the first message only: its nonce is the base nonce (RFC 9180, sections 5.1 and 5.2). */
function keySchedule(shared: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const infoHash = labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info)
  const context = concatBytes(Uint8Array.of(MODE_BASE), PSK_ID_HASH, infoHash)
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', EMPTY)
  return { key: labeledExpand(HPKE_SUITE, secret, 'key', context, 32), nonce: labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, 12) }
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concatBytes(VERSION, suite, utf8(label), ikm), salt)
}

function labeledExpand(suite: Uint8Array, prk: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
  return expand(sha256, prk, concatBytes(Uint8Array.of(0, length), VERSION, suite, utf8(label), info), length)
}

/** Always of nothing: base mode has no pre-shared key. */
const PSK_ID_HASH = labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY)

function systemRandom(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}
