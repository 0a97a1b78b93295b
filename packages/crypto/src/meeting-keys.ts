/**
 * Where those meet who share a secret from a card or a code, and how they prove it to each other before anything is said.
 */
import { userIdBytes, type UserId } from '@parley/protocol'
import { deriveKey } from './keys.ts'

/** What follows from a shared secret, 32 bytes each. */
export interface MeetingKeys {
  /** For the tags of the handshake: without it they are noise. */
  readonly proof: Uint8Array
  /** Names the topic at a rendezvous, which learns nothing of the secret. */
  readonly topic: Uint8Array
  /** Keeps who guessed or saw the name out of the topic. */
  readonly topicSecret: Uint8Array
}

/** The inbox of a contact card (its user and its 16-byte secret): where the user listens for people who have the card, and nobody else can knock. */
export function inboxKeys(userId: UserId, secret: Uint8Array): MeetingKeys {
  const user = userIdBytes(userId)
  return {
    proof: deriveKey(secret, 'inbox', user),
    topic: deriveKey(secret, 'inbox-topic', user),
    topicSecret: deriveKey(secret, 'inbox-topic-secret', user),
  }
}

/** Where the two devices of a link code meet. `seed` and `user8` as in the code. */
export function deviceLinkKeys({ seed, user8 }: { readonly seed: Uint8Array; readonly user8: Uint8Array }): MeetingKeys {
  return {
    proof: deriveKey(seed, 'device-link', user8),
    topic: deriveKey(seed, 'device-link-topic', user8),
    topicSecret: deriveKey(seed, 'device-link-topic-secret', user8),
  }
}

/** Where a person who has nothing but a recovery phrase meets those who know its device. `signKey`: that device's public key, 32 bytes, known to members only. */
export function recoveryMeetingKeys(signKey: Uint8Array): MeetingKeys {
  const nothing = new Uint8Array(0)
  return {
    proof: deriveKey(signKey, 'recovery', nothing),
    topic: deriveKey(signKey, 'recovery-topic', nothing),
    topicSecret: deriveKey(signKey, 'recovery-topic-secret', nothing),
  }
}
