/**
 * What applications see. The meaning of every call is the contract of `docs/API.md`.
 */
import type { ConversationId, DeviceId, MessageId, UserId } from '@parley/protocol'
import type * as Y from 'yjs'
import type { Awareness } from 'y-protocols/awareness'
import type { ExportCalls, ImportCalls } from './api/archive.ts'
import type { AttachmentCalls } from './api/attachments.ts'
import type { ContactCalls, ContactEvents, RequestCalls } from './api/contacts.ts'
import type { DeviceCalls, DeviceEvents } from './api/devices.ts'
import type { History, MemberCalls, MemberStatus } from './api/members.ts'
import type { Message, MessageCalls, MessageState, Metadata, MetadataChange, User } from './api/messages.ts'
import type { ProfileSearchCalls, SearchCalls } from './api/search.ts'
import type { StorageCalls } from './api/storage.ts'
import type { VerifyCalls } from './api/verify.ts'

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
  UpdateMessageInit,
  User,
} from './api/messages.ts'
export type { Timeline, TimelineAnchor, TimelineOptions, TimelineSnapshot } from './api/timeline.ts'
export type { ArchiveSource, ExportCalls, ExportOptions, ImportCalls, ImportOptions } from './api/archive.ts'
export type { StorageCalls, StorageEstimate, StorageUse } from './api/storage.ts'
export type { Damage, DamageCode, VerifyCalls, VerifyOptions, VerifyReport } from './api/verify.ts'
export type { Highlight, ProfileSearchCalls, SearchCalls, SearchOptions, SearchResult, SearchResults } from './api/search.ts'
export type { Device, DeviceCalls, DeviceEvents, DeviceLinkOffer } from './api/devices.ts'
export type { Contact, ContactCalls, ContactEvents, RequestCalls } from './api/contacts.ts'

/**
 * `joining`: asked to be let in, no member has answered yet. `refused`: somebody who holds the invite says that it does not let us in; see
 * `conversation.refusal`. Nobody can prove that, so this device goes on asking, and is a `member` as soon as one lets it in. `left` and
 * `removed`: was a member; what was said until then stays readable. `request`: a direct conversation that somebody else began. `archive`: imported; nothing comes or goes.
 */
export type ConversationState = 'member' | 'joining' | 'refused' | 'left' | 'removed' | 'request' | 'archive'

/** How a conversation is connected. `peers` counts devices of members with a link. */
export interface SyncState {
  /**
   * `offline`: no link to a member. `connecting`: a link, not compared yet. `syncing`: something is missing here. `live`: everything that the
   * others have is here.
   */
  readonly phase: 'offline' | 'connecting' | 'syncing' | 'live'
  readonly peers: number
  /** While syncing: entries received and entries known to be missing at its start. */
  readonly done: number
  /** See `done`. */
  readonly total: number
  /** False while messages of before are still to be fetched; left out when all are here. */
  readonly complete?: false
}

export interface ConversationEvents {
  /** A new message from somebody else, or from another device of this user; once per message, readable by `getMessages`. */
  message: (message: Message) => void
  /** A message was edited; the message as it now is. */
  messageUpdated: (message: Message) => void
  /** A message was deleted, here or by its author elsewhere. */
  messageDeleted: (messageId: MessageId) => void
  /** Somebody, this user too, put a reaction on a message or took it back. */
  reaction: (messageId: MessageId, reaction: { readonly emoji: string; readonly user: User; readonly on: boolean }) => void
  /** A message was pinned, or is no more. */
  pinned: (messageId: MessageId, on: boolean) => void
  /** A participant starts typing. */
  typing: (user: User) => void
  /** A participant stops: says so, sends, leaves, or is silent for 6 s. */
  typingStopped: (user: User) => void
  /** This participant has seen the conversation up to this message. */
  seen: (messageId: MessageId, user: User) => void
  /** `ONLINE` while any device of the member is connected, `OFFLINE` on their goodbye or 30 s after their last sign of life. */
  memberStatus: (memberId: UserId, status: MemberStatus) => void
  /** Somebody was let in or added. */
  memberAdded: (memberId: UserId) => void
  /** Somebody was removed, or left. */
  memberRemoved: (memberId: UserId) => void
  /** Somebody's role or devices changed. */
  memberChanged: (memberId: UserId) => void
  /** The additional information, all of it, as it now is. */
  metadataUpdated: (metadata: Metadata) => void
  /** An own message came further: `sent`, `delivered`, `seen`. */
  messageState: (messageId: MessageId, state: MessageState) => void
  /** Admitted, refused, removed, or left. */
  state: (state: ConversationState) => void
  /** How the conversation is connected has changed. */
  syncState: (state: SyncState) => void
  /** Something failed that no call was waiting for. */
  error: (error: Error) => void
}

