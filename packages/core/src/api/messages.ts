/** What applications see of messages. The meaning of every call is the contract of `docs/API.md`. */
import type { ConversationId, MessageId, UserId } from '@parley/protocol'
import type { Attachment, FilesInit } from './attachments.ts'
import type { Timeline, TimelineOptions } from './timeline.ts'

/** A person as members see them. A frozen snapshot. */
export interface User {
  readonly id: UserId
  /** The name that the person gave themselves; empty when not yet known. */
  readonly name: string
  /** A URL that an `<img>` can show, empty when none. */
  readonly avatar: string
}

/** Additional information: a flat object of strings, finite numbers and booleans. */
export type Metadata = Readonly<Record<string, string | number | boolean>>

/** What `setMetadata` and `updateMessage` take: `null` removes a key. */
export type MetadataChange = Readonly<Record<string, string | number | boolean | null>>

/** How far an own message has come: on this disk, on a link, stored by another member's device, seen by another member. */
export type MessageState = 'stored' | 'sent' | 'delivered' | 'seen'

/** One emoji on a message and who put it there, in order of use. */
export interface Reaction {
  /** One emoji, or a short text. */
  readonly emoji: string
  /** Who put it there. */
  readonly users: readonly UserId[]
}

/** A person spoken of in a text. Positions are UTF-16 units; ranges ascend and lie apart from each other. */
export interface Mention {
  readonly user: UserId
  readonly from: number
  readonly to: number
}

/** One message as it now is. A frozen snapshot; a later state is a new object. */
export interface Message {
  /** Names it in every call. */
  readonly id: MessageId
  /** Where it was said. */
  readonly conversationId: ConversationId
  /** Who said it. */
  readonly author: User
  /** Empty when the message has none. */
  readonly text: string
  /** What the application sent with it. */
  readonly metadata: Metadata
  /** Its files, in the order in which they were given. */
  readonly attachments: readonly Attachment[]
  /** Milliseconds since 1970, by the author's clock, never before what it answers. */
  readonly sentAt: number
  /** When it was last edited, undefined when never. */
  readonly editedAt: number | undefined
  /** The message that it answers. */
  readonly replyTo: MessageId | undefined
  /** In the order in which those who still mean it said so: at most 64 emoji, of each user the newest 16. */
  readonly reactions: readonly Reaction[]
  /** Who is spoken of in `text`. */
  readonly mentions: readonly Mention[]
  /** How many messages answer it. */
  readonly replies: number
  /** What the first author was called and when it was said, by the word of who forwarded it. */
  readonly forwardedFrom: { readonly author: string; readonly sentAt: number } | undefined
  /** Put up by a moderator for everybody to see. */
  readonly isPinned: boolean
  /** Taken out of sight by a moderator: to be shown as hidden, or not at all. */
  readonly isHidden: boolean
  /** By somebody whom this user has blocked: to be shown as such, or not at all. */
  readonly isBlocked: boolean
  /** Own messages only; `undefined` on other people's. */
  readonly state: MessageState | undefined
  /** Members other than the author who have seen the conversation up to here. */
  readonly seenBy: readonly UserId[]
}

/** A page of 25 messages, oldest first. Page 1 is the newest. */
export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[]
  /** The page that this is. */
  readonly page: number
  /** Messages of the conversation, also those that are still to be fetched, without the deleted ones. */
  readonly totalMessages: number
  /** At least 1. */
  readonly totalPages: number
  /** False: not all messages of this page are here, and nobody who has them answers. Left out otherwise. */
  readonly complete?: false
}

/** How a message was at some time. */
export interface MessageVersion {
  /** Empty when it had none. */
  readonly text: string
  /** What the application sent with it. */
  readonly metadata: Metadata
  /** When it was written, milliseconds since 1970. */
  readonly at: number
}

/** How far an own message has come with one member. */
export interface MessageReceipt {
  /** Which member. */
  readonly user: UserId
  /** How far. */
  readonly state: 'delivered' | 'seen'
}

/** What was typed and not sent. */
export interface Draft {
  /** What was typed. */
  readonly text: string
  /** The message that was about to be answered. */
  readonly replyTo: MessageId | undefined
}

