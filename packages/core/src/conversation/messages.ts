/** The messages of a conversation: pages, and sending, changing and reading them. */
import {
  encodeDelete,
  encodeEdit,
  encodePost,
  EntryKind,
  messageIdBytes,
  messageIdFromBytes,
  messageIdOf,
  ParleyError,
  parseMessageId,
  userIdOf,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import type { Message, MessagePage, SendMessageInit, UpdateMessageInit } from '../api.ts'
import type { Context } from '../context.ts'
import type { Content } from '../replica/content-cache.ts'
import type { Replica } from '../replica/replica.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import { parseTimelineKey, timelineKey } from '../replica/timeline-key.ts'
import type { StoreOperation } from '../store.ts'
import { checkObject } from './arguments.ts'
import { composeEdit, composePost, type Forwarded } from './compose.ts'
import type { ConversationAttachments } from '../attachments/conversation-attachments.ts'
import type { Delivery } from './delivery.ts'
import type { InOrder } from './in-order.ts'
import { hiddenMessages, pinnedMessages } from './marks.ts'
import type { Members } from './members.ts'
import type { ConversationPreferences } from './preferences.ts'
import type { People } from './people.ts'
import type { Presence } from './presence.ts'
import type { Receipts } from './receipts.ts'
import { SentTokens } from './sent-tokens.ts'
import type { Standing } from './standing.ts'

/** Messages of a page (API.md). */
export const PAGE_MESSAGES = 25

/** How often a page is read again because messages came or went meanwhile; after that it may be one message short. */
const MAX_PAGE_ATTEMPTS = 8

export class Messages {
  readonly #context: Context
  readonly #replica: Replica
  readonly #receipts: Receipts
  readonly #presence: Presence
  readonly #members: Members
  readonly #delivery: Delivery
  readonly #standing: Standing
  readonly #inOrder: InOrder
  readonly #attachments: ConversationAttachments
  readonly #sentTokens: SentTokens
  readonly #preferences: ConversationPreferences
  readonly #people: People
  readonly #findForward: (id: MessageId) => Promise<Forwarded | undefined>

  /** `findForward` finds a message in any conversation of this profile. */
  constructor(options: {
    context: Context
    replica: Replica
    receipts: Receipts
    presence: Presence
    members: Members
    delivery: Delivery
    standing: Standing
    inOrder: InOrder
    attachments: ConversationAttachments
    preferences: ConversationPreferences
    people: People
    findForward: (id: MessageId) => Promise<Forwarded | undefined>
  }) {
    this.#context = options.context
    this.#preferences = options.preferences
    this.#people = options.people
    this.#findForward = options.findForward
    this.#replica = options.replica
    this.#receipts = options.receipts
    this.#presence = options.presence
    this.#members = options.members
    this.#delivery = options.delivery
    this.#standing = options.standing
    this.#inOrder = options.inOrder
    this.#attachments = options.attachments
    this.#sentTokens = new SentTokens(options.context, options.replica.keys)
  }

  async page(page?: number | null): Promise<MessagePage> {
    this.#standing.assertOpen()
    const { history, timeline } = this.#replica
    for (let attempt = 1; ; attempt++) {
      const here = timeline.total
      const totalMessages = here + history.missing
      const totalPages = Math.max(1, Math.ceil(totalMessages / PAGE_MESSAGES))
      const shown = page ?? 1
      if (!Number.isInteger(shown) || shown < 1 || shown > totalPages) {
        throw new ParleyError('PageOutOfRange', `there are ${totalPages} pages; ask for a whole number from 1 to ${totalPages}`)
      }
      const isWhole = await history.until(Math.min(totalMessages, shown * PAGE_MESSAGES))
      const to = Math.max(0, here - (shown - 1) * PAGE_MESSAGES)
      const keys = await timeline.slice(Math.max(0, to - PAGE_MESSAGES), to)
      const messages = await this.read(keys)
      // Something came or went in between: the ranks mean something else now.
      const isStale = timeline.total !== here || messages.length !== keys.length
      if (isStale && attempt < MAX_PAGE_ATTEMPTS) continue
      const complete = isWhole ? {} : { complete: false as const }
      return Object.freeze({ messages: Object.freeze(messages), page: shown, totalMessages, totalPages, ...complete })
    }
  }

  async get(messageId: MessageId): Promise<Message | undefined> {
    this.#standing.assertOpen()
    const key = await this.#replica.timeline.keyOf(parseMessageId(messageId))
    return key === undefined ? undefined : (await this.read([key]))[0]
  }

  async send(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#standing.assertWriter()
    checkObject(message, 'message')
    const post = composePost(message, await this.#forwarded(message.forward))
    const files = await this.#attachments.prepare(message, post.text)
    const attachments = [...files.attachments, ...(post.attachments ?? [])]
    const key = await files.keepUntil(async () => {
      const payload = encodePost({ ...post, attachments })
      this.#presence.stopTyping()
      return message.token === undefined ? this.#post(payload) : this.#postOnce(payload, message.token)
    })
    // Everything that this message changed has been announced when the caller goes on.
    await this.#inOrder.idle()
    const [sent] = await this.read([key])
    return this.#hand(sent!, callback)
  }

  async update(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#standing.assertWriter()
    checkObject(change, 'change')
    const content = await this.#own(messageId)
    const edit = composeEdit(content.id, content.payload, change)
    const files = await this.#attachments.prepare(change, edit.text)
    await files.keepUntil(async () => {
      const payload = encodeEdit(change.file === undefined ? edit : { ...edit, attachments: files.attachments })
      return this.#replica.commit(() => ({ kind: EntryKind.edit, payload, epoch: this.#replica.epochs.current }))
    })
    if (change.file !== undefined && content.payload.attachments.length > 0) await this.#attachments.purged()
    const [updated] = await this.read([content.key])
    return this.#hand(updated!, callback)
  }

  async delete(messageId: MessageId): Promise<void> {
    this.#standing.assertWriter()
    const content = await this.#own(messageId)
    const payload = encodeDelete({ target: messageIdBytes(messageId) })
    await this.#replica.commit(() => ({ kind: EntryKind.delete, payload, epoch: this.#replica.epochs.current }))
    if (content.payload.attachments.length > 0) await this.#attachments.purged()
  }

  async seen(messageId?: MessageId): Promise<void> {
    this.#standing.assertMember()
    const { timeline } = this.#replica
    const key =
      messageId === undefined
        ? (await timeline.slice(timeline.total - 1, timeline.total))[0]
        : await timeline.keyOf(parseMessageId(messageId))
    if (key === undefined) {
      if (messageId === undefined) return
      throw notFound()
    }
    const isFurther = await this.#receipts.advance(key)
    const { unreadFrom } = this.#preferences
    if (unreadFrom !== undefined) await this.#preferences.markUnread(undefined)
    if (isFurther || unreadFrom !== undefined) await this.#inOrder.idle()
  }

  async markUnread(messageId: MessageId): Promise<void> {
    this.#standing.assertOpen()
    const content = await this.find(parseMessageId(messageId))
    if (content === undefined) throw notFound()
    await this.#preferences.markUnread(content.key)
    await this.#inOrder.idle()
  }

  /** What a message says, and who said it first, to be forwarded. */
  async forward(id: MessageId): Promise<Forwarded | undefined> {
    const content = await this.find(id)
    if (content === undefined) return undefined
    const { payload, hlc, device } = content
    const author = this.#replica.userOf(device)
    const name = author === undefined ? '' : this.#members.user(author).name
    return { payload, source: payload.forward ?? { author: name, sentAt: hlc.ms } }
  }

  /** A message that is shown here. */
  async find(id: MessageId): Promise<Content | undefined> {
    const key = await this.#replica.timeline.keyOf(id)
    return key === undefined ? undefined : (await this.#replica.timeline.read([key]))[0]
  }

  /** The messages under these timeline keys, without those deleted since. */
  async read(keys: readonly Uint8Array[]): Promise<Message[]> {
    return (await this.#replica.timeline.read(keys)).map((content) => this.message(content))
  }

  /** A message with names and states put to it. */
  message(content: Content): Message {
    const author = this.#replica.userOf(content.device)
    const isOwn = author === this.#context.me.userId
    const seenBy = this.#receipts.seenBy(content.key).filter((user) => user !== author)
    const { text, metadata, reply, mentions, forward } = content.payload
    return Object.freeze({
      id: content.id,
      conversationId: this.#replica.id,
      author: this.#members.user(author ?? ('' as UserId)),
      text,
      metadata: Object.freeze({ ...metadata }),
      attachments: this.#attachments.of(content),
      sentAt: content.hlc.ms,
      editedAt: content.editedAt,
      replyTo: reply === undefined ? undefined : messageIdFromBytes(reply),
      reactions: content.reactions,
      mentions: Object.freeze(mentions.map(({ user, from, to }) => Object.freeze({ user: userIdOf(user), from, to }))),
      replies: content.replies,
      forwardedFrom: forward === undefined ? undefined : Object.freeze({ ...forward }),
      isPinned: pinnedMessages(this.#replica).has(content.id),
      isHidden: hiddenMessages(this.#replica).has(content.id),
      isBlocked: author !== undefined && this.#people.isBlocked(author),
      state: isOwn ? this.#delivery.stateOf(content, seenBy.length > 0) : undefined,
      seenBy: Object.freeze(seenBy),
    })
  }

  /** Writes a message, and with it the row that `row` gives; resolves with its timeline key. */
  async #post(payload: Uint8Array, row?: (id: MessageId) => StoreOperation): Promise<Uint8Array> {
    const { deviceBytes } = this.#context.me
    const alongside = row === undefined ? {} : { alongside: ({ seq, id }: LogEntry) => [row(messageIdOf(deviceBytes, seq, id))] }
    const entry = await this.#replica.commit(() => ({ kind: EntryKind.post, payload, epoch: this.#replica.epochs.current, ...alongside }))
    return timelineKey(entry.hlc, entry.id, deviceBytes, entry.seq)
  }

  /** Writes a message, or finds the one that was written with this token. */
  async #postOnce(payload: Uint8Array, token: string): Promise<Uint8Array> {
    const id = await this.#sentTokens.once(token, async (row) => parseTimelineKey(await this.#post(payload, row)).id)
    const key = await this.#replica.timeline.keyOf(id)
    if (key === undefined) throw new ParleyError('MessageNotFound', 'this message was sent, and has been deleted since')
    return key
  }

  async #forwarded(id: MessageId | undefined): Promise<Forwarded | undefined> {
    if (id === undefined) return undefined
    const forwarded = await this.#findForward(parseMessageId(id))
    if (forwarded === undefined) throw new ParleyError('MessageNotFound', 'the message to forward is in no conversation of this profile')
    return forwarded
  }

  async #own(messageId: MessageId): Promise<Content> {
    const content = await this.find(parseMessageId(messageId))
    if (content === undefined) throw notFound()
    if (this.#replica.userOf(content.device) !== this.#context.me.userId)
      throw new ParleyError('NotAuthor', 'only the author can change a message')
    return content
  }

  #hand(message: Message, callback: ((message: Message) => void) | undefined): Message {
    try {
      const result: unknown = callback?.(message)
      if (result instanceof Promise) result.catch((error: unknown) => this.#context.report(error, 'callback'))
    } catch (error) {
      this.#context.report(error, 'callback')
    }
    return message
  }
}

function notFound(): ParleyError {
  return new ParleyError('MessageNotFound', 'there is no such message in this conversation')
}
