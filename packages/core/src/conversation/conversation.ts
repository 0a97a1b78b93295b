/** The conversation object: the contract of API.md on top of a replica. Reads are snapshots; events announce what changed. */
import {
  decodeCbor,
  encodeCbor,
  encodeDelete,
  encodeEdit,
  encodeInviteLink,
  encodePost,
  EntryKind,
  messageIdBytes,
  messageIdFromBytes,
  ParleyError,
  parseMessageId,
  ROLES,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import { inviteKey } from '@parley/crypto'
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import type {
  Conversation,
  ConversationEvents,
  ConversationState,
  InviteInit,
  Member,
  Message,
  MessagePage,
  MessageState,
  Metadata,
  MetadataChange,
  SendMessageInit,
  SyncState,
  UpdateMessageInit,
  User,
} from '../api.ts'
import { applyMetadata, checkMetadata, checkObject, checkText } from './arguments.ts'
import type { Context } from '../context.ts'
import { AVATAR, TITLE } from '../replica/control-log.ts'
import { Emitter } from '../support/emitter.ts'
import { hasRole } from '../replica/membership.ts'
import { Mutex } from '../support/mutex.ts'
import type { Network } from '../network/network.ts'
import { authorOf, isBy, messageIdOfKey, NewestMessages } from './newest.ts'
import { Presence } from './presence.ts'
import { Receipts } from './receipts.ts'
import { profileForked, type Replica } from '../replica/replica.ts'
import type { Shared } from '../network/sync.ts'
import { compareKeys, parseTimelineKey, timelineKey, type Content, type TimelineChange } from '../replica/timeline.ts'
import { View } from './view.ts'

/** Messages of a page (API.md). */
export const PAGE_MESSAGES = 25
/** How often a page is read again because messages came or went meanwhile; after that it may be one message short. */
const MAX_PAGE_ATTEMPTS = 8
/** Messages read at a time to announce them. */
const ANNOUNCE_BATCH = 256
/** The folds are written down so long after the last change. */
const CHECKPOINT_AFTER_MS = 2_000
/** The view document follows at most so often: a frame of a screen. */
const VIEW_EVERY_MS = 16
/** And while a history comes in, when every look costs reading it again. */
const VIEW_WHILE_SYNCING_MS = 200
/** Own messages whose further states are announced; a page tells the state of any. */
const ANNOUNCED_STATES = 256
const DEFAULT_INVITE_MS = 7 * 86_400_000
const MAX_INVITE_USES = 1_000_000
const MAX_INVITE_MS = 10 * 365 * 86_400_000

/** Keeps a copy of the view document somewhere, so that it can be shown before the engine is up. */
export interface ViewCache {
  open(conversation: ConversationId, doc: Y.Doc): { loaded: Promise<void>; close(): Promise<void> }
}

export interface ConversationInit {
  context: Context
  replica: Replica
  network: Network
  viewCache: ViewCache | undefined
  /** What a conversation list shows of it changed. */
  onListChange(): void
}

export class LiveConversation implements Conversation {
  readonly replica: Replica
  readonly receipts: Receipts
  readonly presence: Presence
  readonly #context: Context
  readonly #network: Network
  readonly #view = new View()
  readonly #viewCache: { loaded: Promise<void>; close(): Promise<void> } | undefined
  readonly #events: Emitter<ConversationEvents>
  readonly #queue = new Mutex()
  readonly #onListChange: () => void
  readonly #newest: NewestMessages
  /** Own messages of late, by seq. */
  readonly #ownIds = new Map<number, MessageId>()
  #sentSeq = 0
  #deliveredSeq = 0
  #syncState: SyncState = { phase: 'offline', peers: 0, done: 0, total: 0 }
  #syncTotal = 0
  #cancelView: (() => void) | undefined
  #viewShownAt = Number.NEGATIVE_INFINITY
  #cancelCheckpoint: (() => void) | undefined
  #isClosed = false
  #lastMetadata = ''
  #lastMembers: readonly UserId[] = []
  /** Ends the waits of `admitted()`. */
  readonly #waiting = new Set<() => void>()
  /** Timeline key up to which another member has seen the conversation. */
  #seenByOthers: Uint8Array | undefined

  constructor(init: ConversationInit) {
    this.#context = init.context
    this.replica = init.replica
    this.#network = init.network
    this.#onListChange = init.onListChange
    this.receipts = new Receipts(init.context, init.replica)
    this.presence = new Presence(init.context, init.replica)
    this.#newest = new NewestMessages(init.context, init.replica, this.receipts)
    this.#events = new Emitter((error, event) => init.context.report(error, `listener of ${event}`))
    this.#viewCache = init.viewCache?.open(init.replica.id, this.#view.doc)
  }

  /** Reads what is stored and begins to listen. */
  async open(): Promise<Shared> {
    await this.receipts.load()
    const delivered = await this.#context.store.get(this.replica.keys.delivered())
    const stored = delivered === undefined ? 0 : decodeCbor(delivered)
    this.#deliveredSeq = typeof stored === 'number' ? stored : 0
    this.#sentSeq = this.#deliveredSeq
    await this.#viewCache?.loaded
    this.#listen()
    await this.#newest.load()
    this.#noteOwn(this.#newest.contents.map((content) => content.key))
    await this.#showMessages()
    this.#noteControl()
    this.presence.start()
    return {
      context: this.#context,
      replica: this.replica,
      receipts: this.receipts,
      presence: this.presence,
      onStored: (device, nextSeq) => this.#onStored(device, nextSeq),
      onProgress: () => this.updateSyncState(),
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelCheckpoint?.()
    this.#cancelView?.()
    for (const stop of [...this.#waiting]) stop()
    try {
      await this.presence.stop()
      await this.replica.close()
    } finally {
      await this.#queue.idle()
      await this.#viewCache?.close()
      this.#events.clear()
      this.#view.destroy()
    }
  }

  // --- what it is

  get state(): ConversationState {
    return this.replica.record.state
  }

  get refusal(): Error | undefined {
    const { refusal } = this.replica.record
    return refusal === undefined ? undefined : refusalError(refusal)
  }

  get syncState(): SyncState {
    return this.#syncState
  }

  get unread(): number {
    return this.#newest.unread
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

  async admitted({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    for (;;) {
      this.#assertOpen()
      if (signal?.aborted) throw new ParleyError('Aborted', 'no longer waiting to be let in', { cause: signal.reason })
      if (this.state === 'member') return
      if (this.refusal !== undefined) throw this.refusal
      await this.#stateChange(signal)
    }
  }

  getId(): ConversationId {
    return this.replica.id
  }

  getTitle(): string {
    return this.replica.controls.conversationMetadata(TITLE)
  }

  getAvatar(): string {
    return this.replica.controls.conversationMetadata(AVATAR)
  }

  getMembers(): UserId[] {
    return [...this.replica.controls.membership.members.keys()]
  }

  members(): readonly Member[] {
    return [...this.replica.controls.membership.members.values()].map(({ user, role, devices }) =>
      Object.freeze({ ...this.#user(user), role, status: this.presence.isOnline(user) ? 'ONLINE' : 'OFFLINE', devices }),
    )
  }

  getMetadata(): Metadata {
    return Object.freeze(this.replica.controls.metadata())
  }

  async setMetadata(change: MetadataChange): Promise<Metadata> {
    this.#assertWriter()
    const values = checkMetadata(change, { nullable: true })
    // A change that would grow the whole beyond its bounds is refused before it is written.
    checkMetadata(applyMetadata(this.getMetadata(), values))
    await this.replica.commitControl({ op: 'metadata', scope: 'application', values })
    return this.getMetadata()
  }

  async setTitle(title: string): Promise<void> {
    this.#assertWriter()
    await this.replica.commitControl({ op: 'metadata', scope: 'conversation', values: { [TITLE]: checkText(title, 'title', 200) } })
  }

  // --- messages

  async getMessages(page?: number | null): Promise<MessagePage> {
    this.#assertOpen()
    for (let attempt = 1; ; attempt++) {
      const totalMessages = this.replica.timeline.total
      const totalPages = Math.max(1, Math.ceil(totalMessages / PAGE_MESSAGES))
      const shown = page ?? 1
      if (!Number.isInteger(shown) || shown < 1 || shown > totalPages) {
        throw new ParleyError('PageOutOfRange', `there are ${totalPages} pages; ask for a whole number from 1 to ${totalPages}`)
      }
      const to = totalMessages - (shown - 1) * PAGE_MESSAGES
      const keys = await this.replica.timeline.slice(Math.max(0, to - PAGE_MESSAGES), to)
      const messages = await this.#read(keys)
      // Something came or went in between: the ranks mean something else now.
      const isStale = this.replica.timeline.total !== totalMessages || messages.length !== keys.length
      if (isStale && attempt < MAX_PAGE_ATTEMPTS) continue
      return Object.freeze({ messages: Object.freeze(messages), page: shown, totalMessages, totalPages })
    }
  }

  async getMessage(messageId: MessageId): Promise<Message | undefined> {
    this.#assertOpen()
    const key = await this.replica.timeline.keyOf(parseMessageId(messageId))
    return key === undefined ? undefined : (await this.#read([key]))[0]
  }

  getLastMessage(): Message | undefined {
    const { last } = this.#newest
    return last === undefined ? undefined : this.#message(last)
  }

  async sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#assertWriter()
    checkObject(message, 'message')
    const payload = encodePost({
      text: checkText(message.text ?? '', 'text'),
      metadata: checkMetadata(message.metadata ?? {}),
      reply: message.replyTo === undefined ? undefined : messageIdBytes(parseMessageId(message.replyTo)),
    })
    this.presence.stopTyping()
    const entry = await this.replica.commit(() => ({ kind: EntryKind.post, payload, epoch: this.replica.epochs.current }))
    const key = timelineKey(entry.hlc, entry.id, this.#context.me.deviceBytes, entry.seq)
    // Everything that this message changed has been announced when the caller goes on.
    await this.#queue.idle()
    const [sent] = await this.#read([key])
    return this.#hand(sent!, callback)
  }

  async updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#assertWriter()
    checkObject(change, 'change')
    const content = await this.#own(messageId)
    const { text, metadata, reply } = content.payload
    const payload = encodeEdit({
      target: messageIdBytes(messageId),
      text: change.text === undefined ? text : checkText(change.text ?? '', 'text'),
      metadata:
        change.metadata === undefined
          ? metadata
          : change.metadata === null
            ? {}
            : applyMetadata(metadata, checkMetadata(change.metadata, { nullable: true })),
      reply,
    })
    await this.replica.commit(() => ({ kind: EntryKind.edit, payload, epoch: this.replica.epochs.current }))
    const [updated] = await this.#read([content.key])
    return this.#hand(updated!, callback)
  }

  async deleteMessage(messageId: MessageId): Promise<void> {
    this.#assertWriter()
    await this.#own(messageId)
    const payload = encodeDelete({ target: messageIdBytes(messageId) })
    await this.replica.commit(() => ({ kind: EntryKind.delete, payload, epoch: this.replica.epochs.current }))
  }

  startTyping(): void {
    this.#assertWriter()
    this.presence.startTyping()
  }

  stopTyping(): void {
    this.#assertOpen()
    this.presence.stopTyping()
  }

  async seen(messageId?: MessageId): Promise<void> {
    this.#assertWriter()
    const { timeline } = this.replica
    const key =
      messageId === undefined
        ? (await timeline.slice(timeline.total - 1, timeline.total))[0]
        : await timeline.keyOf(parseMessageId(messageId))
    if (key === undefined) {
      if (messageId === undefined) return
      throw new ParleyError('MessageNotFound', 'there is no such message in this conversation')
    }
    if (await this.receipts.advance(key)) await this.#queue.idle()
  }

  async invite(init: InviteInit = {}): Promise<string> {
    this.#assertWriter()
    const { membership } = this.replica.controls
    if (!hasRole(membership.members.get(this.#context.me.userId)?.role, 'admin'))
      throw new ParleyError('NotAllowed', 'only the founder can make invite links')
    const maxUses = init.uses ?? 1
    const expiresInMs = init.expiresInMs ?? DEFAULT_INVITE_MS
    if (!Number.isInteger(maxUses) || maxUses < 1 || maxUses > MAX_INVITE_USES)
      throw new ParleyError('InvalidArgument', `uses is a whole number from 1 to ${MAX_INVITE_USES}`)
    if (!Number.isFinite(expiresInMs) || expiresInMs <= 0 || expiresInMs > MAX_INVITE_MS)
      throw new ParleyError('InvalidArgument', 'expiresInMs is a time from now, at most ten years')
    const seed = this.#context.random.bytes(32)
    const hints = init.hints ?? this.#network.addresses().slice(0, 8)
    const link = encodeInviteLink(init.base ?? 'parley://join', { conversation: this.replica.bytes, seed, hints })
    const { publicKey } = inviteKey(seed)
    const expiresMs = Math.floor(this.#context.clock.now() + expiresInMs)
    await this.replica.commitControl({ op: 'invite', publicKey, role: ROLES.writer, maxUses, expiresMs })
    return link
  }

  // --- from the engine

  /** Entries of this device went out on a link. */
  noteSent(nextSeq: number): void {
    const from = this.#sentSeq
    if (nextSeq <= from) return
    this.#sentSeq = nextSeq
    this.#announceState('sent', from, nextSeq)
  }

  /** Links or progress changed. */
  updateSyncState(): void {
    if (this.#isClosed) return
    const sessions = this.#network.sessions(this.replica)
    const outstanding = Math.max(0, ...sessions.map((s) => s.outstanding))
    const isSyncing = outstanding > 0 || (sessions.length > 0 && !sessions.some((s) => s.isLevel))
    this.#syncTotal = isSyncing ? Math.max(this.#syncTotal, outstanding) : 0
    const phase = sessions.length === 0 ? (this.#network.isReachable ? 'connecting' : 'offline') : isSyncing ? 'syncing' : 'live'
    const next: SyncState = Object.freeze({ phase, peers: sessions.length, done: this.#syncTotal - outstanding, total: this.#syncTotal })
    const before = this.#syncState
    if (before.phase === next.phase && before.peers === next.peers && before.done === next.done && before.total === next.total) return
    this.#syncState = next
    this.#events.emit('syncState', next)
  }

  // --- inside

  #listen(): void {
    const { replica, receipts, presence } = this
    replica.events.on('timeline', (changes) => this.#inOrder(() => this.#onTimeline(changes), 'timeline'))
    replica.events.on('control', () => this.#inOrder(() => this.#onControl(), 'control'))
    replica.events.on('state', () => {
      this.#events.emit('state', this.state)
      this.#onListChange()
    })
    replica.events.on('entries', () => this.#scheduleCheckpoint())
    receipts.events.on('seen', (user, key) => this.#inOrder(() => this.#onSeen(user, key), 'seen'))
    presence.events.on('typing', (user) => this.#onPresence(user, () => this.#events.emit('typing', this.#user(user))))
    presence.events.on('typingStopped', (user) => this.#onPresence(user, () => this.#events.emit('typingStopped', this.#user(user))))
    presence.events.on('status', (user, status) => {
      this.#onPresence(user, () => this.#events.emit('memberStatus', user, status))
      this.#view.show({ members: this.members() })
    })
    presence.events.on('packet', () => {
      for (const user of this.getMembers()) if (user !== this.#context.me.userId && presence.isOnline(user)) this.#showPresence(user)
    })
  }

  #inOrder(task: () => Promise<void>, where: string): void {
    if (this.#isClosed) return
    this.#queue.run(task).catch((error: unknown) => {
      this.#context.report(error, where)
      this.#events.emit('error', error instanceof Error ? error : new Error(String(error)))
    })
  }

  async #onTimeline(changes: readonly TimelineChange[]): Promise<void> {
    const posted = changes.flatMap((change) => (change.type === 'posted' ? [change.key] : []))
    this.#noteOwn(posted)
    const others = posted.filter((key) => !isBy(key, this.#context.me.deviceBytes))
    this.#endTyping(others)
    await this.#newest.apply(changes)
    this.#scheduleView()
    if (this.#events.has('message')) {
      for (let i = 0; i < others.length; i += ANNOUNCE_BATCH)
        for (const message of await this.#read(others.slice(i, i + ANNOUNCE_BATCH))) this.#events.emit('message', message)
    }
    for (const change of changes) {
      if (change.type === 'deleted') this.#events.emit('messageDeleted', change.id)
      if (change.type !== 'edited') continue
      const key = await this.replica.timeline.keyOf(change.id)
      if (key !== undefined) for (const message of await this.#read([key])) this.#events.emit('messageUpdated', message)
    }
    this.#onListChange()
  }

  async #onControl(): Promise<void> {
    const members = this.#lastMembers
    const metadata = this.#lastMetadata
    this.#noteControl()
    this.#scheduleView()
    for (const user of this.#lastMembers) if (!members.includes(user)) this.#events.emit('memberAdded', user)
    if (metadata !== this.#lastMetadata) this.#events.emit('metadataUpdated', this.getMetadata())
    this.#onListChange()
  }

  #noteControl(): void {
    this.#lastMembers = this.getMembers()
    this.#lastMetadata = JSON.stringify([this.getMetadata(), this.getTitle(), this.getAvatar()])
    this.#view.show({ metadata: { ...this.getMetadata() }, members: this.members() })
  }

  async #onSeen(user: UserId, key: Uint8Array): Promise<void> {
    const isMe = user === this.#context.me.userId
    if (isMe) await this.#newest.countUnread()
    this.#scheduleView()
    this.#events.emit('seen', messageIdOfKey(key), this.#user(user))
    if (isMe) return this.#onListChange()
    const from = this.#seenByOthers
    if (from !== undefined && compareKeys(key, from) <= 0) return
    this.#seenByOthers = key
    const me = this.#context.me.deviceId
    for (const content of this.#newest.contents) {
      const isNew = (from === undefined || compareKeys(content.key, from) > 0) && compareKeys(content.key, key) <= 0
      if (isNew && content.device === me) this.#events.emit('messageState', content.id, 'seen')
    }
  }

  #onPresence(user: UserId, emit: () => void): void {
    this.#showPresence(user)
    emit()
    this.#onListChange()
  }

  #showPresence(user: UserId): void {
    const { id, name } = this.#user(user)
    this.#view.present(user, this.presence.isOnline(user) ? { user: { id, name }, typing: this.presence.isTyping(user) } : undefined)
  }

  #onStored(device: DeviceId, nextSeq: number): void {
    if (this.replica.userOf(device) === this.#context.me.userId || nextSeq <= this.#deliveredSeq) return
    const from = this.#deliveredSeq
    this.#deliveredSeq = Math.min(nextSeq, this.replica.log.nextSeq(this.#context.me.deviceId))
    this.#sentSeq = Math.max(this.#sentSeq, this.#deliveredSeq)
    this.#scheduleCheckpoint()
    this.#announceState('delivered', from, this.#deliveredSeq)
  }

  /** Announces a state of the own messages with `from <= seq < to`, in order with what else is announced. */
  #announceState(state: MessageState, from: number, to: number): void {
    this.#inOrder(() => {
      this.#scheduleView()
      for (const [seq, id] of this.#ownIds) if (seq >= from && seq < to) this.#events.emit('messageState', id, state)
      return Promise.resolve()
    }, 'message state')
  }

  /** Who sends has stopped typing. */
  #endTyping(keys: readonly Uint8Array[]): void {
    let last: Uint8Array | undefined
    for (const key of keys) {
      // A run of one author is looked up once.
      if (last !== undefined && isBy(key, last.subarray(24, 40))) continue
      last = key
      const user = authorOf(this.replica, key)
      if (user !== undefined) this.presence.sent(user)
    }
  }

  #noteOwn(keys: readonly Uint8Array[]): void {
    const own = keys.filter((key) => isBy(key, this.#context.me.deviceBytes)).slice(-ANNOUNCED_STATES)
    for (const { seq, id } of own.map(parseTimelineKey)) this.#ownIds.set(seq, id)
    for (const seq of this.#ownIds.keys()) {
      if (this.#ownIds.size <= ANNOUNCED_STATES) break
      this.#ownIds.delete(seq)
    }
  }

  async #showMessages(): Promise<void> {
    await this.#newest.settle()
    if (this.#isClosed) return
    this.#viewShownAt = this.#context.clock.now()
    this.#view.show({ messages: this.#newest.contents.map((content) => this.#message(content)) })
  }

  #scheduleView(): void {
    if (this.#isClosed) return
    const every = this.#syncState.phase === 'syncing' ? VIEW_WHILE_SYNCING_MS : VIEW_EVERY_MS
    // Never longer than the interval: the clock may have been set back since.
    const wait = Math.min(every, Math.max(0, this.#viewShownAt + every - this.#context.clock.now()))
    this.#cancelView ??= this.#context.clock.setTimeout(() => {
      this.#cancelView = undefined
      this.#inOrder(() => this.#showMessages(), 'view')
    }, wait)
  }

  async #read(keys: readonly Uint8Array[]): Promise<Message[]> {
    return (await this.replica.timeline.read(keys)).map((content) => this.#message(content))
  }

  #message(content: Content): Message {
    const author = this.replica.userOf(content.device)
    const isOwn = author === this.#context.me.userId
    const seenBy = this.receipts.seenBy(content.key).filter((user) => user !== author)
    return Object.freeze({
      id: content.id,
      conversationId: this.replica.id,
      author: this.#user(author ?? ('' as UserId)),
      text: content.payload.text,
      metadata: Object.freeze({ ...content.payload.metadata }),
      sentAt: content.hlc.ms,
      editedAt: content.editedAt,
      replyTo: content.payload.reply === undefined ? undefined : messageIdFromBytes(content.payload.reply),
      state: isOwn ? this.#stateOf(content, seenBy.length > 0) : undefined,
      seenBy: Object.freeze(seenBy),
    })
  }

  #stateOf({ device, seq }: Content, isSeen: boolean): MessageState {
    if (isSeen) return 'seen'
    // Another device of this user sent it: it has come here over a link.
    if (device !== this.#context.me.deviceId) return 'sent'
    return seq < this.#deliveredSeq ? 'delivered' : seq < this.#sentSeq ? 'sent' : 'stored'
  }

  #user(id: UserId): User {
    return Object.freeze({ id, ...this.replica.controls.profile(id) })
  }

  async #own(messageId: MessageId): Promise<Content> {
    const key = await this.replica.timeline.keyOf(parseMessageId(messageId))
    const content = key === undefined ? undefined : (await this.replica.timeline.read([key]))[0]
    if (content === undefined) throw new ParleyError('MessageNotFound', 'there is no such message in this conversation')
    if (this.replica.userOf(content.device) !== this.#context.me.userId)
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

  #scheduleCheckpoint(): void {
    if (this.#isClosed) return
    this.#cancelCheckpoint ??= this.#context.clock.setTimeout(() => {
      this.#cancelCheckpoint = undefined
      const row = { type: 'put', key: this.replica.keys.delivered(), value: encodeCbor(this.#deliveredSeq) } as const
      Promise.all([this.replica.checkpoint(), this.#context.store.write([row])]).catch((error: unknown) =>
        this.#context.report(error, 'checkpoint'),
      )
    }, CHECKPOINT_AFTER_MS)
  }

  /** Resolves when the state changes, the signal fires, or the conversation closes. */
  #stateChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        off()
        this.#waiting.delete(done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const off = this.#events.on('state', done)
      this.#waiting.add(done)
      signal?.addEventListener('abort', done)
    })
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ParleyError('Closed', 'this profile has been closed')
  }

  #assertWriter(): void {
    this.#assertOpen()
    if (this.state === 'refused') throw this.refusal ?? new ParleyError('NotAMember', 'you are not a member of this conversation')
    if (this.replica.isFrozen) throw profileForked()
    if (this.state === 'joining') throw new ParleyError('NotAMember', 'no member has let you in yet; wait for conversation.admitted()')
  }
}

function refusalError(code: string): ParleyError {
  if (code === 'InviteExpired') return new ParleyError('InviteExpired', 'this invite has expired; ask for a new one')
  if (code === 'InviteUsedUp') return new ParleyError('InviteUsedUp', 'this invite has been used as often as it may be; ask for a new one')
  return new ParleyError('InviteInvalid', 'this invite is not valid; ask for a new one')
}
