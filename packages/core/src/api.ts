/**
 * What applications see. The meaning of every call is the contract of `docs/API.md`.
 */
import type { ConversationId, DeviceId, MessageId, UserId } from '@parley/protocol'
import type * as Y from 'yjs'
import type { Awareness } from 'y-protocols/awareness'
import type { AttachmentCalls } from './api/attachments.ts'
import type { ContactCalls, ContactEvents, RequestCalls } from './api/contacts.ts'
import type { DeviceCalls, DeviceEvents } from './api/devices.ts'
import type { History, MemberCalls, MemberStatus } from './api/members.ts'
import type { Message, MessageCalls, MessageState, Metadata, MetadataChange, User } from './api/messages.ts'
import type { ProfileSearchCalls, SearchCalls } from './api/search.ts'

export type { FormerMember, History, InviteInfo, InviteInit, InviteState, Member, MemberCalls, MemberStatus, Role } from './api/members.ts'
export type { Attachment, AttachmentCalls, FetchOptions, FileInput, FilesInit, ListAttachmentsOptions } from './api/attachments.ts'
export type {
  Draft,
  Mention,
  Message,
  MessageCalls,
  MessagePage,
  MessageReceipt,
  MessageState,
  MessageVersion,
  Metadata,
  MetadataChange,
  Reaction,
  SendMessageInit,
  Timeline,
  TimelineAnchor,
  TimelineOptions,
  TimelineSnapshot,
  UpdateMessageInit,
  User,
} from './api/messages.ts'
export type { Highlight, ProfileSearchCalls, SearchCalls, SearchOptions, SearchResult, SearchResults } from './api/search.ts'
export type { Device, DeviceCalls, DeviceEvents, DeviceLinkOffer } from './api/devices.ts'
export type { Contact, ContactCalls, ContactEvents, RequestCalls } from './api/contacts.ts'

/**
 * `joining`: asked to be let in, no member has answered yet. `refused`: somebody who holds the invite says that it does not let us in; see
 * `conversation.refusal`. Nobody can prove that, so this device goes on asking, and is a `member` as soon as one lets it in. `left` and
 * `removed`: was a member; what was said until then stays readable. `request`: a direct conversation that somebody else began.
 */
export type ConversationState = 'member' | 'joining' | 'refused' | 'left' | 'removed' | 'request'

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
  /** Somebody, this user too, put a reaction on a message or took it back. */
  reaction: (messageId: MessageId, reaction: { readonly emoji: string; readonly user: User; readonly on: boolean }) => void
  /** A message was pinned, or is no more. */
  pinned: (messageId: MessageId, on: boolean) => void
  typing: (user: User) => void
  typingStopped: (user: User) => void
  /** This participant has seen the conversation up to this message. */
  seen: (messageId: MessageId, user: User) => void
  memberStatus: (memberId: UserId, status: MemberStatus) => void
  memberAdded: (memberId: UserId) => void
  /** Somebody was removed, or left. */
  memberRemoved: (memberId: UserId) => void
  /** Somebody's role or devices changed. */
  memberChanged: (memberId: UserId) => void
  metadataUpdated: (metadata: Metadata) => void
  /** An own message came further: `sent`, `delivered`, `seen`. */
  messageState: (messageId: MessageId, state: MessageState) => void
  /** Admitted, refused, removed, or left. */
  state: (state: ConversationState) => void
  syncState: (state: SyncState) => void
  error: (error: Error) => void
}

export interface Conversation extends MessageCalls, AttachmentCalls, MemberCalls, RequestCalls, SearchCalls {
  readonly state: ConversationState
  /** Why `state` is `refused`. */
  readonly refusal: Error | undefined
  readonly syncState: SyncState
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
  getMetadata(): Metadata
  setMetadata(metadata: MetadataChange): Promise<Metadata>
  setTitle(title: string): Promise<void>
  startTyping(): void
  stopTyping(): void
}

export interface ParleyEvents extends ContactEvents, DeviceEvents {
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
  /**
   * What was neither taken in nor refused, counted since the start: live entries put off for coming too fast (`deferred`, asked for again at
   * once), entries whose clock is too far ahead (`held`, asked for again when it is not), entries and presence packets that were here already
   * (`repeated`), control entries that are not the ones in the log of their device (`contradicted`); and the bytes that wait in memory for
   * their signature now.
   */
  readonly passedOver: {
    readonly deferred: number
    readonly held: number
    readonly repeated: number
    readonly contradicted: number
    readonly waitingBytes: number
  }
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

/** What a user chose for the whole profile, on this device. */
export interface Preferences {
  /** Whether others hear what this user has seen, and that they type. Default true. */
  readonly sendSeen: boolean
}

/** One person on one device: the engine of a profile. */
export interface Parley extends ContactCalls, DeviceCalls, ProfileSearchCalls {
  readonly me: User & { readonly deviceId: DeviceId }
  /** Ordered by last activity, newest first. */
  readonly conversations: readonly Conversation[]
  conversation(id: ConversationId): Conversation | undefined
  on<K extends keyof ParleyEvents>(name: K, listener: ParleyEvents[K]): () => void
  /**
   * `members`: contacts, who are told as soon as they can be reached. `history`: what newcomers can read, `full` unless told.
   * @throws {ContactUnknown}
   */
  createGroup(init?: {
    title?: string
    avatar?: string
    metadata?: Metadata
    members?: readonly UserId[]
    history?: History
  }): Promise<Conversation>
  /** Asks to be let in; resolves once that is stored here. `conversation.admitted()` waits for the answer. @throws {InviteInvalid} */
  join(inviteLink: string): Promise<Conversation>
  /** Deletes the copy on this device of a conversation that one is not in (any more). @throws {NotAllowed} for a member, {NotFound} */
  forget(conversationId: ConversationId): Promise<void>
  readonly preferences: Preferences
  setPreferences(change: Partial<Preferences>): Promise<void>
  setProfile(profile: { name?: string; avatar?: string }): Promise<void>
  /** Dials an address of one of the transports. @throws {Unreachable, InvalidArgument} */
  connect(address: string, options?: { signal?: AbortSignal }): Promise<void>
  /** The network seems to be back: try every path at once. */
  wake(): void
  inspect(): Inspection
  /** Says goodbye to peers, stores everything, frees everything. Safe to call twice. */
  close(): Promise<void>
}