export interface Conversation extends MessageCalls, AttachmentCalls, MemberCalls, RequestCalls, SearchCalls, ExportCalls {
  /** What this user is in it. */
  readonly state: ConversationState
  /** Why `state` is `refused`. */
  readonly refusal: Error | undefined
  /** How it is connected now. */
  readonly syncState: SyncState
  /** Output only: `messages` (Y.Array of Message, the newest window), `metadata` (Y.Map), `members` (Y.Array of Member). */
  readonly doc: Y.Doc
  /** Who is online and who types, as states `{ user: { id, name }, typing }`. Output only. */
  readonly awareness: Awareness

  /**
   * Calls the listener at each event until the function that this returns is called. One that throws is reported as `error` of the client and
   * stops no other.
   * @example
   * ```ts
   * const off = conversation.on('message', (message) => console.log(`${message.author.name}: ${message.text}`))
   * off()
   * ```
   */
  on<K extends keyof ConversationEvents>(name: K, listener: ConversationEvents[K]): () => void

  /**
   * Resolves once a member has let us in. @throws {InviteInvalid, InviteExpired, InviteUsedUp} when refused, {Aborted}, {Closed}
   * @example
   * ```ts
   * const picnic = await parley.join(inviteLink)
   * await picnic.admitted({ signal: AbortSignal.timeout(60_000) })
   * ```
   */
  admitted(options?: { signal?: AbortSignal }): Promise<void>

  /**
   * Names it for everybody; it never changes.
   * @example
   * ```ts
   * const sameOne = parley.conversation(conversation.getId())
   * ```
   */
  getId(): ConversationId
  /**
   * The title of a group, may be empty; of a direct conversation the name of the other person.
   * @example
   * ```ts
   * document.title = conversation.getTitle() || 'Untitled'
   * ```
   */
  getTitle(): string
  /**
   * A URL that an `<img>` can show, empty when there is none; of a direct conversation the picture of the other person.
   * @example
   * ```ts
   * image.src = conversation.getAvatar() || 'default.svg'
   * ```
   */
  getAvatar(): string
  /**
   * Additional information about the conversation, as all members see it.
   * @example
   * ```ts
   * const { place } = conversation.getMetadata()
   * ```
   */
  getMetadata(): Metadata
  /**
   * Merges these keys into the metadata; `null` removes one. At most 64 keys. Gives all of it. @throws {InvalidMetadata} naming the key,
   * {NotAMember}
   * @example
   * ```ts
   * await conversation.setMetadata({ place: 'park', people: 4, rain: null })
   * ```
   */
  setMetadata(metadata: MetadataChange): Promise<Metadata>
  /**
   * What a group is called, at most 200 characters. @throws {TooLarge, InvalidArgument, NotAGroup, NotAMember}
   * @example
   * ```ts
   * await conversation.setTitle('Picnic on Saturday')
   * ```
   */
  setTitle(title: string): Promise<void>
  /**
   * Tells everyone who participates that this user types. Call it at every key: at most one packet each 3 s is sent, and it ends by itself
   * after 6 s.
   * @example
   * ```ts
   * input.addEventListener('input', () => conversation.startTyping())
   * ```
   */
  startTyping(): void
  /**
   * Tells them that this user does not type any more. Sending a message says so too.
   * @example
   * ```ts
   * input.addEventListener('blur', () => conversation.stopTyping())
   * ```
   */
  stopTyping(): void
}

export interface ParleyEvents extends ContactEvents, DeviceEvents {
  /** A conversation is among `conversations` that was not: made, joined, accepted or imported here, brought by another device or by a contact. */
  conversation: (conversation: Conversation) => void
  /** A conversation came or went, or one changed in what a list shows of it. */
  conversations: () => void
  /** A link to a device was made or lost. */
  connection: () => void
  /** Something failed that no call was waiting for: a listener that threw, a disk that is full. */
  error: (error: Error) => void
}

export interface Inspection {
  /** This device. */
  readonly deviceId: DeviceId
  /** This user. */
  readonly userId: UserId
  /** Where others can dial this device. */
  readonly addresses: readonly string[]
  /** The meeting points, and whether they are reached. */
  readonly rendezvous: readonly { url: string; connected: boolean }[]
  /** One for each device that is connected. */
  readonly links: readonly LinkInspection[]
  /** How often bytes from peers were refused, by code. */
  readonly rejected: Readonly<Record<string, number>>
  /**
   * What was neither taken in nor refused, counted since the start: live entries put off for coming too fast (`deferred`, asked for again at
   * once), entries whose clock is too far ahead (`held`, asked for again when it is not), entries and presence packets that were here already
   * (`repeated`), control entries that are not the ones in the log of their device (`contradicted`), control entries beyond what is kept of a
   * device (`excess`); and the bytes that wait in memory for their signature now.
   */
  readonly passedOver: {
    readonly deferred: number
    readonly held: number
    readonly repeated: number
    readonly contradicted: number
    readonly excess: number
    readonly waitingBytes: number
  }
  /**
   * The full-text indexes of all conversations that are in memory now: messages that can be searched without reading them, different words, counted
   * again for every 4,096 messages or so; and the milliseconds that making indexes has taken since the start.
   */
  readonly search: { readonly messages: number; readonly words: number; readonly buildMs: number }
}

