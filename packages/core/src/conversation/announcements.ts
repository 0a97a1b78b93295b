/** From what changed in a replica to the events of the conversation. */
import type { MessageId, UserId } from '@parley/protocol'
import type { ConversationEvents } from '../api.ts'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'
import { compareKeys, messageIdOfKey } from '../replica/timeline-key.ts'
import type { TimelineChange } from '../replica/timeline.ts'
import type { Emitter } from '../support/emitter.ts'
import type { Delivery } from './delivery.ts'
import type { Details } from './details.ts'
import type { InOrder } from './in-order.ts'
import { pinnedMessages } from './marks.ts'
import type { Members } from './members.ts'
import type { Messages } from './messages.ts'
import { authorOf, isBy, type NewestMessages } from './newest.ts'
import type { ConversationPreferences } from './preferences.ts'
import type { People } from './people.ts'
import type { Presence } from './presence.ts'
import type { Receipts } from './receipts.ts'
import type { ViewUpdates } from './view-updates.ts'

/** Messages read at a time to announce them. */
const ANNOUNCE_BATCH = 256

export class Announcements {
  readonly #context: Context
  readonly #replica: Replica
  readonly #receipts: Receipts
  readonly #presence: Presence
  readonly #events: Emitter<ConversationEvents>
  readonly #inOrder: InOrder
  readonly #newest: NewestMessages
  readonly #messages: Messages
  readonly #members: Members
  readonly #delivery: Delivery
  readonly #views: ViewUpdates
  readonly #preferences: ConversationPreferences
  readonly #people: People
  readonly #details: Details
  readonly #onListChange: () => void
  #lastMetadata = ''
  #lastMembers: ReadonlyMap<UserId, string> = new Map()
  #lastPinned: ReadonlySet<MessageId> = new Set()
  /** Timeline key up to which another member has seen the conversation. */
  #seenByOthers: Uint8Array | undefined

  /** `onListChange` hears of what a list of conversations shows. */
  constructor(options: {
    context: Context
    replica: Replica
    receipts: Receipts
    presence: Presence
    events: Emitter<ConversationEvents>
    inOrder: InOrder
    newest: NewestMessages
    messages: Messages
    members: Members
    delivery: Delivery
    views: ViewUpdates
    preferences: ConversationPreferences
    people: People
    details: Details
    onListChange: () => void
  }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#receipts = options.receipts
    this.#presence = options.presence
    this.#events = options.events
    this.#inOrder = options.inOrder
    this.#newest = options.newest
    this.#messages = options.messages
    this.#members = options.members
    this.#delivery = options.delivery
    this.#views = options.views
    this.#preferences = options.preferences
    this.#people = options.people
    this.#details = options.details
    this.#onListChange = options.onListChange
  }

