/**
 * The invite link: everything that a joiner needs, in the fragment of a URL, which browsers never send to a server.
 */
import { fromBase64Url, toBase64Url, utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { isArray } from './flat-map.ts'
import { MAX_INVITE_HINTS, MAX_INVITE_HINT_BYTES } from './limits.ts'

/** What an invite link says. */
export interface InviteLink {
  /** Id of the conversation, 32 bytes. */
  readonly conversation: Uint8Array
  /** Secret of the invite, 32 bytes: whoever holds it may ask to be let in. */
  readonly seed: Uint8Array
  /** Where members can be found: at most 8 rendezvous URLs and addresses of at most 256 bytes. */
  readonly hints: readonly string[]
}

const VERSION = 1
/** Version, ids and 8 hints of 256 bytes take 2,147 bytes. */
const MAX_FRAGMENT_CHARACTERS = 2_900
const NOT_A_LINK = 'This is not an invite link. Copy the whole link, from its first to its last character.'

/**
 * The page (its own fragment removed), `#`, and base64url of CBOR [1, conversation, seed, hints].
 * @throws {ParleyError} InvalidArgument for other lengths, or hints beyond their bounds.
 */
export function encodeInviteLink(base: string, link: InviteLink): string {
  const { conversation, seed, hints } = link
  if (conversation.length !== 32 || seed.length !== 32 || hints.length > MAX_INVITE_HINTS || !hints.every(isHint)) {
    throw new ParleyError(
      'InvalidArgument',
      `an invite link has at most ${MAX_INVITE_HINTS} hints of at most ${MAX_INVITE_HINT_BYTES} bytes`,
    )
  }
  const fragment = base.indexOf('#')
  const page = fragment < 0 ? base : base.slice(0, fragment)
  return `${page}#${toBase64Url(encodeCbor([VERSION, conversation, seed, hints]))}`
}

/** Reads a pasted link; white space around it does not matter. @throws {ParleyError} InviteInvalid, in words for the person who pasted it. */
export function parseInviteLink(text: string): InviteLink {
  const trimmed = text.trim()
  const start = trimmed.indexOf('#')
  const fragment = trimmed.slice(start + 1)
  if (start < 0 || fragment.length === 0 || fragment.length > MAX_FRAGMENT_CHARACTERS) throw new ParleyError('InviteInvalid', NOT_A_LINK)
  try {
    return linkOf(decodeCbor(fromBase64Url(fragment)))
  } catch (cause) {
    if (cause instanceof Reject || (cause instanceof ParleyError && cause.code === 'InvalidArgument')) {
      throw new ParleyError('InviteInvalid', NOT_A_LINK, { cause })
    }
    throw cause
  }
}

function linkOf(value: CborValue): InviteLink {
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  const [version, conversation, seed, hints] = value
  if (typeof version === 'number' && version > VERSION) {
    throw new ParleyError('InviteInvalid', 'This invite link was made by a newer version. Update, then open it again.')
  }
  if (version !== VERSION || value.length !== 4 || !isSecret(conversation) || !isSecret(seed) || !isArray(hints)) {
    throw new Reject('BadShape', 'invite link has another shape than expected')
  }
  if (hints.length > MAX_INVITE_HINTS || !hints.every(isHint))
    throw new Reject('LimitExceeded', 'invite link has too many or too long hints')
  return { conversation, seed, hints }
}

function isSecret(value: CborValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32
}

function isHint(value: CborValue): value is string {
  return typeof value === 'string' && value.length > 0 && utf8(value).length <= MAX_INVITE_HINT_BYTES
}
