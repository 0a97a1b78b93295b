/**
 * Attachments on their way between tabs. What can be cloned of one is; its bytes are fetched through the host when somebody asks. Which file it is
 * follows from its message, so an attachment in a guest outlives the host that it came from.
 */
import type { Attachment, Conversation, FetchOptions } from '@parley/core'
import { ParleyError, type MessageId } from '@parley/protocol'
import type { CallPlan } from './plan.ts'

/** The call by which a guest gets at the bytes, beside those of the API. Its arguments: method, message, attachment, options. */
export const ATTACHMENT_CALL = 'attachment'
export const ATTACHMENT_PLAN: CallPlan = { kind: 'call', again: 'same' }

/** Members that are asked of the host; the others are data, or made of these. */
const METHODS = ['blob', 'fetch', 'received'] as const
type Method = (typeof METHODS)[number]

/** The part of an attachment that the bridge knows. */
type AttachmentLike = Pick<Attachment, 'id' | 'messageId' | Method>

type Ask = (method: Method, messageId: string, id: string, options?: FetchOptions) => Promise<unknown>

/** By shape: an object of a message with bytes to fetch. */
export function isAttachment(value: object): value is AttachmentLike {
  const { id, messageId, blob } = value as Partial<AttachmentLike>
  return typeof id === 'string' && typeof messageId === 'string' && typeof blob === 'function'
}

/** Its members that are data. */
export function attachmentFacts(attachment: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attachment).filter(([, member]) => typeof member !== 'function'))
}

/** The attachment in a guest. */
export function guestAttachment(facts: Readonly<Record<string, unknown>>, ask: Ask): object {
  const { id, messageId } = facts as unknown as AttachmentLike
  const blob = (options?: FetchOptions): Promise<Blob> => ask('blob', messageId, id, options) as Promise<Blob>
  return Object.freeze({
    ...facts,
    blob,
    /** A URL of this page: one of the host's would end with the host. */
    url: async (options?: FetchOptions) => URL.createObjectURL(await blob(options)),
    stream: (options?: FetchOptions) => streamOf(() => blob(options)),
    fetch: (options?: FetchOptions) => ask('fetch', messageId, id, options),
    received: () => ask('received', messageId, id),
  })
}

/** What a guest asks of an attachment. @throws {MessageNotFound, AttachmentUnavailable} and what the engine throws. */
export async function askAttachment(conversation: Conversation, args: readonly unknown[]): Promise<unknown> {
  const [method, messageId, id, options] = args as [Method, MessageId, string, FetchOptions | undefined]
  if (!METHODS.includes(method)) throw new ParleyError('InvalidArgument', 'a file cannot do that')
  const message = await conversation.getMessage(messageId)
  if (message === undefined) throw new ParleyError('MessageNotFound', 'the message of this file is gone')
  const attachment = message.attachments.find((one) => one.id === id)
  if (attachment === undefined) throw new ParleyError('AttachmentUnavailable', 'this file is no longer part of its message')
  return method === 'received' ? attachment.received() : attachment[method](options)
}

/** The browser reads a Blob from where it lies, a piece at a time. */
export function streamOf(blob: () => Promise<Blob>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  blob()
    .then((bytes) => bytes.stream().pipeTo(writable))
    // The reader hears of it; aborting says so to nobody else.
    .catch((error: unknown) => writable.abort(error).catch(() => undefined))
  return readable
}
