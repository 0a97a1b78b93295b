/** What is done with messages that are there: reactions, pins, hiding, their versions, replies and receipts. */
import { encodeReact, EntryKind, messageIdBytes, ParleyError, parseMessageId, type MessageId } from '@parley/protocol'
import type { Message, MessageReceipt, MessageVersion } from '../api.ts'
import type { Context } from '../context.ts'
import type { Content } from '../replica/content-cache.ts'
import { hasRole } from '../membership/index.ts'
import { MAX_REACTIONS_PER_USER } from '../replica/reactions.ts'
import type { Replica } from '../replica/replica.ts'
import { compareKeys } from '../replica/timeline-key.ts'
import type { Delivery } from './delivery.ts'
import type { InOrder } from './in-order.ts'
import { hiddenMessages, mark, pinnedMessages } from './marks.ts'
import type { Members } from './members.ts'
import type { Messages } from './messages.ts'
import type { Receipts } from './receipts.ts'
import type { Standing } from './standing.ts'

/** Replies read at a time unless told. */
const REPLIES = 100
const MAX_REPLIES = 500

export class MessageActions {
  readonly #context: Context
  readonly #replica: Replica
  readonly #messages: Messages
  readonly #members: Members
  readonly #receipts: Receipts
  readonly #delivery: Delivery
  readonly #standing: Standing
  readonly #inOrder: InOrder

  constructor(options: {
    context: Context
    replica: Replica
    messages: Messages
    members: Members
    receipts: Receipts
    delivery: Delivery
    standing: Standing
    inOrder: InOrder
  }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#messages = options.messages
    this.#members = options.members
    this.#receipts = options.receipts
    this.#delivery = options.delivery
    this.#standing = options.standing
    this.#inOrder = options.inOrder
  }

  /** Puts a reaction on a message, or takes it back. Nothing is said when it is so already. */
  async react(messageId: MessageId, emoji: string, on: boolean): Promise<void> {
    this.#standing.assertWriter()
    const { content } = await this.#find(messageId)
    if (typeof emoji !== 'string') throw new ParleyError('InvalidArgument', 'a reaction is a string')
    const payload = encodeReact({ target: messageIdBytes(content.id), emoji, on })
    const { userId } = this.#context.me
    const own = content.reactions.filter(({ users }) => users.includes(userId))
    if (own.some((reaction) => reaction.emoji === emoji) === on) return
    if (on && own.length >= MAX_REACTIONS_PER_USER)
      throw new ParleyError('TooLarge', `one person can put at most ${MAX_REACTIONS_PER_USER} reactions on a message`)
    await this.#replica.commit(() => ({ kind: EntryKind.react, payload, epoch: this.#replica.epochs.current }))
    await this.#inOrder.idle()
  }

  /** Pins or hides a message, or takes that back. @throws {MessageNotFound, NotAllowed} */
  async mark(op: 'pin' | 'hide', messageId: MessageId, on: boolean): Promise<void> {
    this.#standing.assertWriter()
    // What was hidden or pinned and is gone since can still be taken back.
    const id = on ? (await this.#find(messageId)).content.id : parseMessageId(messageId)
    const role = this.#replica.controls.membership.members.get(this.#context.me.userId)?.role
    // In a conversation of two, either can pin.
    const least = op === 'pin' && this.#replica.isDirect ? 'writer' : 'moderator'
    if (!hasRole(role, least)) throw new ParleyError('NotAllowed', `only moderators can ${op} messages`)
    if ((op === 'pin' ? pinnedMessages(this.#replica) : hiddenMessages(this.#replica)).has(id) === on) return
    await mark(this.#replica, op, messageIdBytes(id), on)
    await this.#inOrder.idle()
  }

  /** Oldest first. */
  async pinned(): Promise<readonly Message[]> {
    this.#standing.assertOpen()
    const { timeline } = this.#replica
    const keys = await Promise.all([...pinnedMessages(this.#replica)].map((id) => timeline.keyOf(id)))
    const shown = keys.filter((key) => key !== undefined).sort(compareKeys)
    return Object.freeze(await this.#messages.read(shown))
  }

  async edits(messageId: MessageId): Promise<readonly MessageVersion[]> {
    this.#standing.assertOpen()
    const versions = await this.#replica.timeline.versions(parseMessageId(messageId))
    if (versions === undefined) throw notFound()
    return Object.freeze(
      versions.map(({ payload, hlc }) =>
        Object.freeze({ text: payload.text, metadata: Object.freeze({ ...payload.metadata }), at: hlc.ms }),
      ),
    )
  }

  async replies(messageId: MessageId, options: { limit?: number; before?: MessageId } = {}): Promise<readonly Message[]> {
    this.#standing.assertOpen()
    const { limit = REPLIES, before } = options
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_REPLIES)
      throw new ParleyError('InvalidArgument', `limit is a whole number from 1 to ${MAX_REPLIES}`)
    const { content } = await this.#find(messageId)
    const until = before === undefined ? undefined : (await this.#find(before)).key
    const keys = await this.#replica.timeline.indexes.replies(messageIdBytes(content.id), limit, until)
    return Object.freeze(await this.#messages.read(keys))
  }

  async receipts(messageId: MessageId): Promise<readonly MessageReceipt[]> {
    this.#standing.assertOpen()
    const { content, key } = await this.#find(messageId)
    const author = this.#replica.userOf(content.device)
    const seen = new Set(this.#receipts.seenBy(key))
    const delivered = this.#delivery.deliveredTo(content)
    return Object.freeze(
      this.#members.ids().flatMap((user): MessageReceipt[] => {
        if (user === author) return []
        const state = seen.has(user) ? 'seen' : delivered.has(user) ? 'delivered' : undefined
        return state === undefined ? [] : [Object.freeze({ user, state })]
      }),
    )
  }

  /** @throws {MessageNotFound} */
  async #find(messageId: MessageId): Promise<{ content: Content; key: Uint8Array }> {
    const found = await this.#messages.find(parseMessageId(messageId))
    if (found === undefined) throw notFound()
    return { content: found, key: found.key }
  }
}

function notFound(): ParleyError {
  return new ParleyError('MessageNotFound', 'there is no such message in this conversation')
}
