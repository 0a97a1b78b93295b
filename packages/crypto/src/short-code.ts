/**
 * The short code that two devices show when one is added by the other: 6 digits, for a person to compare. Equal codes mean that the two have the
 * same link between them and nobody else is on it, also when the link code was seen by somebody.
 *
 * Six digits are 20 bits: whoever could try keys until two codes match would need a second. So the code is fixed by two nonces that both ends
 * commit to before either is known (commitment as in Vaudenay, "Secure Communications over Insecure Channels Based on Short Authenticated
 * Strings", 2005; Bluetooth's numeric comparison does the same). Somebody in the middle has one try in a million for each comparison.
 *
 * The order, for both ends alike, over the finished handshake of the link:
 *
 * 1. Make one `ShortCodeExchange` with the transcript of the handshake (it must cover both ephemeral keys and the channel), the own side in it,
 *    and 32 fresh random bytes. Send `commitment`.
 * 2. When the other's commitment came: send what `reveal(commitment)` returns. Never before.
 * 3. When the other's nonce came: show what `finish(nonce)` returns.
 * 4. Nothing secret crosses the link, no certificate is issued and nothing of the other device is stored before a person said on the device that
 *    is in use already that both codes are equal.
 * 5. Every failure, "different" and a broken link end the link code for good: a new try takes a new seed. Otherwise tries would add up.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, ParleyError, Reject, utf8 } from '@parley/protocol'
import { equalSecret } from './keys.ts'

/** Digits of a short code. */
export const SHORT_CODE_DIGITS = 6
const NONCE_BYTES = 32
const CODES = 10 ** SHORT_CODE_DIGITS

/** One end of one exchange. `side` is 0 at one end and 1 at the other, as the handshake says. */
export class ShortCodeExchange {
  /** 32 bytes to be sent first. */
  readonly commitment: Uint8Array
  readonly #transcript: Uint8Array
  readonly #side: 0 | 1
  readonly #nonce: Uint8Array
  #theirs: Uint8Array | undefined
  #isDone = false

  /** `transcript`: 32 bytes, equal at both ends. `nonce`: 32 fresh random bytes. @throws {ParleyError} InvalidArgument for other lengths. */
  constructor({ transcript, side, nonce }: { transcript: Uint8Array; side: 0 | 1; nonce: Uint8Array }) {
    if (transcript.length !== 32 || nonce.length !== NONCE_BYTES)
      throw new ParleyError('InvalidArgument', 'transcript and nonce have 32 bytes')
    this.#transcript = transcript.slice()
    this.#side = side
    this.#nonce = nonce.slice()
    this.commitment = commitmentOf(this.#transcript, side, this.#nonce)
  }

  /**
   * Takes the other's commitment; returns our nonce, to be sent now.
   * @throws {Reject} BadProof for a second commitment, another length, or our own sent back.
   */
  reveal(commitment: Uint8Array): Uint8Array {
    if (this.#theirs !== undefined || commitment.length !== 32 || equalSecret(commitment, this.commitment)) {
      throw new Reject('BadProof', 'commitment')
    }
    this.#theirs = commitment.slice()
    return this.#nonce.slice()
  }

  /** Takes the other's nonce; returns the code to show, 6 digits. @throws {Reject} BadProof when it is not the one committed to, or out of turn. */
  finish(nonce: Uint8Array): string {
    const expected = this.#theirs
    const side = this.#side === 0 ? 1 : 0
    const isTurn = expected !== undefined && !this.#isDone
    this.#isDone = true
    if (!isTurn || nonce.length !== NONCE_BYTES || !equalSecret(expected, commitmentOf(this.#transcript, side, nonce))) {
      throw new Reject('BadProof', 'nonce')
    }
    return codeOf(this.#transcript, side === 1 ? [this.#nonce, nonce] : [nonce, this.#nonce])
  }
}

function commitmentOf(transcript: Uint8Array, side: 0 | 1, nonce: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8('parley/1/code-commit'), transcript, Uint8Array.of(side), nonce))
}

/** The first 48 bits of a hash modulo a million: biased by less than 10^-8. */
function codeOf(transcript: Uint8Array, [zero, one]: readonly [Uint8Array, Uint8Array]): string {
  const digest = sha256(concatBytes(utf8('parley/1/code'), transcript, zero, one))
  let value = 0
  for (const byte of digest.subarray(0, 6)) value = value * 256 + byte
  return String(value % CODES).padStart(SHORT_CODE_DIGITS, '0')
}
