/**
 * X25519 (RFC 7748) with the refusals that key agreement needs.
 */
import { x25519 } from '@noble/curves/ed25519.js'

/** Little-endian u coordinates of the points of small order below p; whoever agrees with one of them shares zero with everybody. */
const SMALL_ORDER_U: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  2n ** 255n - 20n,
])
/** The prime of the field. */
const P = 2n ** 255n - 19n

/** The public key, 32 bytes, of 32 secret bytes. */
export function x25519PublicKey(secretKey: Uint8Array): Uint8Array {
  return x25519.getPublicKey(secretKey)
}

/** The shared secret, 32 bytes, or undefined when the public key is malformed or of small order (an all-zero result, RFC 7748 section 6.1). */
export function x25519Shared(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  return isAcceptableAgreeKey(publicKey) ? x25519.getSharedSecret(secretKey, publicKey) : undefined
}

/**
 * Whether `publicKey` may be admitted as an X25519 key: 32 bytes, canonical, not of small order. Checked at admission, so that no device can
 * make the sealing of an epoch to its members fail.
 */
export function isAcceptableAgreeKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false
  let u = 0n
  for (let i = 31; i >= 0; i--) u = (u << 8n) | BigInt(publicKey[i] as number)
  return u < P && !SMALL_ORDER_U.has(u)
}
