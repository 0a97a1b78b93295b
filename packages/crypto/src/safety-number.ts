/**
 * The safety number of two people: 60 digits, the same for both, to be compared over another way. Equal numbers mean that nobody stands between
 * them. Made as Signal's numeric fingerprint (libsignal, rust/protocol/src/fingerprint.rs): an iterated hash for each person, 30 digits of it,
 * the smaller half first. Here with SHA-256, and over the user id, which already commits to the first key.
 */
import { compareBytes, concatBytes, utf8, userIdBytes, type Hash, type UserId } from '@parley/protocol'
import { yieldToEventLoop } from './yield.ts'

/** Repetitions, as in Signal: each try at a person whose 30 digits (99.6 bits) look like another's costs this many hashes, 2^12.3 times as much. */
const ITERATIONS = 5_200
/** Hashes between two yields: about 3 ms of pure JavaScript. */
const ITERATIONS_PER_SLICE = 650
/** Digits come in groups of 5, each from 5 bytes: 40 bits modulo 100,000, biased by less than 10^-7. */
const GROUP_BYTES = 5
const GROUPS_PER_PERSON = 6

/** One of the two people. */
export interface SafetyParty {
  readonly userId: UserId
  /** Ed25519 public keys that the user's devices descend from, 32 bytes each, in any order: that of the root certificate. */
  readonly rootKeys: readonly Uint8Array[]
}

/** 12 groups of 5 digits, separated by spaces; the same in whichever order the two are given. */
export async function safetyNumber(
  hash: Hash,
  one: SafetyParty,
  other: SafetyParty,
  { yieldNow = yieldToEventLoop }: { yieldNow?: () => Promise<void> } = {},
): Promise<string> {
  const halves = [await digitsOf(hash, one, yieldNow), await digitsOf(hash, other, yieldNow)].sort()
  return halves.join(' ')
}

/** Whether a number that somebody typed, pasted or scanned is this one. Spaces, line ends and hyphens do not matter; anything else does. */
export function isSameSafetyNumber(number: string, typed: string): boolean {
  const digits = typed.replace(/[\s-]/gu, '')
  return /^[0-9]{60}$/u.test(digits) && digits === number.replaceAll(' ', '')
}

async function digitsOf(hash: Hash, { userId, rootKeys }: SafetyParty, yieldNow: () => Promise<void>): Promise<string> {
  const keys = concatBytes(...[...rootKeys].sort(compareBytes))
  let digest = hash(concatBytes(utf8('parley/1/safety'), userIdBytes(userId), keys))
  for (let i = 1; i < ITERATIONS; i++) {
    if (i % ITERATIONS_PER_SLICE === 0) await yieldNow()
    digest = hash(concatBytes(digest, keys))
  }
  const groups = Array.from({ length: GROUPS_PER_PERSON }, (_, group) => {
    let value = 0
    for (const byte of digest.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES)) value = value * 256 + byte
    return String(value % 100_000).padStart(5, '0')
  })
  return groups.join(' ')
}
