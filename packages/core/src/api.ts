/**
 * What applications see. The meaning of every call is the contract of `docs/API.md`.
 */
import type { ConversationId, DeviceId, MessageId, UserId } from '@parley/protocol'
import type * as Y from 'yjs'
import type { Awareness } from 'y-protocols/awareness'

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

/** One message as it now is. A frozen snapshot; a later state is a new object. */
export interface Message {
  readonly id: MessageId
  readonly conversationId: ConversationId
  readonly author: User
  /** Empty when the message has none. */
  readonly text: string
  readonly metadata: Metadata
  /** Milliseconds since 1970, by the author's clock, never before what it answers. */
  readonly sentAt: number
  readonly editedAt: number | undefined
  readonly replyTo: MessageId | undefined
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

export type Role = 'founder' | 'admin' | 'moderator' | 'writer' | 'reader'

export interface Member {
  readonly id: UserId
  readonly name: string
  readonly avatar: string
  readonly role: Role
  readonly status: MemberStatus
  readonly devices: readonly DeviceId[]
}

export type MemberStatus = 'ONLINE' | 'OFFLINE'

/** `joining`: asked to be let in, no member has answered yet. `refused`: the invite does not let us in; see `conversation.refusal`. */
export type ConversationState = 'member' | 'joining' | 'refused'

/** How a conversation is connected. `peers` counts devices of members with a link. */
export interface SyncState {
  readonly phase: 'offline' | 'connecting' | 'syncing' | 'live'
  readonly peers: number
  /** While syncing: entries received and entries known to be missing at its start. */
  readonly done: number
  readonly total: number
}

export interface ConversationEvents {
  /** A new message from somebody else, or from another device of this user; once per message, readable by `getMessages`. */
  message: (message: Message) => void
  /** A message was edited; the message as it now is. */
  messageUpdated: (message: Message) => void
  messageDeleted: (messageId: MessageId) => void
  typing: (user: User) => void
  typingStopped: (user: User) => void
  /** This participant has seen the conversation up to this message. */
  seen: (messageId: MessageId, user: User) => void
  memberStatus: (memberId: UserId, status: MemberStatus) => void
  memberAdded: (memberId: UserId) => void
  metadataUpdated: (metadata: Metadata) => void
  /** An own message came further: `sent`, `delivered`, `seen`. */
  messageState: (messageId: MessageId, state: MessageState) => void
  /** Admitted, or refused. */
  state: (state: ConversationState) => void
  syncState: (state: SyncState) => void
  error: (error: Error) => void
}

export interface SendMessageInit {
  text?: string
  metadata?: Metadata
  replyTo?: MessageId
}

export interface UpdateMessageInit {
  text?: string | null
  metadata?: MetadataChange | null
}

export interface InviteInit {
  /** How many people it admits. Default 1. */
  uses?: number
  /** Milliseconds from now until it admits nobody more. Default 7 days. */
  expiresInMs?: number
  /** Where a joiner finds members: rendezvous URLs and dialable addresses put into the link. Default: this peer's own. */
  hints?: readonly string[]
  /** The page that opens the link, without fragment. Default `parley://join`. */
  base?: string
}

export interface Conversation {
  readonly state: ConversationState
  /** Why `state` is `refused`. */
  readonly refusal: Error | undefined
  readonly syncState: SyncState
  /** Messages of others after the point that this user has seen. */
  readonly unread: number
  /** Output only: `messages` (Y.Array of Message, the newest window), `metadata` (Y.Map), `members` (Y.Array of Member). */
  readonly doc: Y.Doc
  /** Who is online and who types, as states `{ user: { id, name }, typing }`. Output only. */
  readonly awareness: Awareness

  on<K extends keyof ConversationEvents>(name: K, listener: ConversationEvents[K]): () => void

  /** Resolves once a member has let us in. @throws {InviteInvalid, InviteExpired, InviteUsedUp} when refused, {Aborted}, {Closed} */
  admitted(options?: { signal?: AbortSignal }): Promise<void>

  getId(): ConversationId
  getTitle(): string
  getAvatar(): string
  getMembers(): UserId[]
  /** The members with name, role and status; the founder first, then by the order of admission. */
  members(): readonly Member[]
  getMetadata(): Metadata
  setMetadata(metadata: MetadataChange): Promise<Metadata>
  setTitle(title: string): Promise<void>
  getMessages(page?: number | null): Promise<MessagePage>
  getMessage(messageId: MessageId): Promise<Message | undefined>
  getLastMessage(): Message | undefined
  sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message>
  updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message>
  deleteMessage(messageId: MessageId): Promise<void>
  startTyping(): void
  stopTyping(): void
  seen(messageId?: MessageId): Promise<void>
  /** A link that admits whoever holds it. The secret is in its fragment and never reaches a server. */
  invite(init?: InviteInit): Promise<string>
}

export interface ParleyEvents {
  /** A conversation appeared, or one changed in what a list shows of it. */
  conversations: () => void
  /** A link to a device was made or lost. */
  connection: () => void
  error: (error: Error) => void
}

export interface Inspection {
  readonly deviceId: DeviceId
  readonly userId: UserId
  readonly addresses: readonly string[]
  readonly rendezvous: readonly { url: string; connected: boolean }[]
  readonly links: readonly LinkInspection[]
  /** How often bytes from peers were refused, by code. */
  readonly rejected: Readonly<Record<string, number>>
}

export interface LinkInspection {
  readonly transport: string
  readonly remote: string
  readonly device: DeviceId | undefined
  readonly user: UserId | undefined
  readonly conversations: readonly ConversationId[]
  readonly bytesIn: number
  readonly bytesOut: number
  readonly queuedBytes: number
  /** Milliseconds; undefined before the first pong. */
  readonly roundTripMs: number | undefined
}

/** One person on one device: the engine of a profile. */
export interface Parley {
  readonly me: User & { readonly deviceId: DeviceId }
  /** Ordered by last activity, newest first. */
  readonly conversations: readonly Conversation[]
  conversation(id: ConversationId): Conversation | undefined
  on<K extends keyof ParleyEvents>(name: K, listener: ParleyEvents[K]): () => void
  createGroup(init?: { title?: string; avatar?: string; metadata?: Metadata }): Promise<Conversation>
  /** Asks to be let in; resolves once that is stored here. `conversation.admitted()` waits for the answer. @throws {InviteInvalid} */
  join(inviteLink: string): Promise<Conversation>
  setProfile(profile: { name?: string; avatar?: string }): Promise<void>
  /** Dials an address of one of the transports. @throws {Unreachable, InvalidArgument} */
  connect(address: string, options?: { signal?: AbortSignal }): Promise<void>
  /** The network seems to be back: try every path at once. */
  wake(): void
  inspect(): Inspection
  /** Says goodbye to peers, stores everything, frees everything. Safe to call twice. */
  close(): Promise<void>
}