  /** Begins to listen. */
  listen(): void {
    const replica = this.#replica
    const receipts = this.#receipts
    const presence = this.#presence
    replica.events.on('timeline', (changes) => this.#inOrder.run(() => this.#onTimeline(changes), 'timeline'))
    replica.events.on('control', () => this.#inOrder.run(() => this.#onControl(), 'control'))
    replica.events.on('state', () => {
      this.#events.emit('state', replica.record.state)
      this.#onListChange()
    })
    receipts.events.on('seen', (user, key) => this.#inOrder.run(() => this.#onSeen(user, key), 'seen'))
    presence.events.on('typing', (user) => this.#onPresence(user, () => this.#events.emit('typing', this.#members.user(user))))
    presence.events.on('typingStopped', (user) =>
      this.#onPresence(user, () => this.#events.emit('typingStopped', this.#members.user(user))),
    )
    presence.events.on('status', (user, status) => {
      this.#onPresence(user, () => this.#events.emit('memberStatus', user, status))
      this.#views.showMembers()
    })
    // A sign of life: without one, the awareness of y-protocols takes a person for gone.
    presence.events.on('packet', (_, device) => {
      const user = this.#replica.userOf(device)
      if (user !== undefined && user !== this.#context.me.userId && presence.isOnline(user) && !this.#people.isBlocked(user))
        this.#views.showPresence(user)
    })
  }

  /** Shows what control entries say, and remembers it to tell what changes. */
  noteControl(): void {
    const { metadata, title, avatar } = this.#details
    this.#lastMembers = this.#members.states()
    this.#lastPinned = pinnedMessages(this.#replica)
    this.#lastMetadata = JSON.stringify([metadata, title, avatar])
    this.#views.showControl(metadata)
  }

  async #onTimeline(changes: readonly TimelineChange[]): Promise<void> {
    const posted = changes.flatMap((change) => (change.type === 'posted' ? [change.key] : []))
    const others = posted.filter((key) => !isBy(key, this.#context.me.deviceBytes))
    this.#endTyping(others)
    await this.#newest.apply(changes)
    this.#delivery.noteOwn(posted)
    this.#views.schedule({ isNews: true })
    if (this.#events.has('message')) {
      for (let i = 0; i < others.length; i += ANNOUNCE_BATCH)
        for (const message of await this.#messages.read(others.slice(i, i + ANNOUNCE_BATCH)))
          if (!message.isBlocked) this.#events.emit('message', message)
    }
    for (const change of changes) {
      if (change.type === 'deleted') this.#events.emit('messageDeleted', change.id)
      if (change.type === 'reacted' && this.#events.has('reaction') && !this.#people.isBlocked(change.user)) {
        const { id, emoji, user, on } = change
        const isShown = (await this.#replica.timeline.keyOf(id)) !== undefined
        if (isShown) this.#events.emit('reaction', id, Object.freeze({ emoji, user: this.#members.user(user), on }))
      }
      if (change.type !== 'edited') continue
      const key = await this.#replica.timeline.keyOf(change.id)
      const messages = key === undefined ? [] : await this.#messages.read([key])
      for (const message of messages) if (!message.isBlocked) this.#events.emit('messageUpdated', message)
    }
    this.#onListChange()
  }

  async #onControl(): Promise<void> {
    const members = this.#lastMembers
    const metadata = this.#lastMetadata
    const pinned = this.#lastPinned
    this.noteControl()
    this.#views.schedule()
    for (const [user, state] of this.#lastMembers) {
      const before = members.get(user)
      if (before === undefined) this.#events.emit('memberAdded', user)
      else if (before !== state) this.#events.emit('memberChanged', user)
    }
    for (const user of members.keys()) if (!this.#lastMembers.has(user)) this.#events.emit('memberRemoved', user)
    for (const id of this.#lastPinned) if (!pinned.has(id)) this.#events.emit('pinned', id, true)
    for (const id of pinned) if (!this.#lastPinned.has(id)) this.#events.emit('pinned', id, false)
    if (metadata !== this.#lastMetadata) this.#events.emit('metadataUpdated', this.#details.metadata)
    this.#onListChange()
  }

  async #onSeen(user: UserId, key: Uint8Array): Promise<void> {
    const isMe = user === this.#context.me.userId
    if (isMe) await this.#ownSeen(key)
    this.#views.schedule()
    if (!this.#people.isBlocked(user)) this.#events.emit('seen', messageIdOfKey(key), this.#members.user(user))
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

  /** This user has seen, here or on another device. */
  async #ownSeen(key: Uint8Array): Promise<void> {
    const { unreadFrom } = this.#preferences
    if (unreadFrom !== undefined && compareKeys(key, unreadFrom) >= 0) await this.#preferences.markUnread(undefined)
    await this.#newest.countUnread()
  }

  /** What is remembered of this user's reading changed. */
  onPreferences(): void {
    this.#inOrder.run(async () => {
      await this.#newest.countUnread()
      this.#onListChange()
    }, 'unread')
  }

  /** Somebody was blocked, or is called otherwise. */
  onPeople(): void {
    this.noteControl()
    this.#views.schedule()
    this.#inOrder.run(() => this.#newest.countUnread(), 'unread')
  }

  #onPresence(user: UserId, emit: () => void): void {
    if (this.#people.isBlocked(user)) return
    this.#views.showPresence(user)
    emit()
    this.#onListChange()
  }

  /** Who sends has stopped typing. */
  #endTyping(keys: readonly Uint8Array[]): void {
    let last: Uint8Array | undefined
    for (const key of keys) {
      // A run of one author is looked up once.
      if (last !== undefined && isBy(key, last.subarray(24, 40))) continue
      last = key
      const user = authorOf(this.#replica, key)
      if (user !== undefined) this.#presence.sent(user)
    }
  }
}
