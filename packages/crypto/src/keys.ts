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
  | 'epoch-ctl'
  | 'wrap-ctl'
  | 'wrap-msg'
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
  | 'addresses'
  | 'addresses-topic'
  | 'ring'
  | 'inbox'
  | 'inbox-topic'
  | 'inbox-topic-secret'
  | 'device-link'
  | 'device-link-topic'
  | 'device-link-topic-secret'
  | 'recovery'
  | 'recovery-topic'
  | 'recovery-topic-secret'
  | 'recovery-sign'
  | 'recovery-agree'

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
