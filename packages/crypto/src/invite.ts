/**
 * Invites: whoever holds the seed of an invite link can sign for one device certificate and one conversation.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8 } from '@parley/protocol'
import type { SigningKey } from './device-keys.ts'
import { deriveKey } from './keys.ts'
import { NobleSigningKey } from './noble-keys.ts'
import type { CryptoProvider } from './provider.ts'

/**
 * The Ed25519 key of an invite link, derived from the 32-byte seed in the link; its public key is what the invite entry names. Made without
 * a provider: whoever has the link has the bytes, so there is nothing to keep from anybody.
 */
export function inviteKey(seed: Uint8Array): SigningKey {
  return new NobleSigningKey(deriveKey(seed, 'invite', new Uint8Array(0)))
}

/** Proof of holding an invite, 64 bytes: Ed25519("parley/1/join" | conversation (32 B) | SHA-256(certificate)). Of no use for another device or conversation. */
export function joinProof(invite: SigningKey, conversation: Uint8Array, certBytes: Uint8Array): Promise<Uint8Array> {
  return invite.sign(joinMessage(conversation, certBytes))
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
