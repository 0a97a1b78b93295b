/**
 * Ids: bytes inside, base32 text outside. Texts are branded, and each kind has one parser.
 */
import { fromBase32, readU32be, toBase32, u32be } from './bytes.ts'
import { ParleyError } from './errors.ts'
import { MAX_SEQ } from './limits.ts'

declare const kind: unique symbol

/** A conversation: base32 of SHA-256 over its genesis payload, 52 characters. */
export type ConversationId = string & { readonly [kind]: 'conversation' }
/** A person: base32 of 32 bytes, 52 characters. */
export type UserId = string & { readonly [kind]: 'user' }
/** A device: base32 of 16 bytes, 26 characters. */
export type DeviceId = string & { readonly [kind]: 'device' }
/** A message: base32 of 36 bytes, 58 characters. It says where the entry lies, so that no index is needed to find it. */
export type MessageId = string & { readonly [kind]: 'message' }

/** Bytes of a conversation id. */
export const CONVERSATION_ID_BYTES = 32
/** Bytes of a user id. */
export const USER_ID_BYTES = 32
/** Bytes of a device id. */
export const DEVICE_ID_BYTES = 16
/** Bytes of a message id: device 16, sequence number 4 big-endian, first 16 of the entry id. */
export const MESSAGE_ID_BYTES = 36

/** The id of 32 bytes. @throws {ParleyError} InvalidArgument for another length. */
export function conversationIdOf(bytes: Uint8Array): ConversationId {
  return textOf(bytes, CONVERSATION_ID_BYTES, 'conversation') as ConversationId
}

/** The 32 bytes of the id, a new array. */
export function conversationIdBytes(id: ConversationId): Uint8Array {
  return fromBase32(id)
}

/** Reads an id written by a person or a program. @throws {ParleyError} InvalidArgument when it is none. */
export function parseConversationId(text: string): ConversationId {
  return parse(text, CONVERSATION_ID_BYTES, 'conversation') as ConversationId
}

/** The id of 32 bytes. @throws {ParleyError} InvalidArgument for another length. */
export function userIdOf(bytes: Uint8Array): UserId {
  return textOf(bytes, USER_ID_BYTES, 'user') as UserId
}

/** The 32 bytes of the id, a new array. */
export function userIdBytes(id: UserId): Uint8Array {
  return fromBase32(id)
}

/** Reads an id written by a person or a program. @throws {ParleyError} InvalidArgument when it is none. */
export function parseUserId(text: string): UserId {
  return parse(text, USER_ID_BYTES, 'user') as UserId
}

/** The id of 16 bytes. @throws {ParleyError} InvalidArgument for another length. */
export function deviceIdOf(bytes: Uint8Array): DeviceId {
  return textOf(bytes, DEVICE_ID_BYTES, 'device') as DeviceId
}

/** The 16 bytes of the id, a new array. */
export function deviceIdBytes(id: DeviceId): Uint8Array {
  return fromBase32(id)
}

/** Reads an id written by a person or a program. @throws {ParleyError} InvalidArgument when it is none. */
export function parseDeviceId(text: string): DeviceId {
  return parse(text, DEVICE_ID_BYTES, 'device') as DeviceId
}

/**
 * The id of the message that a device (16 bytes) posted at `seq` in the entry with this id (32 bytes, of which 16 are kept).
 * @throws {ParleyError} InvalidArgument for other lengths or a `seq` beyond 32 bits.
 */
export function messageIdOf(device: Uint8Array, seq: number, entryId: Uint8Array): MessageId {
  if (device.length !== DEVICE_ID_BYTES || entryId.length < 16 || !Number.isInteger(seq) || seq < 0 || seq > MAX_SEQ) {
    throw new ParleyError('InvalidArgument', 'a message id needs a device of 16 bytes, a sequence number of 32 bits and an entry id')
  }
  const bytes = new Uint8Array(MESSAGE_ID_BYTES)
  bytes.set(device)
  bytes.set(u32be(seq), 16)
  bytes.set(entryId.subarray(0, 16), 20)
  return toBase32(bytes) as MessageId
}

/** The id of 36 bytes. @throws {ParleyError} InvalidArgument for another length. */
export function messageIdFromBytes(bytes: Uint8Array): MessageId {
  return textOf(bytes, MESSAGE_ID_BYTES, 'message') as MessageId
}

/** The 36 bytes of the id, a new array. */
export function messageIdBytes(id: MessageId): Uint8Array {
  return fromBase32(id)
}

/** Reads an id written by a person or a program. @throws {ParleyError} InvalidArgument when it is none. */
export function parseMessageId(text: string): MessageId {
  return parse(text, MESSAGE_ID_BYTES, 'message') as MessageId
}

/** Where the message lies (device of 16 bytes, sequence number), and the first 16 bytes of its entry id to check what is found there. */
export function messageIdParts(id: MessageId): { device: Uint8Array; seq: number; entry16: Uint8Array } {
  const bytes = fromBase32(id)
  return { device: bytes.subarray(0, 16), seq: readU32be(bytes, 16), entry16: bytes.subarray(20) }
}

function textOf(bytes: Uint8Array, length: number, what: string): string {
  if (bytes.length !== length) throw new ParleyError('InvalidArgument', `a ${what} id has ${length} bytes`)
  return toBase32(bytes)
}

/** `text` may be anything: it comes from applications. */
function parse(text: unknown, length: number, what: string): string {
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 8) / 5))
    throw new ParleyError('InvalidArgument', `this is not a ${what} id`)
  fromBase32(text)
  return text
}
