/**
 * What the body of a message entry says, before it is sealed: CBOR arrays whose last fields are left out while they hold nothing.
 */
import { utf8 } from './bytes.ts'
import { decodeCbor, encodeCbor } from './cbor.ts'
import type { CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { flatMapFromCbor, flatMapToCbor, isArray } from './flat-map.ts'
import type { FlatMap } from './flat-map.ts'
import { MESSAGE_ID_BYTES } from './ids.ts'
import { MAX_EMOJI_BYTES, MAX_PAYLOAD_BYTES, MAX_TEXT_BYTES } from './limits.ts'

/** A message as posted. */
export interface PostPayload {
  /** At most 40,000 bytes of UTF-8. Lone surrogates become U+FFFD. */
  readonly text: string
  /** At most 64 keys. */
  readonly metadata: FlatMap
  /** Id (36 bytes) of the message that it answers. */
  readonly reply: Uint8Array | undefined
}

/** The whole content of a message as it now is. */
export interface EditPayload extends PostPayload {
  /** Id (36 bytes) of the message. */
  readonly target: Uint8Array
}

/** A message is gone. */
export interface DeletePayload {
  readonly target: Uint8Array
}

/** A reaction is set or taken back. */
export interface ReactPayload {
  readonly target: Uint8Array
  /** 1 to 64 bytes of UTF-8. */
  readonly emoji: string
  readonly on: boolean
}

/**
 * [text, metadata, reply, mentions, attachments]; the last two are reserved and empty.
 * @throws {ParleyError} EmptyMessage without text and metadata, TooLarge, InvalidMetadata, InvalidArgument.
 */
export function encodePost(post: PostPayload): Uint8Array {
  return encodeBounded(contentToCbor(post))
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views. */
export function decodePost(bytes: Uint8Array): PostPayload {
  return contentFromCbor(decodeArray(bytes))
}

/** [target, text, metadata, reply, mentions, attachments]. @throws {ParleyError} as encodePost. */
export function encodeEdit(edit: EditPayload): Uint8Array {
  return encodeBounded([checkedTarget(edit.target), ...contentToCbor(edit)])
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views. */
export function decodeEdit(bytes: Uint8Array): EditPayload {
  const [target, ...content] = decodeArray(bytes)
  return { target: messageIdFrom(target), ...contentFromCbor(content) }
}

/** [target]. @throws {ParleyError} InvalidArgument when the target is no message id. */
export function encodeDelete(payload: DeletePayload): Uint8Array {
  return encodeCbor([checkedTarget(payload.target)])
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views. */
export function decodeDelete(bytes: Uint8Array): DeletePayload {
  const items = decodeArray(bytes)
  if (items.length !== 1) throw new Reject('BadShape', 'deletion has another length than expected')
  return { target: messageIdFrom(items[0]) }
}

/** [target, emoji, on]. @throws {ParleyError} InvalidArgument for a target or an emoji beyond its bounds. */
export function encodeReact(payload: ReactPayload): Uint8Array {
  const { target, emoji, on } = payload
  const length = utf8(emoji).length
  if (length === 0 || length > MAX_EMOJI_BYTES) throw new ParleyError('InvalidArgument', `a reaction has 1 to ${MAX_EMOJI_BYTES} bytes`)
  return encodeCbor([checkedTarget(target), emoji, on])
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views. */
export function decodeReact(bytes: Uint8Array): ReactPayload {
  const items = decodeArray(bytes)
  const [target, emoji, on] = items
  if (items.length !== 3 || typeof emoji !== 'string' || typeof on !== 'boolean')
    throw new Reject('BadShape', 'reaction has another shape than expected')
  const length = utf8(emoji).length
  if (length === 0 || length > MAX_EMOJI_BYTES) throw new Reject('LimitExceeded', 'a reaction is empty or too long')
  return { target: messageIdFrom(target), emoji, on }
}

/** Whether a field holds nothing, so that it is left out at the end. */
function isNothing(value: CborValue | undefined): boolean {
  return value === null || value === '' || (isArray(value) && value.length === 0)
}

function contentToCbor(content: PostPayload): readonly CborValue[] {
  const { text, metadata, reply } = content
  if (utf8(text).length > MAX_TEXT_BYTES) throw new ParleyError('TooLarge', `a text can have at most ${MAX_TEXT_BYTES} bytes`)
  if (text === '' && Object.keys(metadata).length === 0) throw new ParleyError('EmptyMessage', 'a message needs a text, a file or metadata')
  const fields: CborValue[] = [text, flatMapToCbor(metadata), reply === undefined ? null : checkedTarget(reply)]
  while (isNothing(fields.at(-1))) fields.pop()
  return fields
}

function contentFromCbor(fields: readonly CborValue[]): PostPayload {
  if (fields.length === 0 || fields.length > 5) throw new Reject('BadShape', 'message has another length than expected')
  if (isNothing(fields.at(-1))) throw new Reject('NotCanonical', 'message ends with a field that holds nothing')
  const [text, metadata = [], reply = null] = fields
  if (typeof text !== 'string') throw new Reject('BadShape', 'text is not text')
  if (utf8(text).length > MAX_TEXT_BYTES) throw new Reject('LimitExceeded', 'text is too long')
  // With nothing left out at the end, a fourth or fifth field says something that this version does not know.
  if (fields.length > 3) throw new Reject('BadShape', 'mentions and attachments are reserved')
  const map = flatMapFromCbor(metadata)
  if (text === '' && Object.keys(map).length === 0) throw new Reject('BadShape', 'message is empty')
  return { text, metadata: map, reply: reply === null ? undefined : messageIdFrom(reply) }
}

function checkedTarget(target: Uint8Array): Uint8Array {
  if (target.length !== MESSAGE_ID_BYTES) throw new ParleyError('InvalidArgument', 'this is not a message id')
  return target
}

function messageIdFrom(value: CborValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== MESSAGE_ID_BYTES) throw new Reject('BadShape', 'expected a message id')
  return value
}

function decodeArray(bytes: Uint8Array): readonly CborValue[] {
  const value = decodeCbor(bytes, { maxBytes: MAX_PAYLOAD_BYTES })
  if (!isArray(value)) throw new Reject('BadShape', 'expected an array')
  return value
}

function encodeBounded(value: CborValue): Uint8Array {
  const bytes = encodeCbor(value)
  if (bytes.length > MAX_PAYLOAD_BYTES) throw new ParleyError('TooLarge', 'text and metadata together are too large for one message')
  return bytes
}
