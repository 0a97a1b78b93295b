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
  messageIdParts,
  deviceIdOf,
  ParleyError,
  parseMessageId,
  ROLES,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import { inviteKeys } from '@parley/crypto'
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
} from './api.ts'
import { applyMetadata, checkMetadata, checkText } from './arguments.ts'
import type { Context } from './context.ts'
import { AVATAR, TITLE } from './control-log.ts'
import { Emitter } from './emitter.ts'
import { hasRole } from './membership.ts'
import { Mutex } from './mutex.ts'
import type { Network } from './network.ts'
import { Presence } from './presence.ts'
import { Receipts } from './receipts.ts'
import type { Replica } from './replica.ts'
import type { Shared } from './sync.ts'
import { compareKeys, timelineKey, type Content, type TimelineChange } from './timeline.ts'
import { View, VIEW_MESSAGES } from './view.ts'

/** Messages of a page (API.md). */
export const PAGE_MESSAGES = 25
/** Unread messages are counted up to here; an application shows "999+". */
export const MAX_UNREAD = 1_000
/** Messages read at a time to announce them. */
const ANNOUNCE_BATCH = 256
/** The folds are written down so long after the last change. */
const CHECKPOINT_AFTER_MS = 2_000
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
  #last: Message | undefined
  #unread = 0
  #sentSeq = 0
  #deliveredSeq = 0
  #syncState: SyncState = { phase: 'offline', peers: 0, done: 0, total: 0 }
  #syncTotal = 0
  /** The newest messages as read, oldest first. */
  #window = new Map<MessageId, Content>()
  #cancelCheckpoint: (() => void) | undefined
  #isClosed = false
  #lastMetadata = ''
  #lastMembers: readonly UserId[] = []

  constructor(init: ConversationInit) {
    this.#context = init.context
    this.replica = init.replica
    this.#network = init.network
    this.#onListChange = init.onListChange
    this.receipts = new Receipts(init.context, init.replica)
    this.presence = new Presence(init.context, init.replica)
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
    await this.#refresh()
    this.#noteControl()
    this.presence.start()
    return {
      context: this.#context,
      replica: this.replica,
      receipts: this.receipts,
      presence: this.presence,
      onStored: (device, nextSeq) => this.#onStored(device, nextSeq),
      onProgress: () => this.updateSyncState(),
      onReject: () => undefined,
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelCheckpoint?.()
    await this.presence.stop()
    await this.replica.close()
    await this.#queue.idle()
    await this.#viewCache?.close()
    this.#events.clear()
    this.#view.destroy()
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
    return this.#unread
  }

  get doc(): Y.Doc {
    return this.#view.doc
  }

  get awareness(): Awareness {
    return this.#view.awareness
  }

  /** When something last happened, for the order of a list. */
  get lastActivity(): number {
    return this.#last?.sentAt ?? this.replica.record.since
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
    for (;;) {
      const totalMessages = this.replica.timeline.total
      const totalPages = Math.max(1, Math.ceil(totalMessages / PAGE_MESSAGES))
      const shown = page ?? 1
      if (!Number.isInteger(shown) || shown < 1 || shown > totalPages) {
        throw new ParleyError('PageOutOfRange', `there are ${totalPages} pages; ask for a whole number from 1 to ${totalPages}`)
      }
      const to = totalMessages - (shown - 1) * PAGE_MESSAGES
      const keys = await this.replica.timeline.slice(Math.max(0, to - PAGE_MESSAGES), to)
      // Something came or went in between: the ranks mean something else now.
      if (this.replica.timeline.total !== totalMessages) continue
      const messages = await this.#read(keys)
      return Object.freeze({ messages: Object.freeze(messages), page: shown, totalMessages, totalPages })
    }
  }

  async getMessage(messageId: MessageId): Promise<Message | undefined> {
    this.#assertOpen()
    const key = await this.replica.timeline.keyOf(parseMessageId(messageId))
    return key === undefined ? undefined : (await this.#read([key]))[0]
  }

  getLastMessage(): Message | undefined {
    return this.#last
  }

  async sendMessage(message: SendMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#assertWriter()
    const payload = encodePost({
      text: checkText(message.text ?? '', 'text'),
      metadata: checkMetadata(message.metadata ?? {}),
      reply: message.replyTo === undefined ? undefined : messageIdBytes(parseMessageId(message.replyTo)),
    })
    this.presence.stopTyping()
    const entry = await this.replica.commit(() => ({ kind: EntryKind.post, payload, epoch: this.replica.epochs.current }))
    const key = timelineKey(entry.hlc, entry.id, this.#context.me.deviceBytes, entry.seq)
    const [sent] = await this.#read([key])
    return this.#hand(sent!, callback)
  }

  async updateMessage(messageId: MessageId, change: UpdateMessageInit, callback?: (message: Message) => void): Promise<Message> {
    this.#assertWriter()
    const content = await this.#own(messageId)
    const { text, metadata, reply } = content.payload
    const payload = encodeEdit({
      target: messageIdBytes(messageId),
      text: change.text === undefined ? text : checkText(change.text ?? '', 'text'),
      metadata: change.metadata === undefined ? metadata : change.metadata === null ? {} : applyMetadata(metadata, checkMetadata(change.metadata, { nullable: true })),
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
    const key = messageId === undefined ? (await timeline.slice(timeline.total - 1, timeline.total))[0] : await timeline.keyOf(parseMessageId(messageId))
    if (key === undefined) {
      if (messageId === undefined) return
      throw new ParleyError('MessageNotFound', 'there is no such message in this conversation')
    }
    if (await this.receipts.advance(key)) await this.#queue.run(() => this.#refresh())
  }

  async invite(init: InviteInit = {}): Promise<string> {
    this.#assertWriter()
    const { membership } = this.replica.controls
    if (!hasRole(membership.members.get(this.#context.me.userId)?.role, 'admin')) throw new ParleyError('NotAllowed', 'only the founder can make invite links')
    const maxUses = init.uses ?? 1
    const expiresInMs = init.expiresInMs ?? DEFAULT_INVITE_MS
    if (!Number.isInteger(maxUses) || maxUses < 1 || maxUses > MAX_INVITE_USES) throw new ParleyError('InvalidArgument', `uses is a whole number from 1 to ${MAX_INVITE_USES}`)
    if (!Number.isFinite(expiresInMs) || expiresInMs <= 0 || expiresInMs > MAX_INVITE_MS) throw new ParleyError('InvalidArgument', 'expiresInMs is a time from now, at most ten years')
    const seed = this.#context.random.bytes(32)
    const hints = init.hints ?? this.#network.addresses().slice(0, 8)
    const link = encodeInviteLink(init.base ?? 'parley://join', { conversation: this.replica.bytes, seed, hints })
    const { publicKey } = inviteKeys(seed)
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
    const me = this.#context.me.deviceId
    const posted = changes.flatMap((c) => (c.type === 'posted' ? [c.key] : [])).filter((key) => deviceIdOf(key.subarray(24, 40)) !== me)
    for (const key of posted) {
      const user = this.replica.userOf(deviceIdOf(key.subarray(24, 40)))
      if (user !== undefined) this.presence.sent(user)
    }
    for (const change of changes) if (change.type !== 'posted') this.#window.delete(change.id)
    await this.#refresh()
    if (this.#events.has('message')) {
      for (let i = 0; i < posted.length; i += ANNOUNCE_BATCH) for (const message of await this.#read(posted.slice(i, i + ANNOUNCE_BATCH))) this.#events.emit('message', message)
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
    await this.#refresh()
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
    await this.#refresh()
    this.#events.emit('seen', messageIdFromBytes(messageIdOfKey(key)), this.#user(user))
    if (user === this.#context.me.userId) this.#onListChange()
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

  /** Announces a state for the own messages in the newest window; older ones are asked for by page. */
  #announceState(state: MessageState, from: number, to: number): void {
    this.#inOrder(async () => {
      await this.#refresh()
      const me = this.#context.me.deviceId
      const { timeline } = this.replica
      for (const key of await timeline.slice(Math.max(0, timeline.total - VIEW_MESSAGES), timeline.total)) {
        const { device, seq } = messageIdParts(messageIdFromBytes(messageIdOfKey(key)))
        if (deviceIdOf(device) === me && seq >= from && seq < to) this.#events.emit('messageState', messageIdFromBytes(messageIdOfKey(key)), state)
      }
    }, 'message state')
  }

  /** Brings last message, unread count and view document up to date. Only what is new in the window is read and opened. */
  async #refresh(): Promise<void> {
    const { timeline } = this.replica
    const keys = await timeline.slice(Math.max(0, timeline.total - VIEW_MESSAGES), timeline.total)
    const ids = keys.map((key) => messageIdFromBytes(messageIdOfKey(key)))
    const fresh = await timeline.read(keys.filter((_, i) => !this.#window.has(ids[i]!)))
    const contents = new Map([...this.#window.values(), ...fresh].map((content) => [content.id, content]))
    this.#window = new Map(ids.map((id) => [id, contents.get(id)!]))
    const messages = [...this.#window.values()].map((content) => this.#message(content))
    this.#last = messages.at(-1)
    this.#unread = await this.#countUnread()
    if (!this.#isClosed) this.#view.show({ messages })
  }

  async #countUnread(): Promise<number> {
    const { timeline } = this.replica
    const position = this.receipts.position(this.#context.me.userId)
    const seen = position === undefined ? 0 : await timeline.rank(position)
    const keys = await timeline.slice(Math.max(seen, timeline.total - MAX_UNREAD), timeline.total)
    return keys.filter((key) => (position === undefined || compareKeys(key, position) > 0) && this.replica.userOf(deviceIdOf(key.subarray(24, 40))) !== this.#context.me.userId).length
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
    if (this.replica.userOf(content.device) !== this.#context.me.userId) throw new ParleyError('NotAuthor', 'only the author can change a message')
    return content
  }

  #hand(message: Message, callback: ((message: Message) => void) | undefined): Message {
    try {
      callback?.(message)
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
      Promise.all([this.replica.checkpoint(), this.#context.store.write([row])]).catch((error: unknown) => this.#context.report(error, 'checkpoint'))
    }, CHECKPOINT_AFTER_MS)
  }

  #stateChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        off()
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const off = this.#events.on('state', done)
      signal?.addEventListener('abort', done)
    })
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new ParleyError('Closed', 'this profile has been closed')
  }

  #assertWriter(): void {
    this.#assertOpen()
    if (this.state === 'refused') throw this.refusal ?? new ParleyError('NotAMember', 'you are not a member of this conversation')
    if (this.state === 'joining') throw new ParleyError('NotAMember', 'no member has let you in yet; wait for conversation.admitted()')
  }
}

/** The 36 bytes of the message id in a timeline key. */
function messageIdOfKey(key: Uint8Array): Uint8Array {
  const id = new Uint8Array(36)
  id.set(key.subarray(24, 44), 0)
  id.set(key.subarray(8, 24), 20)
  return id
}

function refusalError(code: string): ParleyError {
  if (code === 'InviteExpired') return new ParleyError('InviteExpired', 'this invite has expired; ask for a new one')
  if (code === 'InviteUsedUp') return new ParleyError('InviteUsedUp', 'this invite has been used as often as it may be; ask for a new one')
  return new ParleyError('InviteInvalid', 'this invite is not valid; ask for a new one')
}