export interface SendMessageInit extends FilesInit {
  /** At most 40,000 bytes of UTF-8. */
  text?: string
  /** Up to 64 keys. */
  metadata?: Metadata
  /** The message that this one answers. */
  replyTo?: MessageId
  /** Who is spoken of in `text`, at most 64, in any order. */
  mentions?: readonly Mention[]
  /** A message of this or another conversation held here: what it says is sent, unless `text` or `metadata` say something else. */
  forward?: MessageId
  /**
   * Names this very message, 1 to 64 characters: sending again with the same token gives the message that was sent, also after a restart. For
   * callers who may not hear of the outcome. Remembered for the last 1,024 of a conversation. Default: none.
   */
  token?: string
}

export interface UpdateMessageInit extends Omit<FilesInit, 'file'> {
  /** In place of all files that it has; `null` removes them. */
  file?: FilesInit['file'] | null
  /** `null` removes it. */
  text?: string | null
  /** Merged key by key; `null` removes all of it. */
  metadata?: MetadataChange | null
  /** Left out, mentions stay as long as the text does, and go with it. */
  mentions?: readonly Mention[] | null
}

/** What a conversation offers around messages. */
export interface MessageCalls {
  /** Messages of others after the point that this user has seen. */
  readonly unread: number
  /** The oldest of them. */
  readonly firstUnread: MessageId | undefined
  /** How many of them mention this user; of edited ones, as they now are. */
  readonly unreadMentions: number

  /**
   * A page of 25 messages; page 1, the newest, unless told. @throws {PageOutOfRange} for what is no whole number from 1 to `totalPages`.
   * @example
   * ```ts
   * const { messages, totalPages } = await conversation.getMessages()
   * const older = totalPages > 1 ? await conversation.getMessages(2) : undefined
   * ```
   */
  getMessages(page?: number | null): Promise<MessagePage>
  /**
   * One message, undefined when it is not here or deleted. @throws {InvalidArgument} for what is no id.
   * @example
   * ```ts
   * const message = await conversation.getMessage(messageId)
   * ```
   */
  getMessage(messageId: MessageId): Promise<Message | undefined>
  /**
   * The most recent message that was sent in the conversation, undefined when there is none.
   * @example
   * ```ts
   * const preview = conversation.getLastMessage()?.text ?? ''
   * ```
   */
  getLastMessage(): Message | undefined
  /**
   * A live window of messages, for a screen that scrolls. It opens at the newest ones unless told.
   * @example
   * ```ts
   * const timeline = conversation.timeline({ around: 'firstUnread', limit: 30 })
   * await timeline.ready
   * const stop = timeline.subscribe(() => console.log(timeline.getSnapshot().messages.length))
   * ```
   */
  timeline(options?: TimelineOptions): Timeline
  /**
   * Sends a text, a file, metadata, or several of them. The promise and `callback` give the message, once it is durably stored here; it
   * travels whenever a member can be reached. @throws {EmptyMessage}, {TooLarge} for a text of more than 40,000 bytes, {InvalidMetadata}
   * naming the key, {NotAMember}, {NotAllowed} for readers, {StorageFull}
   * @example
   * ```ts
   * await conversation.sendMessage({ text: 'Saturday at noon?' })
   * await conversation.sendMessage({ text: 'The place', file: picture, metadata: { lat: 52.5, lon: 13.4 } }, (message) => {
   *   console.log(message.id, message.state)
   * })
   * ```
   */
  sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message>
  /**
   * Edits an own message: a field that is left out stays, `null` removes it, and metadata is merged key by key. The promise and `callback`
   * give the message as it now is. @throws {NotAuthor, MessageNotFound, EmptyMessage}, and as `sendMessage`
   * @example
   * ```ts
   * await conversation.updateMessage(messageId, { text: 'Saturday at one?', metadata: { draft: null } })
   * ```
   */
  updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message>
  /**
   * Deletes an own message: what it said is purged here, and on every other device as it hears of it. @throws {NotAuthor, MessageNotFound}
   * @example
   * ```ts
   * await conversation.deleteMessage(messageId)
   * ```
   */
  deleteMessage(messageId: MessageId): Promise<void>
  /**
   * All versions of a message, the first one first and the present one last: at most the newest 64 edits. @throws {MessageNotFound}
   * @example
   * ```ts
   * const [first, ...later] = await conversation.edits(messageId)
   * ```
   */
  edits(messageId: MessageId): Promise<readonly MessageVersion[]>
  /**
   * Messages that answer this one, oldest first: the newest `limit` (100 unless told, at most 500) before the reply `before`. @throws
   * {MessageNotFound}
   * @example
   * ```ts
   * const thread = await conversation.replies(messageId, { limit: 20 })
   * ```
   */
  replies(messageId: MessageId, options?: { limit?: number; before?: MessageId }): Promise<readonly Message[]>

