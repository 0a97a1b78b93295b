/**
 * The key schedule: everything below an epoch secret or a seed is derived by HKDF-SHA256 with a purpose and a context, so that no two
 * uses share a key.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '@parley/protocol'

/** What a derived key is for. */
export type KeyPurpose =
  | 'msg'
  | 'ctl'
  | 'wire'
  | 'presence'
  | 'mailbox'
  | 'topic'
  | 'topic-secret'
  | 'blob'
  | 'invite'
  | 'invite-topic'
  | 'invite-topic-secret'
  | 'link'

/** 32 bytes: HKDF-SHA256(ikm = secret, salt empty, info = "parley/1/" | purpose | 0x00 | context), RFC 5869. No purpose holds a zero byte. */
export function deriveKey(secret: Uint8Array, purpose: KeyPurpose, context: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, undefined, concatBytes(utf8(`parley/1/${purpose}\0`), context), 32)
}

/** HMAC-SHA256, 32 bytes. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return hmac(sha256, key, bytes)
}

/** Whether two secrets are equal, in a time that depends on their length only. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/** What an epoch is made of: 32 bytes for control entries, which every joiner gets, and 32 for messages. */
export interface EpochSecret {
  ctl: Uint8Array
  msg: Uint8Array
}

/** A fresh secret. `random` gives that many cryptographically random bytes. */
export function createEpochSecret(random: (length: number) => Uint8Array): EpochSecret {
  return { ctl: random(32), msg: random(32) }
}

/** ctl | msg, 64 bytes: what is sealed to a device. */
export function epochSecretBytes(secret: EpochSecret): Uint8Array {
  return concatBytes(secret.ctl, secret.msg)
}

/** The secret in 64 bytes (copied), or undefined for any other length. Compare its commitment before use. */
export function epochSecretFromBytes(bytes: Uint8Array): EpochSecret | undefined {
  return bytes.length === 64 ? { ctl: bytes.slice(0, 32), msg: bytes.slice(32) } : undefined
}

/** SHA-256("parley/1/commit" | ctl | msg), 32 bytes. Binds an epoch to one secret, since XChaCha20-Poly1305 alone does not commit to its key. */
export function epochCommitment(secret: EpochSecret): Uint8Array {
  return sha256(concatBytes(utf8('parley/1/commit'), secret.ctl, secret.msg))
}

/** The id of an epoch: the first 16 bytes of SHA-256("parley/1/epoch" | conversation (32 B) | commitment (32 B)). */
export function epochIdOf(conversation: Uint8Array, commitment: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8('parley/1/epoch'), conversation, commitment)).slice(0, 16)
}
