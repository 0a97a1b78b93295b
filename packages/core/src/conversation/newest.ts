/** The newest messages of a conversation in memory, with the count of unread ones; kept up to date by what changed, not by looking again. */
import { compareBytes, deviceIdOf, type MessageId, type UserId } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { ConversationPreferences } from './preferences.ts'
import type { Receipts } from './receipts.ts'
import type { Replica } from '../replica/replica.ts'
import type { Content } from '../replica/content-cache.ts'
import type { TimelineChange } from '../replica/timeline.ts'
import { keyAfter, messageIdOfKey } from '../replica/timeline-key.ts'

/** Messages kept: some screens full, whatever the length of the history. */
export const NEWEST_MESSAGES = 100
/** From so many new messages at once the window is read once it is shown, not for each batch: a history is coming in. */
const BULK_MESSAGES = 64
/** Unread messages are counted up to here; an application shows "999+". */
export const MAX_UNREAD = 1_000

export class NewestMessages {
  readonly #context: Context
  readonly #replica: Replica
  readonly #receipts: Receipts
  readonly #preferences: ConversationPreferences
  readonly #isBlocked: (user: UserId) => boolean
  /** Ascending by key. */
  #contents: Content[] = []
  #unread = 0
  #unreadMentions = 0
  /** Key of the oldest unread message. */
  #firstUnread: Uint8Array | undefined
  /** Only the last message is held; the others are read when somebody looks. */
  #isStale = false
  /** How often something happened to the timeline. */
  #changes = 0
  /** Messages that there were when unread ones were last counted, and those since. */
  #total = 0

  /** `isBlocked`: whose messages are not counted. */
  constructor(
    context: Context,
    replica: Replica,
    receipts: Receipts,
    preferences: ConversationPreferences,
    isBlocked: (user: UserId) => boolean,
  ) {
    this.#isBlocked = isBlocked
    this.#preferences = preferences
    this.#context = context
    this.#replica = replica
    this.#receipts = receipts
  }

  /** Oldest first. */
  get contents(): readonly Content[] {
    return this.#contents
  }

  get last(): Content | undefined {
    return this.#contents.at(-1)
  }

  get unread(): number {
    return this.#unread
  }

  get unreadMentions(): number {
    return this.#unreadMentions
  }

  get firstUnread(): MessageId | undefined {
    return this.#firstUnread === undefined ? undefined : messageIdOfKey(this.#firstUnread)
  }

  /** Another one when something has happened to the timeline since. */
  get stamp(): string {
    return `${this.#changes}:${this.#replica.timeline.total}`
  }

