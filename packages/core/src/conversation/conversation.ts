/** The conversation object: the contract of API.md on top of a replica. Reads are snapshots; events announce what changed. */
import type { ConversationId, MessageId, UserId } from '@parley/protocol'
import type {
  Attachment,
  Conversation,
  ConversationEvents,
  ConversationState,
  Draft,
  ExportOptions,
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
  SearchOptions,
  SearchResults,
  SyncState,
  Timeline,
  TimelineOptions,
  UpdateMessageInit,
} from '../api.ts'
import type { Shared } from '../network/session-line.ts'
import type { Replica } from '../replica/replica.ts'
import { exportStream } from '../archive/export.ts'
import type { Forwarded } from './compose.ts'
import type { ConversationSearch } from '../search/conversation-search.ts'
import { draftOf, draftText } from './drafts.ts'
import { ConversationParts, type ConversationInit, type SharedDetail } from './parts.ts'
import { TimelineWindow } from './timeline-window.ts'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'

export class LiveConversation implements Conversation {
  readonly replica: Replica
  readonly #parts: ConversationParts

  constructor(init: ConversationInit) {
    this.replica = init.replica
    this.#parts = new ConversationParts(init)
  }

  /** Reads what is stored and begins to listen. */
  open(): Promise<Shared> {
    return this.#parts.open(() => this.updateSyncState())
  }

  close(): Promise<void> {
    return this.#parts.close()
  }

  // --- what it is

  get state(): ConversationState {
    return this.#parts.standing.state
  }

  get refusal(): Error | undefined {
    return this.#parts.standing.refusal
  }

  get syncState(): SyncState {
    return this.#parts.progress.state
  }

  get unread(): number {
    return this.#parts.newest.unread
  }

  get firstUnread(): MessageId | undefined {
    return this.#parts.newest.firstUnread
  }

  get unreadMentions(): number {
    return this.#parts.newest.unreadMentions
  }

  get isMuted(): boolean {
    return this.#parts.preferences.isMuted
  }

  get draft(): Draft | undefined {
    return this.#parts.drafts.value
  }

  get doc(): Y.Doc {
    return this.#parts.view.doc
  }

  get awareness(): Awareness {
    return this.#parts.view.awareness
  }

  /** Whether the view document shows what the timeline says; it does afterwards. */
  verifyView(): Promise<boolean> {
    return this.#parts.verifyView()
  }

  /** When something last happened, for the order of a list. */
  get lastActivity(): number {
    return this.#parts.newest.last?.hlc.ms ?? this.replica.record.since
  }

  on<K extends keyof ConversationEvents>(name: K, listener: ConversationEvents[K]): () => void {
    return this.#parts.events.on(name, listener)
  }

  admitted(options?: { signal?: AbortSignal }): Promise<void> {
    return this.#parts.standing.admitted(options)
  }

  getId(): ConversationId {
    return this.replica.id
  }

  get kind(): 'group' | 'direct' {
    return this.#parts.details.kind
  }

  getTitle(): string {
    return this.#parts.details.title
  }

  getAvatar(): string {
    return this.#parts.details.avatar
  }

  getMetadata(): Metadata {
    return this.#parts.details.metadata
  }

  setMetadata(change: MetadataChange): Promise<Metadata> {
    return this.#parts.details.setMetadata(change)
  }

  setTitle(title: string): Promise<void> {
    return this.#parts.details.setTitle(title)
  }

  async accept(): Promise<void> {
    this.#parts.standing.assertOpen()
    await this.#parts.people.accept(this.replica)
  }

  async decline(): Promise<void> {
    this.#parts.standing.assertOpen()
    await this.#parts.people.decline(this.replica)
  }

  // --- members

  getMembers(): UserId[] {
    return this.#parts.members.ids()
  }

  members(): readonly Member[] {
    return this.#parts.members.all()
  }

  get role(): Role | undefined {
    return this.#parts.members.role
  }

  get history(): History {
    return this.#parts.members.history
  }

  setHistory(history: History): Promise<void> {
    return this.#parts.changes.setHistory(history)
  }

  formerMembers(): readonly FormerMember[] {
    return this.#parts.members.former()
  }

  addMember(memberId: UserId): Promise<void> {
    return this.#parts.changes.add(memberId)
  }

  removeMember(memberId: UserId): Promise<void> {
    return this.#parts.changes.remove(memberId)
  }

  setRole(memberId: UserId, role: Exclude<Role, 'founder'>): Promise<void> {
    return this.#parts.changes.setRole(memberId, role)
  }

  leave(): Promise<void> {
    return this.#parts.changes.leave()
  }

  invite(init?: InviteInit): Promise<string> {
    return this.#parts.invites.make(init)
  }

  invites(): readonly InviteInfo[] {
    return this.#parts.invites.all()
  }

  revokeInvite(inviteId: MessageId): Promise<void> {
    return this.#parts.invites.revoke(inviteId)
  }

  // --- messages

  getMessages(page?: number | null): Promise<MessagePage> {
    return this.#parts.messages.page(page)
  }

  getMessage(messageId: MessageId): Promise<Message | undefined> {
    return this.#parts.messages.get(messageId)
  }

  getLastMessage(): Message | undefined {
    const { last } = this.#parts.newest
    return last === undefined ? undefined : this.#parts.messages.message(last)
  }

  sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message> {
    return this.#parts.messages.send(message, callback)
  }

  updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message> {
    return this.#parts.messages.update(messageId, change, callback)
  }

  deleteMessage(messageId: MessageId): Promise<void> {
    return this.#parts.messages.delete(messageId)
  }

  async getAttachments(options?: ListAttachmentsOptions): Promise<readonly Attachment[]> {
    this.#parts.standing.assertOpen()
    return this.#parts.files.list(options)
  }

  async search(query: string, options?: SearchOptions): Promise<SearchResults> {
    this.#parts.standing.assertOpen()
    const { searchIn } = await import('../search/search.ts')
    return searchIn([this.#parts.search], query, options)
  }

  exportConversation({ includeFiles = true, signal, onProgress }: ExportOptions = {}): ReadableStream<Uint8Array> {
    const { context, standing, blobs } = this.#parts
    standing.assertOpen()
    const attachments = includeFiles ? blobs : undefined
    return exportStream({ context, replica: this.replica, attachments, assertOpen: () => standing.assertOpen() }, { signal, onProgress })
  }

  seen(messageId?: MessageId): Promise<void> {
    return this.#parts.messages.seen(messageId)
  }

  markUnread(messageId: MessageId): Promise<void> {
    return this.#parts.messages.markUnread(messageId)
  }

  timeline(options?: TimelineOptions): Timeline {
    const { messages, shown, standing, context } = this.#parts
    const source = {
      replica: this.replica,
      firstUnread: () => this.firstUnread,
      read: (keys: readonly Uint8Array[]) => messages.read(keys),
      onChange: (listener: () => void) => shown.on(listener),
      assertOpen: () => standing.assertOpen(),
      report: (error: unknown) => context.report(error, 'timeline'),
    }
    return new TimelineWindow(source, options)
  }

  edits(messageId: MessageId): Promise<readonly MessageVersion[]> {
    return this.#parts.actions.edits(messageId)
  }

  replies(messageId: MessageId, options?: { limit?: number; before?: MessageId }): Promise<readonly Message[]> {
    return this.#parts.actions.replies(messageId, options)
  }

  receipts(messageId: MessageId): Promise<readonly MessageReceipt[]> {
    return this.#parts.actions.receipts(messageId)
  }

  react(messageId: MessageId, emoji: string): Promise<void> {
    return this.#parts.actions.react(messageId, emoji, true)
  }

  unreact(messageId: MessageId, emoji: string): Promise<void> {
    return this.#parts.actions.react(messageId, emoji, false)
  }

  pin(messageId: MessageId): Promise<void> {
    return this.#parts.actions.mark('pin', messageId, true)
  }

  unpin(messageId: MessageId): Promise<void> {
    return this.#parts.actions.mark('pin', messageId, false)
  }

  pinned(): Promise<readonly Message[]> {
    return this.#parts.actions.pinned()
  }

  hide(messageId: MessageId): Promise<void> {
    return this.#parts.actions.mark('hide', messageId, true)
  }

  unhide(messageId: MessageId): Promise<void> {
    return this.#parts.actions.mark('hide', messageId, false)
  }

  async mute(): Promise<void> {
    this.#parts.standing.assertOpen()
    await this.#parts.preferences.setMuted(true)
    this.#parts.share('muted', true)
  }

  async unmute(): Promise<void> {
    this.#parts.standing.assertOpen()
    await this.#parts.preferences.setMuted(false)
    this.#parts.share('muted', null)
  }

  async setDraft(draft: { text: string; replyTo?: MessageId | undefined } | undefined): Promise<void> {
    this.#parts.standing.assertOpen()
    this.#parts.share('draft', draftText(draft))
    await this.#parts.drafts.set(draft)
  }

  startTyping(): void {
    this.#parts.standing.assertWriter()
    this.#parts.presence.startTyping()
  }

  stopTyping(): void {
    this.#parts.standing.assertOpen()
    this.#parts.presence.stopTyping()
  }

  // --- from the engine

  /** Another device of this user has muted it, or typed here. */
  async takeShared(what: SharedDetail, value: string | boolean | null): Promise<void> {
    if (this.#parts.standing.isClosed) return
    if (what === 'muted') await this.#parts.preferences.setMuted(value === true)
    else if (draftText(this.draft) !== value) await this.#parts.drafts.set(draftOf(value))
    this.#parts.announcements.onPreferences()
  }

  /** For a search over several conversations. */
  get searchable(): ConversationSearch {
    return this.#parts.search
  }

  /** What a message says and who said it first, when it is here. */
  forward(id: MessageId): Promise<Forwarded | undefined> {
    return this.#parts.messages.forward(id)
  }

  /** Nothing of it is new to this user. */
  async passOver(): Promise<void> {
    const { timeline } = this.replica
    const [last] = await timeline.slice(timeline.total - 1, timeline.total)
    if (last !== undefined) await this.#parts.preferences.readUpTo(last)
  }

  /** Entries of this device went out on a link. */
  noteSent(nextSeq: number): void {
    this.#parts.delivery.noteSent(nextSeq)
  }

  /** What this user knows of people, or thinks of them, has changed. */
  updatePeople(): void {
    if (this.#parts.standing.isClosed) return
    this.#parts.announcements.onPeople()
    this.#parts.shown.tell()
  }

  /** Links or progress changed. */
  updateSyncState(): void {
    if (!this.#parts.standing.isClosed) this.#parts.progress.update()
  }
}
