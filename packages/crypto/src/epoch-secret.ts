/**
 * The secret of an epoch, in two halves. `msg` opens messages; `ctl`, derived from it, opens control entries and proves membership on a link.
 * Who joins a group whose history starts with the joining gets the `ctl` of earlier epochs alone: enough to check who is a member, and
 * nothing to read messages with.
 *
 * Since `ctl` is a one-way image of `msg`, the commitment to `ctl` binds both, and a holder of `ctl` alone can check it like any other.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes, utf8 } from '@parley/protocol'
import { deriveKey, equalSecret } from './keys.ts'
import { openBody, sealBody } from './seal.ts'

const EMPTY = new Uint8Array(0)
/** First byte of a secret's bytes: what the 32 behind it are. */
const FORM_CTL = 0
const FORM_MSG = 1
/** Bytes of a secret on its way: the form and one half. Short, so that an epoch for 500 devices fits one entry. */
export const EPOCH_SECRET_BYTES = 33

/** What an epoch is made of, 32 bytes each. Without `msg`: enough for its control entries only. */
export interface EpochSecret {
  /** HKDF of `msg`, purpose `epoch-ctl`. */
  readonly ctl: Uint8Array
  readonly msg?: Uint8Array
}

/** A secret with both halves, as whoever mints an epoch has it. */
export type FullEpochSecret = Required<EpochSecret>

/** A fresh secret. `random` gives that many cryptographically random bytes. */
export function createEpochSecret(random: (length: number) => Uint8Array): FullEpochSecret {
  return fullSecret(random(32))
}

/** The half that everybody may have who is to know the members. */
export function controlHalf({ ctl }: EpochSecret): EpochSecret {
  return { ctl }
}

/** form | half, 33 bytes: what is sealed to a device and kept in a store. @throws {Error} when `ctl` is not the one of `msg`. */
export function epochSecretBytes({ ctl, msg }: EpochSecret): Uint8Array {
  if (msg === undefined) return concatBytes(Uint8Array.of(FORM_CTL), ctl)
  if (!equalSecret(controlOf(msg), ctl)) throw new Error('The halves of an epoch secret belong together.')
  return concatBytes(Uint8Array.of(FORM_MSG), msg)
}

/** The secret in 33 bytes (copied), or undefined for anything else. Compare its commitment before use. */
export function epochSecretFromBytes(bytes: Uint8Array): EpochSecret | undefined {
  if (bytes.length !== EPOCH_SECRET_BYTES) return undefined
  const half = bytes.slice(1)
  if (bytes[0] === FORM_MSG) return fullSecret(half)
  return bytes[0] === FORM_CTL ? { ctl: half } : undefined
}

/** SHA-256("parley/1/commit" | ctl), 32 bytes. Binds an epoch to one secret, since XChaCha20-Poly1305 alone does not commit to its key. */
export function epochCommitment({ ctl }: EpochSecret): Uint8Array {
  return sha256(concatBytes(utf8('parley/1/commit'), ctl))
}

/** The id of an epoch: the first 16 bytes of SHA-256("parley/1/epoch" | conversation (32 B) | commitment (32 B)). */
export function epochIdOf(conversation: Uint8Array, commitment: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8('parley/1/epoch'), conversation, commitment)).slice(0, 16)
}

/** Where a wrapped secret stands: in which conversation (32 B), in the entry of which epoch (16 B), for which parent (16 B). */
export interface WrapPlace {
  readonly conversation: Uint8Array
  readonly epoch: Uint8Array
  readonly parent: Uint8Array
}

/** The halves of a parent's secret, each sealed under the same half of the epoch that follows it, 72 bytes. */
export interface WrappedSecret {
  readonly ctl: Uint8Array
  /** Undefined when newcomers are not to read what was written before them. */
  readonly msg: Uint8Array | undefined
}

/**
 * Wraps the secret of `place.parent` for whoever holds `secret`, that of `place.epoch`. Half under half: somebody with the control half of an
 * epoch finds the way back through control halves, and never a message. `history` joined, or a missing half on either side, leaves `msg` out.
 */
export function wrapSecret(
  secret: EpochSecret,
  place: WrapPlace,
  parent: EpochSecret,
  { history, random }: { history: 'full' | 'joined'; random: (length: number) => Uint8Array },
): WrappedSecret {
  const aad = placeBytes(place)
  const seal = (key: Uint8Array, half: Uint8Array): Uint8Array => sealBody(key, random(24), aad, half)
  const isReadable = history === 'full' && secret.msg !== undefined && parent.msg !== undefined
  return {
    ctl: seal(deriveKey(secret.ctl, 'wrap-ctl', aad), parent.ctl),
    msg: isReadable ? seal(deriveKey(secret.msg, 'wrap-msg', aad), parent.msg) : undefined,
  }
}

/**
 * The parent's secret, as far as `secret` opens it: both halves, or the control half, also when the other is missing or wrong. Undefined when
 * the control half does not open or is not the one that the parent's id names. Compare the commitment with that of the parent's entry.
 */
export function unwrapSecret(secret: EpochSecret, place: WrapPlace, wrapped: WrappedSecret): EpochSecret | undefined {
  const aad = placeBytes(place)
  const ctl = openBody(deriveKey(secret.ctl, 'wrap-ctl', aad), wrapped.ctl, aad)
  if (ctl?.length !== 32 || !equalBytes(epochIdOf(place.conversation, epochCommitment({ ctl })), place.parent)) return undefined
  if (secret.msg === undefined || wrapped.msg === undefined) return { ctl }
  const msg = openBody(deriveKey(secret.msg, 'wrap-msg', aad), wrapped.msg, aad)
  return msg?.length === 32 && equalSecret(controlOf(msg), ctl) ? { ctl, msg } : { ctl }
}

function fullSecret(msg: Uint8Array): FullEpochSecret {
  return { ctl: controlOf(msg), msg }
}

function controlOf(msg: Uint8Array): Uint8Array {
  return deriveKey(msg, 'epoch-ctl', EMPTY)
}

function placeBytes({ conversation, epoch, parent }: WrapPlace): Uint8Array {
  return concatBytes(conversation, epoch, parent)
}
