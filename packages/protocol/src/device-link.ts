/**
 * The device link code: what a new device needs to meet the device that adds it, shown there as a QR code or a text and good for one try.
 *
 * `parley-link:` and base64url of canonical CBOR [1, seed 32, first 8 bytes of the user id, [hint, ...]].
 */
import { fromBase64Url, toBase64Url, utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { isArray } from './flat-map.ts'
import { MAX_CARD_HINTS, MAX_INVITE_HINT_BYTES } from './limits.ts'

/** What a device link code says. */
export interface DeviceLink {
  /** 32 random bytes, for one try: who holds them can get as far as the comparison of the short code. */
  readonly seed: Uint8Array
  /** The first 8 bytes of the user id that the new device will belong to; the certificate must agree. */
  readonly user8: Uint8Array
  /** Where the other device can be found: at most 4 rendezvous URLs and addresses of 1 to 256 bytes. */
  readonly hints: readonly string[]
}

const PREFIX = 'parley-link:'
const VERSION = 1
const SEED_BYTES = 32
const USER_PREFIX_BYTES = 8
/** Four hints of 256 bytes take 1,082 bytes and 1,455 characters. */
const MAX_LINK_CHARACTERS = 1_500
const LIMITS = { maxDepth: 2, maxItems: 4 + MAX_CARD_HINTS }
const NOT_A_CODE = 'This is not a code for adding a device. Scan it again, or copy all of it.'

/** The text of a code; without hints 74 characters. @throws {ParleyError} InvalidArgument for other lengths, or hints beyond their bounds. */
export function encodeDeviceLink(link: DeviceLink): string {
  if (!isWithinLimits(link)) {
    throw new ParleyError('InvalidArgument', `a link code has at most ${MAX_CARD_HINTS} hints of at most ${MAX_INVITE_HINT_BYTES} bytes`)
  }
  return PREFIX + toBase64Url(encodeCbor([VERSION, link.seed, link.user8, link.hints]))
}

/** Reads a scanned or pasted code; white space around it does not matter. @throws {ParleyError} LinkCodeInvalid, in words for the person who scanned it. */
export function parseDeviceLink(text: string): DeviceLink {
  const trimmed = text.length > 2 * MAX_LINK_CHARACTERS ? '' : text.trim()
  if (!trimmed.startsWith(PREFIX) || trimmed.length > MAX_LINK_CHARACTERS) throw new ParleyError('LinkCodeInvalid', NOT_A_CODE)
  try {
    return linkOf(decodeCbor(fromBase64Url(trimmed.slice(PREFIX.length)), LIMITS))
  } catch (cause) {
    if (cause instanceof Reject || (cause instanceof ParleyError && cause.code === 'InvalidArgument')) {
      throw new ParleyError('LinkCodeInvalid', NOT_A_CODE, { cause })
    }
    throw cause
  }
}

function linkOf(value: CborValue): DeviceLink {
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  const [version, seed, user8, hints] = value
  if (typeof version === 'number' && version > VERSION) {
    throw new ParleyError('LinkCodeInvalid', 'This code was made by a newer version. Update, then scan it again.')
  }
  if (version !== VERSION || value.length !== 4 || !(seed instanceof Uint8Array) || !(user8 instanceof Uint8Array)) {
    throw new Reject('BadShape', 'link code has another shape than expected')
  }
  if (hints === undefined || !isArray(hints) || !hints.every((hint) => typeof hint === 'string')) {
    throw new Reject('BadShape', 'link code has another shape than expected')
  }
  const link = { seed, user8, hints }
  if (!isWithinLimits(link)) throw new Reject('LimitExceeded', 'link code is larger than allowed')
  return link
}

function isWithinLimits({ seed, user8, hints }: DeviceLink): boolean {
  return (
    seed.length === SEED_BYTES &&
    user8.length === USER_PREFIX_BYTES &&
    hints.length <= MAX_CARD_HINTS &&
    hints.every((hint) => hint.length >= 1 && hint.length <= MAX_INVITE_HINT_BYTES && utf8(hint).length <= MAX_INVITE_HINT_BYTES)
  )
}
