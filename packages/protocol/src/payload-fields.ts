/**
 * The fields of a message beside text and metadata: who is mentioned, where it was forwarded from, which files hang on it.
 */
import { utf8 } from './bytes.ts'
import type { CborValue } from './cbor.ts'
import { ParleyError, Reject } from './errors.ts'
import { isArray } from './flat-map.ts'
import { USER_ID_BYTES } from './ids.ts'
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, MAX_MENTIONS, MAX_NAME_BYTES, MAX_TIME_MS } from './limits.ts'

/** A person spoken of, and the piece of the text that does. */
export interface MentionField {
  /** User id, 32 bytes. */
  readonly user: Uint8Array
  /** UTF-16 positions in the text: `from` before `to`, which is at most its length. */
  readonly from: number
  readonly to: number
}

/** Where a message was said first. Nothing proves it but the word of who forwards it. */
export interface ForwardField {
  /** What the first author was called, at most 256 bytes of UTF-8. */
  readonly author: string
  /** Milliseconds since 1970. */
  readonly sentAt: number
}

/** [[user, from, to], ...] @throws {ParleyError} InvalidArgument, TooLarge. */
export function mentionsToCbor(mentions: readonly MentionField[], text: string): CborValue {
  if (mentions.length > MAX_MENTIONS) throw new ParleyError('TooLarge', `a message can have at most ${MAX_MENTIONS} mentions`)
  let end = 0
  return mentions.map(({ user, from, to }) => {
    if (user.length !== USER_ID_BYTES) throw new ParleyError('InvalidArgument', 'a mention names no user')
    if (!isRange(from, to, end, text.length))
      throw new ParleyError('InvalidArgument', 'mentions are ranges of the text, in order and apart from each other')
    end = to
    return [user, from, to]
  })
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. */
export function mentionsFromCbor(value: CborValue, text: string): MentionField[] {
  if (!isArray(value)) throw new Reject('BadShape', 'mentions are no list')
  if (value.length > MAX_MENTIONS) throw new Reject('LimitExceeded', 'too many mentions')
  let end = 0
  return value.map((item) => {
    if (!isArray(item) || item.length !== 3) throw new Reject('BadShape', 'a mention has another shape than expected')
    const [user, from, to] = item
    if (!(user instanceof Uint8Array) || user.length !== USER_ID_BYTES) throw new Reject('BadShape', 'a mention names no user')
    if (typeof from !== 'number' || typeof to !== 'number' || !isRange(from, to, 0, text.length))
      throw new Reject('BadShape', 'a mention is no range of the text')
    if (from < end) throw new Reject('NotCanonical', 'mentions are not in order')
    end = to
    return { user, from, to }
  })
}

/** [author, sentAt] @throws {ParleyError} InvalidArgument. */
export function forwardToCbor({ author, sentAt }: ForwardField): CborValue {
  if (utf8(author).length > MAX_NAME_BYTES || !isTime(sentAt))
    throw new ParleyError('InvalidArgument', 'this message cannot be forwarded: its author or time is beyond bounds')
  return [author, sentAt]
}

/** @throws {Reject} BadShape, LimitExceeded. */
export function forwardFromCbor(value: CborValue): ForwardField {
  if (!isArray(value) || value.length !== 2) throw new Reject('BadShape', 'forwarded from another shape than expected')
  const [author, sentAt] = value
  if (typeof author !== 'string' || typeof sentAt !== 'number' || !isTime(sentAt))
    throw new Reject('BadShape', 'forwarded from another shape than expected')
  if (utf8(author).length > MAX_NAME_BYTES) throw new Reject('LimitExceeded', 'the name of the first author is too long')
  return { author, sentAt }
}

/** The opaque bytes of each. @throws {ParleyError} TooLarge, InvalidArgument. */
export function attachmentsToCbor(attachments: readonly Uint8Array[]): CborValue {
  if (attachments.length > MAX_ATTACHMENTS) throw new ParleyError('TooLarge', `a message can have at most ${MAX_ATTACHMENTS} files`)
  for (const { length } of attachments) {
    if (length === 0) throw new ParleyError('InvalidArgument', 'what is said of a file is empty')
    if (length > MAX_ATTACHMENT_BYTES)
      throw new ParleyError('TooLarge', `what is said of a file can have at most ${MAX_ATTACHMENT_BYTES} bytes`)
  }
  return attachments
}

/** @throws {Reject} BadShape, LimitExceeded. Views. */
export function attachmentsFromCbor(value: CborValue): Uint8Array[] {
  if (!isArray(value)) throw new Reject('BadShape', 'attachments are no list')
  if (value.length > MAX_ATTACHMENTS) throw new Reject('LimitExceeded', 'too many attachments')
  return value.map((item) => {
    if (!(item instanceof Uint8Array) || item.length === 0) throw new Reject('BadShape', 'expected bytes')
    if (item.length > MAX_ATTACHMENT_BYTES) throw new Reject('LimitExceeded', 'what is said of a file is too long')
    return item
  })
}

function isRange(from: number, to: number, least: number, length: number): boolean {
  return Number.isSafeInteger(from) && Number.isSafeInteger(to) && least <= from && from < to && to <= length
}

function isTime(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0 && ms <= MAX_TIME_MS
}