export interface LinkInspection {
  /** `webrtc`, `libp2p`, `tabs`. */
  readonly transport: string
  /** Where the other end is, for people. */
  readonly remote: string
  /** Who it is, once that is proved. */
  readonly device: DeviceId | undefined
  /** Whose device it is, once that is proved. */
  readonly user: UserId | undefined
  /** What the two have in common. */
  readonly conversations: readonly ConversationId[]
  /** Bytes received so far. */
  readonly bytesIn: number
  /** Bytes sent so far. */
  readonly bytesOut: number
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number
  /** Milliseconds; undefined before the first pong. */
  readonly roundTripMs: number | undefined
}

/**
 * How much of a conversation's past a device keeps. `all`: the newest messages come first, then everything before them. `on-demand`: what comes before is
 * fetched from other members when somebody looks for it. `keep`: so much of the past, and what is older is let go of again and fetched when somebody looks
 * for it; days, or about so many bytes of each conversation, without its files. What this device said itself stays whatever its age, and so do the newest
 * 256 entries of everybody. Somebody else has to keep what is let go of.
 */
export type Replicate = 'all' | 'on-demand' | { readonly keep: { readonly days: number } | { readonly bytes: number } }

/** What a user chose for the whole profile, on this device. */
export interface Preferences {
  /** Whether others hear what this user has seen, and that they type. Default true. */
  readonly sendSeen: boolean
}

/** One person on one device: the engine of a profile. */
export interface Parley extends ContactCalls, DeviceCalls, ProfileSearchCalls, ImportCalls, StorageCalls, VerifyCalls {
  /** This user on this device. */
  readonly me: User & { readonly deviceId: DeviceId }
  /** Ordered by last activity, newest first. */
  readonly conversations: readonly Conversation[]
  /**
   * One of `conversations` by its id.
   * @example
   * ```ts
   * const picnic = parley.conversation(conversationId)
   * ```
   */
  conversation(id: ConversationId): Conversation | undefined
  /**
   * Calls the listener at each event until the function that this returns is called.
   * @example
   * ```ts
   * const off = parley.on('conversations', () => render(parley.conversations))
   * off()
   * ```
   */
  on<K extends keyof ParleyEvents>(name: K, listener: ParleyEvents[K]): () => void
  /**
   * `members`: contacts, who are told as soon as they can be reached. `history`: what newcomers can read, `full` unless told.
   * @throws {ContactUnknown}
   * @example
   * ```ts
   * const picnic = await parley.createGroup({ title: 'Picnic', metadata: { place: 'park' } })
   * console.log(await picnic.invite())
   * ```
   */
  createGroup(init?: {
    title?: string
    avatar?: string
    metadata?: Metadata
    members?: readonly UserId[]
    history?: History
  }): Promise<Conversation>
  /**
   * Asks to be let in; resolves once that is stored here. `conversation.admitted()` waits for the answer. @throws {InviteInvalid}
   * @example
   * ```ts
   * const picnic = await parley.join(inviteLink)
   * await picnic.admitted()
   * ```
   */
  join(inviteLink: string): Promise<Conversation>
  /**
   * Deletes the copy on this device of a conversation that one is not in (any more). @throws {NotAllowed} for a member, {NotFound}
   * @example
   * ```ts
   * await conversation.leave()
   * await parley.forget(conversation.getId())
   * ```
   */
  forget(conversationId: ConversationId): Promise<void>
  /** What is chosen now. */
  readonly preferences: Preferences
  /**
   * Changes what is named and leaves the rest.
   * @example
   * ```ts
   * await parley.setPreferences({ sendSeen: false })
   * ```
   */
  setPreferences(change: Partial<Preferences>): Promise<void>
  /**
   * What others see of this user: a name of at most 100 characters and 240 bytes, and the URL of a picture. @throws {TooLarge, InvalidArgument}
   * @example
   * ```ts
   * await parley.setProfile({ name: 'Alice' })
   * ```
   */
  setProfile(profile: { name?: string; avatar?: string }): Promise<void>
  /**
   * Dials an address of one of the transports. @throws {Unreachable, InvalidArgument}
   * @example
   * ```ts
   * await parley.connect('/ip4/192.168.1.5/tcp/4001', { signal: AbortSignal.timeout(10_000) })
   * ```
   */
  connect(address: string, options?: { signal?: AbortSignal }): Promise<void>
  /**
   * The network seems to be back: try every path at once.
   * @example
   * ```ts
   * addEventListener('online', () => parley.wake())
   * ```
   */
  wake(): void
  /**
   * What is going on underneath, for people who look for a fault.
   * @example
   * ```ts
   * console.table(parley.inspect().links)
   * ```
   */
  inspect(): Inspection
  /**
   * Says goodbye to peers, stores everything, frees everything. Safe to call twice.
   * @example
   * ```ts
   * addEventListener('pagehide', () => void parley.close())
   * ```
   */
  close(): Promise<void>
}