  /** Reads the window again when a history went by. */
  async settle(): Promise<void> {
    if (this.#isStale) await this.load()
  }

  /** Reads the window and counts anew. */
  async load(): Promise<void> {
    const { timeline } = this.#replica
    this.#isStale = false
    this.#contents = await timeline.read(await timeline.slice(Math.max(0, timeline.total - NEWEST_MESSAGES), timeline.total))
    await this.countUnread()
  }

  /** Takes in what happened to the timeline; with no changes, everything may be different. */
  async apply(changes: readonly TimelineChange[]): Promise<void> {
    this.#changes++
    if (changes.length === 0) return this.load()
    const posted = changes.flatMap((change) => (change.type === 'posted' ? [change.key] : []))
    const gone = new Set(changes.flatMap((change) => (change.type === 'deleted' ? [change.id] : [])))
    const changed = new Set(changes.flatMap((change) => (change.type === 'posted' ? [] : [change.id])))
    if (gone.size > 0 && this.#contents.some((content) => gone.has(content.id))) return this.load()
    if (changed.size > 0 && this.#contents.some((content) => changed.has(content.id))) await this.#readAgain(changed)
    await this.#add(posted)
    this.#total += posted.length
    // A deletion, or a count made meanwhile that has these changes in it already.
    if (gone.size > 0 || this.#total !== this.#replica.timeline.total) await this.countUnread()
    else await this.#countMentions(this.#from())
  }

  /** Counts the messages of others behind this user's position. */
  async countUnread(): Promise<void> {
    const { timeline } = this.#replica
    const from = this.#from()
    this.#total = timeline.total
    const seen = from === undefined ? 0 : await timeline.rank(from)
    const keys = await timeline.slice(Math.max(seen, timeline.total - MAX_UNREAD), timeline.total)
    const unread = keys.filter((key) => this.#isUnread(key, from))
    this.#unread = unread.length
    // With more than are counted, the oldest lies before those; this user's own words seldom fill so much.
    const oldest = keys.length < timeline.total - seen ? await timeline.slice(seen, seen + MAX_UNREAD) : unread
    this.#firstUnread = oldest.find((key) => this.#isUnread(key, from)) ?? unread[0]
    await this.#countMentions(from)
  }

  async #countMentions(from: Uint8Array | undefined): Promise<void> {
    this.#unreadMentions = await this.#replica.timeline.indexes.mentionsFrom(from)
  }

  async #add(posted: readonly Uint8Array[]): Promise<void> {
    if (posted.length === 0) return
    const from = this.#from()
    const unread = posted.filter((key) => this.#isUnread(key, from))
    this.#unread = Math.min(MAX_UNREAD, this.#unread + unread.length)
    for (const key of unread) if (this.#firstUnread === undefined || compareBytes(key, this.#firstUnread) < 0) this.#firstUnread = key
    if (this.#isStale || posted.length >= BULK_MESSAGES) {
      const { timeline } = this.#replica
      this.#isStale = true
      this.#contents = await timeline.read(await timeline.slice(timeline.total - 1, timeline.total))
      return
    }
    const oldest = this.#contents.length < NEWEST_MESSAGES ? undefined : this.#contents[0]!.key
    const shown = posted.filter((key) => oldest === undefined || compareBytes(key, oldest) > 0).sort(compareBytes)
    const read = await this.#replica.timeline.read(shown.slice(-NEWEST_MESSAGES))
    const last = this.last?.key
    const contents = [...this.#contents, ...read]
    // As a rule what comes is newer than all that is here.
    if (read[0] !== undefined && (last === undefined || compareBytes(read[0].key, last) > 0)) {
      this.#contents = contents.slice(-NEWEST_MESSAGES)
      return
    }
    const byId = new Map<MessageId, Content>(contents.map((content) => [content.id, content]))
    this.#contents = [...byId.values()].sort((a, b) => compareBytes(a.key, b.key)).slice(-NEWEST_MESSAGES)
  }

  async #readAgain(ids: ReadonlySet<MessageId>): Promise<void> {
    const fresh = await this.#replica.timeline.read(this.#contents.filter((content) => ids.has(content.id)).map((content) => content.key))
    const byId = new Map<MessageId, Content>(fresh.map((content) => [content.id, content]))
    this.#contents = this.#contents.map((content) => byId.get(content.id) ?? content)
  }

  /** Timeline key from which messages of others are unread; undefined for all. */
  #from(): Uint8Array | undefined {
    const marked = this.#preferences.unreadFrom
    if (marked !== undefined) return marked
    const position = this.#receipts.position(this.#context.me.userId)
    return position === undefined ? undefined : keyAfter(position)
  }

  #isUnread(key: Uint8Array, from: Uint8Array | undefined): boolean {
    if (from !== undefined && compareBytes(key, from) < 0) return false
    const { deviceBytes, userId } = this.#context.me
    if (isBy(key, deviceBytes)) return false
    const author = authorOf(this.#replica, key)
    return author !== userId && (author === undefined || !this.#isBlocked(author))
  }
}

/** Whether the message under a timeline key was written by that device (16 bytes). */
export function isBy(key: Uint8Array, device: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if (key[24 + i] !== device[i]) return false
  return true
}

/** The user who wrote the message under a timeline key. */
export function authorOf(replica: Replica, key: Uint8Array): UserId | undefined {
  return replica.userOf(deviceIdOf(key.subarray(24, 40)))
}
