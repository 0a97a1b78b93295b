/** From what an application wants to say to the payload of an entry, every part of it checked. */
import {
  messageIdBytes,
  ParleyError,
  parseMessageId,
  parseUserId,
  userIdBytes,
  type EditInit,
  type FlatMap,
  type ForwardField,
  type MentionField,
  type MessageId,
  type PostInit,
  type PostPayload,
} from '@parley/protocol'
import type { Mention, SendMessageInit, UpdateMessageInit } from '../api.ts'
import { applyMetadata, checkMetadata, checkObject, checkText } from './arguments.ts'

/** A message that is forwarded: what it says, and who said it first. */
export interface Forwarded {
  readonly payload: PostPayload
  readonly source: ForwardField
}

/** @throws {ParleyError} InvalidArgument, InvalidMetadata, TooLarge. */
export function composePost(message: SendMessageInit, forwarded: Forwarded | undefined): PostInit {
  const text = message.text ?? forwarded?.payload.text ?? ''
  return {
    text: checkText(text, 'text'),
    metadata: message.metadata === undefined ? (forwarded?.payload.metadata ?? {}) : checkMetadata(message.metadata),
    reply: message.replyTo === undefined ? undefined : messageIdBytes(parseMessageId(message.replyTo)),
    mentions: checkMentions(message.mentions ?? []),
    forward: forwarded?.source,
    attachments: forwarded?.payload.attachments ?? [],
  }
}

/** @throws {ParleyError} InvalidArgument, InvalidMetadata, TooLarge. */
export function composeEdit(target: MessageId, before: PostPayload, change: UpdateMessageInit): EditInit {
  const text = change.text === undefined ? before.text : checkText(change.text ?? '', 'text')
  // Positions in another text mean nothing.
  const kept = text === before.text ? before.mentions : []
  return {
    ...before,
    target: messageIdBytes(target),
    text,
    metadata: editedMetadata(before.metadata, change.metadata),
    mentions: change.mentions === undefined ? kept : checkMentions(change.mentions ?? []),
  }
}

function editedMetadata(before: FlatMap, change: UpdateMessageInit['metadata']): FlatMap {
  if (change === undefined) return before
  return change === null ? {} : applyMetadata(before, checkMetadata(change, { nullable: true }))
}

/** In their order; that they are ranges of the text is checked with it. */
function checkMentions(mentions: readonly Mention[]): MentionField[] {
  if (!Array.isArray(mentions)) throw new ParleyError('InvalidArgument', 'mentions must be a list')
  return (mentions as readonly Mention[])
    .map((mention) => checkObject(mention, 'a mention'))
    .map(({ user, from, to }) => ({ user: userIdBytes(parseUserId(user)), from, to }))
    .sort((a, b) => a.from - b.from)
}
