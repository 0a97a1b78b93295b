/** The conversation object: the contract of API.md on top of a replica. Reads are snapshots; events announce what changed. */
import { ParleyError, type ConversationId, type MessageId, type UserId } from '@parley/protocol'
import type {
  Attachment,
  Conversation,
  ConversationEvents,
  ConversationState,
  Draft,
  FormerMember,
  History,
  InviteInfo,
  InviteInit,
  ListAttachmentsOptions,
  Member,
  Message,
  MessagePage,
  MessageReceipt,
  MessageVersion,
  Metadata,
  MetadataChange,
  SendMessageInit,
  Role,
  SyncState,
  Timeline,
  TimelineOptions,
  UpdateMessageInit,
} from '../api.ts'
import type { Attachments } from '../attachments/attachments.ts'
import { ConversationAttachments } from '../attachments/conversation-attachments.ts'
import type { Context } from '../context.ts'
import type { Network } from '../network/network.ts'
import type { Shared } from '../network/session-line.ts'
import { AVATAR, TITLE } from '../replica/control-content.ts'
import type { Replica } from '../replica/replica.ts'
import { Emitter } from '../support/emitter.ts'
import { Announcements } from './announcements.ts'
import { applyMetadata, checkMetadata, checkText } from './arguments.ts'
import type { Forwarded } from './compose.ts'
import { Delivery } from './delivery.ts'
import { Drafts } from './drafts.ts'
import { InOrder } from './in-order.ts'
import { Invites } from './invites.ts'
import { MemberChanges } from './member-changes.ts'
import { Members } from './members.ts'
import { MessageActions } from './message-actions.ts'
import { Messages } from './messages.ts'
import { NewestMessages } from './newest.ts'
import type { People } from './people.ts'
import { ConversationPreferences } from './preferences.ts'
import { Presence } from './presence.ts'
import { Receipts } from './receipts.ts'
import { Standing } from './standing.ts'
import { SyncProgress } from './sync-progress.ts'
import { TimelineWindow } from './timeline-window.ts'
import { ViewUpdates } from './view-updates.ts'
import { View } from './view.ts'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'

/** The folds are written down so long after the last change. */
const CHECKPOINT_AFTER_MS = 2_000

/** Keeps a copy of the view document somewhere, so that it can be shown before the engine is up. */
export interface ViewCache {
  open(conversation: ConversationId, doc: Y.Doc): { loaded: Promise<void>; close(): Promise<void> }
}

export interface ConversationInit {
  context: Context
  replica: Replica
  network: Network
  /** The files of the profile; undefined when it has no place for them. */
  attachments: Attachments | undefined
  /** Contacts, and whom this user does not want to hear. */
  people: People
  viewCache: ViewCache | undefined
  /** Finds a message that is to be forwarded, in any conversation of the profile. */
  findForward(id: MessageId): Promise<Forwarded | undefined>
  /** What a conversation list shows of it changed. */
  onListChange(): void
}

export class LiveConversation implements Conversation {
  readonly replica: Replica
  readonly #seenSlots: Receipts
  readonly presence: Presence
  readonly #context: Context
  readonly #people: People
  /** Those who show messages, and look again when people are seen differently. */
  readonly #lookers = new Set<() => void>()
  readonly #view = new View()
  readonly #viewCache: { loaded: Promise<void>; close(): Promise<void> } | undefined
  readonly #events: Emitter<ConversationEvents>
  readonly #standing: Standing
  readonly #inOrder: InOrder
  readonly #newest: NewestMessages
  readonly #delivery: Delivery
  readonly #members: Members
  readonly #invites: Invites
  readonly #changes: MemberChanges
  readonly #messages: Messages
  readonly #actions: MessageActions
  readonly #preferences: ConversationPreferences
  readonly #drafts: Drafts
  readonly #files: ConversationAttachments
  readonly #blobs: Attachments | undefined
  readonly #progress: SyncProgress
  readonly #views: ViewUpdates
  readonly #announcements: Announcements
  #cancelCheckpoint: (() => void) | undefined

