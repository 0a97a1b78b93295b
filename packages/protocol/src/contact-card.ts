/**
 * The contact card: what somebody gives away to be found and written to, as a text or a QR code.
 *
 * `parley-card:` and base64url of canonical CBOR [1, user id 32, [certificate, ...], signer, name, secret 16, [hint, ...], signature 64].
 * The certificates are those of the user's devices, the root first, each after the one that issued it; the card is signed by that at `signer`:
 * Ed25519("parley/1/card" | CBOR of the array without the signature). Here only the shape is read; whether it is true is said by
 * `readContactCard` of the crypto package.
 */
import { concatBytes, fromBase64Url, toBase64Url, utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { isArray } from './flat-map.ts'
import { USER_ID_BYTES } from './ids.ts'
import { MAX_CARD_CERT_BYTES, MAX_CARD_HINTS, MAX_CERT_CHAIN, MAX_INVITE_HINT_BYTES, MAX_NAME_BYTES } from './limits.ts'

/** What a card says before it is signed. */
export interface ContactCardFields {
  /** 32 bytes. */
  readonly user: Uint8Array
  /** 1 to 8 device certificates of at most 512 bytes, the root first, each after its issuer. */
  readonly certs: readonly Uint8Array[]
  /** Which of the certificates is of the device that signs. */
  readonly signer: number
  /** How the user wants to be called, at most 256 bytes of UTF-8. Another may have the same: never a proof of who it is. */
  readonly name: string
  /** 16 random bytes: who holds them may knock. The user replaces them to be found no more by old cards. */
  readonly secret: Uint8Array
  /** Where the user can be found: at most 4 rendezvous URLs and addresses of 1 to 256 bytes. */
  readonly hints: readonly string[]
}

/** A card as it is read. */
export interface ContactCard extends ContactCardFields {
  /** 64 bytes, not checked yet. */
  readonly signature: Uint8Array
}

const PREFIX = 'parley-card:'
const VERSION = 1
const SECRET_BYTES = 16
/** Everything at its limit takes 5,537 bytes and 7,395 characters. */
const MAX_CARD_CHARACTERS = 7_500
/** The array, and those of certificates and hints. */
const LIMITS = { maxDepth: 2, maxItems: 8 + MAX_CERT_CHAIN + MAX_CARD_HINTS }
const NOT_A_CARD = 'This is not a contact card. Copy all of it, from its first to its last character.'

/** The bytes that the device at `signer` signs. @throws {ParleyError} InvalidArgument for what no reader would take. */
export function contactCardMessage(fields: ContactCardFields): Uint8Array {
  if (!isWithinLimits(fields)) throw new ParleyError('InvalidArgument', 'this is more than a contact card can hold')
  return concatBytes(utf8('parley/1/card'), encodeCbor(valuesOf(fields)))
}

/** The text of a card; of one device and one short hint about 500 characters. @throws {ParleyError} InvalidArgument for what no reader would take. */
export function encodeContactCard(card: ContactCard): string {
  if (!isWithinLimits(card) || card.signature.length !== 64) {
    throw new ParleyError('InvalidArgument', 'this is more than a contact card can hold')
  }
  return PREFIX + toBase64Url(encodeCbor([...valuesOf(card), card.signature]))
}

/** Reads a pasted or scanned card; white space around it does not matter. @throws {ParleyError} CardInvalid, in words for the person who pasted it. */
export function parseContactCard(text: string): ContactCard {
  const trimmed = text.length > 2 * MAX_CARD_CHARACTERS ? '' : text.trim()
  if (!trimmed.startsWith(PREFIX) || trimmed.length > MAX_CARD_CHARACTERS) throw new ParleyError('CardInvalid', NOT_A_CARD)
  try {
    return cardOf(decodeCbor(fromBase64Url(trimmed.slice(PREFIX.length)), LIMITS))
  } catch (cause) {
    if (cause instanceof Reject || (cause instanceof ParleyError && cause.code === 'InvalidArgument')) {
      throw new ParleyError('CardInvalid', NOT_A_CARD, { cause })
    }
    throw cause
  }
}

function valuesOf({ user, certs, signer, name, secret, hints }: ContactCardFields): CborValue[] {
  return [VERSION, user, certs, signer, name, secret, hints]
}

function cardOf(value: CborValue): ContactCard {
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  const [version, user, certs, signer, name, secret, hints, signature] = value
  if (typeof version === 'number' && version > VERSION) {
    throw new ParleyError('CardInvalid', 'This contact card was made by a newer version. Update, then open it again.')
  }
  if (version !== VERSION || value.length !== 8) throw new Reject('BadShape', 'contact card has another shape than expected')
  if (!isBytes(user) || !isBytes(secret) || !isBytes(signature) || typeof signer !== 'number' || typeof name !== 'string') {
    throw new Reject('BadShape', 'contact card has another shape than expected')
  }
  if (certs === undefined || !isArray(certs) || !certs.every(isBytes) || hints === undefined || !isArray(hints) || !hints.every(isText)) {
    throw new Reject('BadShape', 'contact card has another shape than expected')
  }
  const card = { user, certs, signer, name, secret, hints, signature }
  if (!isWithinLimits(card) || signature.length !== 64) throw new Reject('LimitExceeded', 'contact card is larger than allowed')
  return card
}

function isWithinLimits({ user, certs, signer, name, secret, hints }: ContactCardFields): boolean {
  return (
    user.length === USER_ID_BYTES &&
    certs.length >= 1 &&
    certs.length <= MAX_CERT_CHAIN &&
    certs.every((cert) => cert.length >= 1 && cert.length <= MAX_CARD_CERT_BYTES) &&
    Number.isInteger(signer) &&
    signer >= 0 &&
    signer < certs.length &&
    name.length <= MAX_NAME_BYTES &&
    utf8(name).length <= MAX_NAME_BYTES &&
    secret.length === SECRET_BYTES &&
    hints.length <= MAX_CARD_HINTS &&
    hints.every((hint) => hint.length >= 1 && hint.length <= MAX_INVITE_HINT_BYTES && utf8(hint).length <= MAX_INVITE_HINT_BYTES)
  )
}

function isBytes(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array
}

function isText(value: CborValue): value is string {
  return typeof value === 'string'
}