  /**
   * Again with the same emoji changes nothing. @throws {MessageNotFound, InvalidArgument, TooLarge} beyond 16 of one user.
   * @example
   * ```ts
   * await conversation.react(messageId, '👍')
   * ```
   */
  react(messageId: MessageId, emoji: string): Promise<void>
  /**
   * Takes it back; changes nothing when there is none.
   * @example
   * ```ts
   * await conversation.unreact(messageId, '👍')
   * ```
   */
  unreact(messageId: MessageId, emoji: string): Promise<void>

  /**
   * Moderators and above; in a direct conversation, both. @throws {MessageNotFound, NotAllowed}
   * @example
   * ```ts
   * await conversation.pin(messageId)
   * ```
   */
  pin(messageId: MessageId): Promise<void>
  /**
   * Takes it back.
   * @example
   * ```ts
   * await conversation.unpin(messageId)
   * ```
   */
  unpin(messageId: MessageId): Promise<void>
  /**
   * Oldest first.
   * @example
   * ```ts
   * const [oldest] = await conversation.pinned()
   * ```
   */
  pinned(): Promise<readonly Message[]>
  /**
   * Moderators and above. @throws {MessageNotFound, NotAllowed}
   * @example
   * ```ts
   * await conversation.hide(messageId)
   * ```
   */
  hide(messageId: MessageId): Promise<void>
  /**
   * Takes it back.
   * @example
   * ```ts
   * await conversation.unhide(messageId)
   * ```
   */
  unhide(messageId: MessageId): Promise<void>

  /**
   * This user has seen everything up to that message, by default the last one; never moves backwards. Others hear of it unless `sendSeen` is
   * off.
   * @example
   * ```ts
   * document.addEventListener('visibilitychange', () => void conversation.seen())
   * ```
   */
  seen(messageId?: MessageId): Promise<void>
  /**
   * Here, this message and what follows counts as unread, until `seen` is called; nobody else hears of it. @throws {MessageNotFound}
   * @example
   * ```ts
   * await conversation.markUnread(messageId)
   * ```
   */
  markUnread(messageId: MessageId): Promise<void>
  /**
   * How far an own message of this device has come with each member; who has it not yet is left out. @throws {MessageNotFound}
   * @example
   * ```ts
   * const seenBy = (await conversation.receipts(messageId)).filter(({ state }) => state === 'seen')
   * ```
   */
  receipts(messageId: MessageId): Promise<readonly MessageReceipt[]>

  /** On this device: the application should not draw attention to it. Events and counts go on. */
  readonly isMuted: boolean
  /**
   * Sets it.
   * @example
   * ```ts
   * await conversation.mute()
   * ```
   */
  mute(): Promise<void>
  /**
   * Takes it back.
   * @example
   * ```ts
   * await conversation.unmute()
   * ```
   */
  unmute(): Promise<void>

  /** What this device remembers of what its user typed; survives a restart. */
  readonly draft: Draft | undefined
  /**
   * Resolves once it is stored, at most half a second later. @throws {TooLarge} beyond 40,000 bytes.
   * @example
   * ```ts
   * await conversation.setDraft({ text: input.value })
   * ```
   */
  setDraft(draft: { text: string; replyTo?: MessageId | undefined } | undefined): Promise<void>
}