  constructor({ context, replica, network, attachments, viewCache, findForward, people, onListChange }: ConversationInit) {
    const view = this.#view
    const preferences = new ConversationPreferences(context, replica.keys, () => this.#announcements.onPreferences())
    const receipts = new Receipts(context, replica, preferences)
    const presence = new Presence(context, replica)
    const newest = new NewestMessages(context, replica, receipts, preferences, (user) => people.isBlocked(user))
    const events = new Emitter<ConversationEvents>((error, event) => context.report(error, `listener of ${event}`))
    const standing = new Standing(replica, events)
    const inOrder = new InOrder(context, events, standing)
    const members = new Members({ context, replica, presence })
    const delivery = new Delivery({
      context,
      replica,
      events,
      inOrder,
      onChange: () => this.#views.schedule(),
      onDelivered: () => this.#scheduleCheckpoint(),
    })
    const files = new ConversationAttachments(context, replica, attachments)
    const messages = new Messages({
      context,
      replica,
      receipts,
      presence,
      members,
      delivery,
      standing,
      inOrder,
      attachments: files,
      preferences,
      people,
      findForward,
    })
    const isSyncing = (): boolean => this.syncState.phase === 'syncing'
    const views = new ViewUpdates({ context, view, newest, messages, members, presence, standing, inOrder, isSyncing })
    this.#announcements = new Announcements({
      context,
      replica,
      receipts,
      presence,
      events,
      inOrder,
      newest,
      messages,
      members,
      delivery,
      views,
      preferences,
      people,
      details: () => ({ metadata: this.getMetadata(), title: this.getTitle(), avatar: this.getAvatar() }),
      onListChange,
    })
    this.#context = context
    this.#people = people
    this.replica = replica
    this.#seenSlots = receipts
    this.presence = presence
    this.#events = events
    this.#standing = standing
    this.#inOrder = inOrder
    this.#newest = newest
    this.#delivery = delivery
    this.#members = members
    this.#invites = new Invites({ context, replica, network, standing })
    this.#changes = new MemberChanges({ context, replica, standing, people })
    this.#messages = messages
    this.#actions = new MessageActions({ context, replica, messages, members, receipts, delivery, standing, inOrder })
    this.#preferences = preferences
    this.#drafts = new Drafts(context, replica.keys)
    this.#files = files
    this.#blobs = attachments
    this.#progress = new SyncProgress(replica, network, events)
    this.#views = views
    this.#viewCache = viewCache?.open(replica.id, view.doc)
  }

  /** Reads what is stored and begins to listen. */
  async open(): Promise<Shared> {
    await this.#preferences.load()
    await this.#drafts.load()
    await this.#seenSlots.load()
    await this.#delivery.load()
    await this.#invites.load()
    await this.#viewCache?.loaded
    this.#announcements.listen()
    this.replica.events.on('entries', () => this.#scheduleCheckpoint())
    await this.#newest.load()
    await this.#files.open()
    this.#delivery.noteOwn(this.#newest.contents.map((content) => content.key))
    await this.#views.showMessages()
    this.#announcements.noteControl()
    this.presence.start()
    return {
      context: this.#context,
      replica: this.replica,
      receipts: this.#seenSlots,
      presence: this.presence,
      blobs: this.#blobs,
      onStored: (device, nextSeq) => this.#delivery.noteStored(device, nextSeq),
      onProgress: () => this.updateSyncState(),
    }
  }

  async close(): Promise<void> {
    if (this.#standing.isClosed) return
    this.#standing.close()
    this.#cancelCheckpoint?.()
    this.#views.stop()
    this.#files.close()
    try {
      await this.presence.stop()
      await this.#drafts.flush()
      await this.replica.close()
    } finally {
      await this.#inOrder.idle()
      await this.#viewCache?.close()
      this.#events.clear()
      this.#view.destroy()
    }
  }

  // --- what it is

  get state(): ConversationState {
    return this.#standing.state
  }

  get refusal(): Error | undefined {
    return this.#standing.refusal
  }

  get syncState(): SyncState {
    return this.#progress.state
  }

  get unread(): number {
    return this.#newest.unread
  }

  get firstUnread(): MessageId | undefined {
    return this.#newest.firstUnread
  }

  get unreadMentions(): number {
    return this.#newest.unreadMentions
  }

  get isMuted(): boolean {
    return this.#preferences.isMuted
  }

  get draft(): Draft | undefined {
    return this.#drafts.value
  }

  get doc(): Y.Doc {
    return this.#view.doc
  }

  get awareness(): Awareness {
    return this.#view.awareness
  }

  /** When something last happened, for the order of a list. */
  get lastActivity(): number {
    return this.#newest.last?.hlc.ms ?? this.replica.record.since
  }

  on<K extends keyof ConversationEvents>(name: K, listener: ConversationEvents[K]): () => void {
    return this.#events.on(name, listener)
  }

  admitted(options?: { signal?: AbortSignal }): Promise<void> {
    return this.#standing.admitted(options)
  }

  getId(): ConversationId {
    return this.replica.id
  }

  get kind(): 'group' | 'direct' {
    return this.replica.isDirect ? 'direct' : 'group'
  }

  getTitle(): string {
    const { peer } = this.replica.record
    if (peer !== undefined) return this.#people.nameOf(peer)
    return this.replica.controls.conversationMetadata(TITLE)
  }

  getAvatar(): string {
    const { peer } = this.replica.record
    if (peer !== undefined) return this.replica.controls.profile(peer).avatar
    return this.replica.controls.conversationMetadata(AVATAR)
  }

  getMetadata(): Metadata {
    return Object.freeze(this.replica.controls.metadata())
  }

  async setMetadata(change: MetadataChange): Promise<Metadata> {
    this.#standing.assertWriter()
    const values = checkMetadata(change, { nullable: true })
    // A change that would grow the whole beyond its bounds is refused before it is written.
    checkMetadata(applyMetadata(this.getMetadata(), values))
    await this.replica.commitControl({ op: 'metadata', scope: 'application', values })
    return this.getMetadata()
  }

  async setTitle(title: string): Promise<void> {
    this.#standing.assertWriter()
    if (this.kind === 'direct') throw new ParleyError('NotAGroup', 'a conversation of two is called like the other person')
    await this.replica.commitControl({ op: 'metadata', scope: 'conversation', values: { [TITLE]: checkText(title, 'title', 200) } })
  }

  async accept(): Promise<void> {
    this.#standing.assertOpen()
    await this.#people.accept(this.replica)
  }

  async decline(): Promise<void> {
    this.#standing.assertOpen()
    await this.#people.decline(this.replica)
  }

  // --- members

  getMembers(): UserId[] {
    return this.#members.ids()
  }

  members(): readonly Member[] {
    return this.#members.all()
  }

  get role(): Role | undefined {
    return this.#members.role
  }

  get history(): History {
    return this.#members.history
  }

  setHistory(history: History): Promise<void> {
    return this.#changes.setHistory(history)
  }

  formerMembers(): readonly FormerMember[] {
    return this.#members.former()
  }

  addMember(memberId: UserId): Promise<void> {
    return this.#changes.add(memberId)
  }

  removeMember(memberId: UserId): Promise<void> {
    return this.#changes.remove(memberId)
  }

  setRole(memberId: UserId, role: Exclude<Role, 'founder'>): Promise<void> {
    return this.#changes.setRole(memberId, role)
  }

  leave(): Promise<void> {
    return this.#changes.leave()
  }

  invite(init?: InviteInit): Promise<string> {
    return this.#invites.make(init)
  }

  invites(): readonly InviteInfo[] {
    return this.#invites.all()
  }

  revokeInvite(inviteId: MessageId): Promise<void> {
    return this.#invites.revoke(inviteId)
  }

  // --- messages

  getMessages(page?: number | null): Promise<MessagePage> {
    return this.#messages.page(page)
  }

  getMessage(messageId: MessageId): Promise<Message | undefined> {
    return this.#messages.get(messageId)
  }

  getLastMessage(): Message | undefined {
    const { last } = this.#newest
    return last === undefined ? undefined : this.#messages.message(last)
  }

  sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message> {
    return this.#messages.send(message, callback)
  }

  updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message> {
    return this.#messages.update(messageId, change, callback)
  }

  deleteMessage(messageId: MessageId): Promise<void> {
    return this.#messages.delete(messageId)
  }

  async getAttachments(options?: ListAttachmentsOptions): Promise<readonly Attachment[]> {
    this.#standing.assertOpen()
    return this.#files.list(options)
  }

  seen(messageId?: MessageId): Promise<void> {
    return this.#messages.seen(messageId)
  }

  markUnread(messageId: MessageId): Promise<void> {
    return this.#messages.markUnread(messageId)
  }

  timeline(options?: TimelineOptions): Timeline {
    const source = {
      replica: this.replica,
      firstUnread: () => this.firstUnread,
      read: (keys: readonly Uint8Array[]) => this.#messages.read(keys),
      onChange: (listener: () => void) => this.#onShownChange(listener),
      assertOpen: () => this.#standing.assertOpen(),
      report: (error: unknown) => this.#context.report(error, 'timeline'),
    }
    return new TimelineWindow(source, options)
  }

  edits(messageId: MessageId): Promise<readonly MessageVersion[]> {
    return this.#actions.edits(messageId)
  }

  replies(messageId: MessageId, options?: { limit?: number; before?: MessageId }): Promise<readonly Message[]> {
    return this.#actions.replies(messageId, options)
  }

  receipts(messageId: MessageId): Promise<readonly MessageReceipt[]> {
    return this.#actions.receipts(messageId)
  }

  react(messageId: MessageId, emoji: string): Promise<void> {
    return this.#actions.react(messageId, emoji, true)
  }

  unreact(messageId: MessageId, emoji: string): Promise<void> {
    return this.#actions.react(messageId, emoji, false)
  }

  pin(messageId: MessageId): Promise<void> {
    return this.#actions.mark('pin', messageId, true)
  }

  unpin(messageId: MessageId): Promise<void> {
    return this.#actions.mark('pin', messageId, false)
  }

  pinned(): Promise<readonly Message[]> {
    return this.#actions.pinned()
  }

  hide(messageId: MessageId): Promise<void> {
    return this.#actions.mark('hide', messageId, true)
  }

  unhide(messageId: MessageId): Promise<void> {
    return this.#actions.mark('hide', messageId, false)
  }

  async mute(): Promise<void> {
    this.#standing.assertOpen()
    await this.#preferences.setMuted(true)
  }

  async unmute(): Promise<void> {
    this.#standing.assertOpen()
    await this.#preferences.setMuted(false)
  }

  async setDraft(draft: { text: string; replyTo?: MessageId | undefined } | undefined): Promise<void> {
    this.#standing.assertOpen()
    await this.#drafts.set(draft)
  }

  startTyping(): void {
    this.#standing.assertWriter()
    this.presence.startTyping()
  }

  stopTyping(): void {
    this.#standing.assertOpen()
    this.presence.stopTyping()
  }

  // --- from the engine

  /** What a message says and who said it first, when it is here. */
  forward(id: MessageId): Promise<Forwarded | undefined> {
    return this.#messages.forward(id)
  }

  /** Entries of this device went out on a link. */
  noteSent(nextSeq: number): void {
    this.#delivery.noteSent(nextSeq)
  }

  /** What this user knows of people, or thinks of them, has changed. */
  updatePeople(): void {
    if (this.#standing.isClosed) return
    this.#announcements.onPeople()
    for (const listener of [...this.#lookers]) listener()
  }

  /** Links or progress changed. */
  updateSyncState(): void {
    if (!this.#standing.isClosed) this.#progress.update()
  }

  // --- inside

  /** Calls back whenever a message may show differently. Returns what ends it. */
  #onShownChange(listener: () => void): () => void {
    const stops = [
      this.replica.events.on('timeline', listener),
      this.replica.events.on('control', listener),
      this.#seenSlots.events.on('seen', listener),
      this.#events.on('messageState', listener),
    ]
    this.#lookers.add(listener)
    return () => {
      this.#lookers.delete(listener)
      for (const stop of stops) stop()
    }
  }

  #scheduleCheckpoint(): void {
    if (this.#standing.isClosed) return
    this.#cancelCheckpoint ??= this.#context.clock.setTimeout(() => {
      this.#cancelCheckpoint = undefined
      Promise.all([this.replica.checkpoint(), this.#context.store.write([this.#delivery.row()])]).catch((error: unknown) =>
        this.#context.report(error, 'checkpoint'),
      )
    }, CHECKPOINT_AFTER_MS)
  }
}
