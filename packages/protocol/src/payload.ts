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
import {
  attachmentsFromCbor,
  attachmentsToCbor,
  forwardFromCbor,
  forwardToCbor,
  mentionsFromCbor,
  mentionsToCbor,
} from './payload-fields.ts'
import type { ForwardField, MentionField } from './payload-fields.ts'

/** CBOR heads (RFC 8949, section 3). */
const ARRAY_OF_ONE = 0x81
const ARRAY_OF_TWO = 0x82

/** A message as posted. */
export interface PostPayload {
  /** At most 40,000 bytes of UTF-8. Lone surrogates become U+FFFD. */
  readonly text: string
  /** At most 64 keys. */
  readonly metadata: FlatMap
  /** Id (36 bytes) of the message that it answers. */
  readonly reply: Uint8Array | undefined
  /** Who is spoken of, and where in the text: at most 64, ascending, apart from each other. */
  readonly mentions: readonly MentionField[]
  /** Whose words these were, as the author says. */
  readonly forward: ForwardField | undefined
  /** What is said of each file, at most 10 of at most 24 KiB: opaque here. */
  readonly attachments: readonly Uint8Array[]
}

/** What a post is made of; what is left out holds nothing. */
export type PostInit = Pick<PostPayload, 'text' | 'metadata' | 'reply'> & Partial<PostPayload>

/** The whole content of a message as it now is. */
export interface EditPayload extends PostPayload {
  /** Id (36 bytes) of the message. */
  readonly target: Uint8Array
}

/** What an edit is made of. */
export type EditInit = PostInit & Pick<EditPayload, 'target'>

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
 * [text, metadata, reply, mentions, forward, attachments].
 * @throws {ParleyError} EmptyMessage without text, metadata and attachments, TooLarge, InvalidMetadata, InvalidArgument.
 */
export function encodePost(post: PostInit): Uint8Array {
  return encodeBounded(contentToCbor(post))
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views. */
export function decodePost(bytes: Uint8Array): PostPayload {
  return contentFromCbor(decodeArray(bytes))
}

/**
 * By the first byte of a post alone: whether it says nothing but its text and its metadata, unless it is malformed. Fields that hold nothing are left out
 * at the end, so the length of the array says so.
 */
export function isPlainPost(firstByte: number): boolean {
  return firstByte === ARRAY_OF_ONE || firstByte === ARRAY_OF_TWO
}

/** [target, text, metadata, reply, mentions, forward, attachments]. @throws {ParleyError} as encodePost. */
export function encodeEdit(edit: EditInit): Uint8Array {
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

function contentToCbor(content: PostInit): readonly CborValue[] {
  const { text, metadata, reply, mentions = [], forward, attachments = [] } = content
  if (utf8(text).length > MAX_TEXT_BYTES) throw new ParleyError('TooLarge', `a text can have at most ${MAX_TEXT_BYTES} bytes`)
  if (text === '' && Object.keys(metadata).length === 0 && attachments.length === 0)
    throw new ParleyError('EmptyMessage', 'a message needs a text, a file or metadata')
  const fields: CborValue[] = [
    text,
    flatMapToCbor(metadata),
    reply === undefined ? null : checkedTarget(reply),
    mentionsToCbor(mentions, text),
    forward === undefined ? null : forwardToCbor(forward),
    attachmentsToCbor(attachments),
  ]
  while (isNothing(fields.at(-1))) fields.pop()
  return fields
}

function contentFromCbor(fields: readonly CborValue[]): PostPayload {
  if (fields.length === 0 || fields.length > 6) throw new Reject('BadShape', 'message has another length than expected')
  if (isNothing(fields.at(-1))) throw new Reject('NotCanonical', 'message ends with a field that holds nothing')
  const [text, metadata = [], reply = null, mentions = [], forward = null, attachments = []] = fields
  if (typeof text !== 'string') throw new Reject('BadShape', 'text is not text')
  if (utf8(text).length > MAX_TEXT_BYTES) throw new Reject('LimitExceeded', 'text is too long')
  const map = flatMapFromCbor(metadata)
  const files = attachmentsFromCbor(attachments)
  if (text === '' && Object.keys(map).length === 0 && files.length === 0) throw new Reject('BadShape', 'message is empty')
  return {
    text,
    metadata: map,
    reply: reply === null ? undefined : messageIdFrom(reply),
    mentions: mentionsFromCbor(mentions, text),
    forward: forward === null ? undefined : forwardFromCbor(forward),
    attachments: files,
  }
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
  if (bytes.length > MAX_PAYLOAD_BYTES)
    throw new ParleyError('TooLarge', 'text, metadata and what is said of files are together too large for one message')
  return bytes
}
