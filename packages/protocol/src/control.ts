/**
 * What the body of a control entry says: who is a member, under which key, and how the conversation is named. CBOR arrays that begin
 * with a code. Codes 18 to 31 are reserved; this version refuses them.
 */
import { compareBytes, concatBytes, utf8 } from './bytes.ts'
import type { Hash } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import { payloadOf } from './control/decode.ts'
import { fieldsOf } from './control/encode.ts'
import { CONTROL_CODES, type ControlPayload } from './control/types.ts'
import { ParleyError, Reject } from './errors.ts'
import { MAX_PAYLOAD_BYTES } from './limits.ts'

const GENESIS_TAG = utf8('parley/1/genesis')
const DIRECT_TAG = utf8('parley/1/direct')

/** Whether the body of such an entry is in clear: a joiner has no key yet when reading it. What is not about membership and keys is sealed. */
export function isClearControl(op: ControlPayload['op']): boolean {
  return op !== 'metadata' && op !== 'profile' && op !== 'hide' && op !== 'pin'
}

/** The id (32 bytes) of the conversation that a genesis payload founds. */
export function conversationIdOfGenesis(hash: Hash, payload: Uint8Array): Uint8Array {
  return hash(concatBytes(GENESIS_TAG, payload))
}

/** The id (32 bytes) of the direct conversation of two users (32 bytes each, in any order), or of one user's own devices (the same one twice). */
export function conversationIdOfDirect(hash: Hash, user: Uint8Array, peer: Uint8Array): Uint8Array {
  return hash(compareBytes(user, peer) <= 0 ? concatBytes(DIRECT_TAG, user, peer) : concatBytes(DIRECT_TAG, peer, user))
}

/** The bytes of a control payload. @throws {ParleyError} InvalidArgument for a field beyond its bounds, InvalidMetadata, TooLarge. */
export function encodeControl(payload: ControlPayload): Uint8Array {
  const bytes = encodeCbor([CONTROL_CODES[payload.op], ...fieldsOf(payload)])
  if (bytes.length > MAX_PAYLOAD_BYTES) throw new ParleyError('TooLarge', 'this change is too large for one entry')
  try {
    decodeControl(bytes)
  } catch (cause) {
    // One set of bounds: what nobody would accept is not written.
    if (cause instanceof Reject) throw new ParleyError('InvalidArgument', `this change cannot be written: ${cause.message}`, { cause })
    throw cause
  }
  return bytes
}

/** The payload in exactly these bytes; byte fields are views. @throws {Reject} BadShape (unknown codes too), NotCanonical, LimitExceeded. */
export function decodeControl(bytes: Uint8Array): ControlPayload {
  return payloadOf(decodeCbor(bytes, { maxBytes: MAX_PAYLOAD_BYTES }))
}
