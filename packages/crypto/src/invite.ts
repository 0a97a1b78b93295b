/**
 * Invites: whoever holds the seed of an invite link can sign for one device certificate and one conversation.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '@parley/protocol'
import { deriveKey } from './keys.ts'
import type { CryptoProvider } from './provider.ts'

/** The Ed25519 key of an invite link: `secret` its 32-byte seed, derived from the seed in the link; `publicKey` what the invite entry names. */
export function inviteKeys(seed: Uint8Array): { secret: Uint8Array; publicKey: Uint8Array } {
  const secret = deriveKey(seed, 'invite', new Uint8Array(0))
  return { secret, publicKey: ed25519.getPublicKey(secret) }
}

/** Proof of holding an invite, 64 bytes: Ed25519("parley/1/join" | conversation (32 B) | SHA-256(certificate)). Of no use for another device or conversation. */
export function joinProof(
  provider: CryptoProvider,
  inviteSecret: Uint8Array,
  conversation: Uint8Array,
  certBytes: Uint8Array,
): Promise<Uint8Array> {
  return provider.sign(inviteSecret, joinMessage(conversation, certBytes))
}

/** Whether `proof` lets the device of this certificate into this conversation under the invite with this public key. */
export function verifyJoinProof(
  provider: CryptoProvider,
  invitePublicKey: Uint8Array,
  conversation: Uint8Array,
  certBytes: Uint8Array,
  proof: Uint8Array,
): Promise<boolean> {
  return provider.verify({ publicKey: invitePublicKey, message: joinMessage(conversation, certBytes), signature: proof })
}

function joinMessage(conversation: Uint8Array, certBytes: Uint8Array): Uint8Array {
  return concatBytes(utf8('parley/1/join'), conversation, sha256(certBytes))
}
