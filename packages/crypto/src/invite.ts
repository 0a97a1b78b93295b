/**
 * Invites: whoever holds the seed of an invite link can sign for one device certificate and one conversation.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8, varUint } from '@parley/protocol'
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

/**
 * Proof of holding an invite, 64 bytes: Ed25519("parley/1/join" | conversation (32 B) | SHA-256(certificate) | from). Of no use for another
 * device or conversation. `from`: number of the device's first entry that is to count, left out when 0, as for whoever comes for the first time.
 */
export function joinProof(invite: SigningKey, conversation: Uint8Array, certBytes: Uint8Array, from = 0): Promise<Uint8Array> {
  return invite.sign(joinMessage(conversation, certBytes, from))
}

/** Whether `proof` lets the device of this certificate into this conversation under the invite with this public key. */
export function verifyJoinProof(
  provider: CryptoProvider,
  invitePublicKey: Uint8Array,
  conversation: Uint8Array,
  certBytes: Uint8Array,
  proof: Uint8Array,
  from = 0,
): Promise<boolean> {
  return provider.verify({ publicKey: invitePublicKey, message: joinMessage(conversation, certBytes, from), signature: proof })
}

function joinMessage(conversation: Uint8Array, certBytes: Uint8Array, from: number): Uint8Array {
  const parts = [utf8('parley/1/join'), conversation, sha256(certBytes)]
  return concatBytes(...parts, ...(from === 0 ? [] : [varUint(from)]))
}
