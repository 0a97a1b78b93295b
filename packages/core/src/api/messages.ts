/** What applications see of messages. The meaning of every call is the contract of `docs/API.md`. */
import type { ConversationId, MessageId, UserId } from '@parley/protocol'
import type { Attachment, FilesInit } from './attachments.ts'

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
  readonly emoji: string
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
  readonly id: MessageId
  readonly conversationId: ConversationId
  readonly author: User
  /** Empty when the message has none. */
  readonly text: string
  readonly metadata: Metadata
  /** Its files, in the order in which they were given. */
  readonly attachments: readonly Attachment[]
  /** Milliseconds since 1970, by the author's clock, never before what it answers. */
  readonly sentAt: number
  readonly editedAt: number | undefined
  readonly replyTo: MessageId | undefined
  /** In the order in which those who still mean it said so: at most 64 emoji, of each user the newest 16. */
  readonly reactions: readonly Reaction[]
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
  readonly messages: readonly Message[]
  readonly page: number
  readonly totalMessages: number
  readonly totalPages: number
}

/** How a message was at some time. */
export interface MessageVersion {
  readonly text: string
  readonly metadata: Metadata
  /** When it was written, milliseconds since 1970. */
  readonly at: number
}

/** How far an own message has come with one member. */
export interface MessageReceipt {
  readonly user: UserId
  readonly state: 'delivered' | 'seen'
}

/** What was typed and not sent. */
export interface Draft {
  readonly text: string
  readonly replyTo: MessageId | undefined
}

export interface SendMessageInit extends FilesInit {
  /** At most 40,000 bytes of UTF-8. */
  text?: string
  metadata?: Metadata
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
  text?: string | null
  metadata?: MetadataChange | null
  /** Left out, mentions stay as long as the text does, and go with it. */
  mentions?: readonly Mention[] | null
}

/** Where a timeline opens: a message, a time, or one of two places by name. */
export type TimelineAnchor = 'newest' | 'firstUnread' | MessageId | Date

export interface TimelineOptions {
  /** Default `newest`. `firstUnread` is the newest end when nothing is unread. A date means the first message from then on. */
  around?: TimelineAnchor
  /** Opens with the messages before this one. */
  before?: MessageId
  /** Opens with the messages after this one. */
  after?: MessageId
  /** Messages to open with, 1 to 500. Default 50. */
  limit?: number
}

/** What a timeline shows. Frozen; a row that did not change is the same object as before. */
export interface TimelineSnapshot {
  /** Oldest first, without a gap. */
  readonly messages: readonly Message[]
  /** How many messages there are, and how many of them come before the first one shown: page p of `getMessages` ends at `total - 25 * (p - 1)`. */
  readonly total: number
  readonly offset: number
  readonly hasBefore: boolean
  readonly hasAfter: boolean
  /** Around what it was opened, when that is a message. */
  readonly anchor: MessageId | undefined
  /** The first unread message when it was opened: where to draw the line. It stays while messages arrive and are seen. */
  readonly firstUnread: MessageId | undefined
  readonly isLoading: boolean
  /** Why the last `jump` or the opening failed. */
  readonly error: Error | undefined
}

/** A live window of a conversation that grows both ways. Follows what happens while somebody subscribes, and needs no closing. */
export interface Timeline {
  /** Fits `useSyncExternalStore`, as `subscribe` does. */
  readonly getSnapshot: () => TimelineSnapshot
  readonly subscribe: (listener: () => void) => () => void
  /** Resolves once the opening has ended; `error` of the snapshot says whether it failed. */
  readonly ready: Promise<void>
  /** Shows more messages at the old end, 50 unless told, until 1,000 are shown; then the newest ones leave. @throws {Closed} */
  loadBefore(count?: number): Promise<void>
  /** The same at the new end. @throws {Closed} */
  loadAfter(count?: number): Promise<void>
  /** Opens somewhere else. @throws {MessageNotFound, InvalidArgument, Closed} */
  jump(to: TimelineAnchor): Promise<void>
}

/** What a conversation offers around messages. */
export interface MessageCalls {
  /** Messages of others after the point that this user has seen. */
  readonly unread: number
  /** The oldest of them. */
  readonly firstUnread: MessageId | undefined
  /** How many of them mention this user; of edited ones, as they now are. */
  readonly unreadMentions: number

  getMessages(page?: number | null): Promise<MessagePage>
  getMessage(messageId: MessageId): Promise<Message | undefined>
  getLastMessage(): Message | undefined
  timeline(options?: TimelineOptions): Timeline
  sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message>
  updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message>
  deleteMessage(messageId: MessageId): Promise<void>
  /** All versions of a message, the first one first and the present one last: at most the newest 64 edits. @throws {MessageNotFound} */
  edits(messageId: MessageId): Promise<readonly MessageVersion[]>
  /** Messages that answer this one, oldest first: the newest `limit` (100 unless told, at most 500) before the reply `before`. @throws {MessageNotFound} */
  replies(messageId: MessageId, options?: { limit?: number; before?: MessageId }): Promise<readonly Message[]>

  /** Again with the same emoji changes nothing. @throws {MessageNotFound, InvalidArgument, TooLarge} beyond 16 of one user. */
  react(messageId: MessageId, emoji: string): Promise<void>
  unreact(messageId: MessageId, emoji: string): Promise<void>

  /** Moderators and above; in a direct conversation, both. @throws {MessageNotFound, NotAllowed} */
  pin(messageId: MessageId): Promise<void>
  unpin(messageId: MessageId): Promise<void>
  /** Oldest first. */
  pinned(): Promise<readonly Message[]>
  /** Moderators and above. @throws {MessageNotFound, NotAllowed} */
  hide(messageId: MessageId): Promise<void>
  unhide(messageId: MessageId): Promise<void>

  /** This user has seen everything up to that message, by default the last one; never moves backwards. Others hear of it unless `sendSeen` is off. */
  seen(messageId?: MessageId): Promise<void>
  /** Here, this message and what follows counts as unread, until `seen` is called; nobody else hears of it. @throws {MessageNotFound} */
  markUnread(messageId: MessageId): Promise<void>
  /** How far an own message of this device has come with each member; who has it not yet is left out. @throws {MessageNotFound} */
  receipts(messageId: MessageId): Promise<readonly MessageReceipt[]>

  /** On this device: the application should not draw attention to it. Events and counts go on. */
  readonly isMuted: boolean
  mute(): Promise<void>
  unmute(): Promise<void>

  /** What this device remembers of what its user typed; survives a restart. */
  readonly draft: Draft | undefined
  /** Resolves once it is stored, at most half a second later. @throws {TooLarge} beyond 40,000 bytes. */
  setDraft(draft: { text: string; replyTo?: MessageId | undefined } | undefined): Promise<void>
}
