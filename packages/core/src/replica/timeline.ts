/**
 * The Timeline fold: which messages there are, in which order, and what became of them. The order lives in a rank tree over
 * (HLC, entry id), so a page is found by rank and a late message lands in its place. The fold is written down every now and then; what
 * came after is folded again when the conversation opens, so the work to open is bounded whatever the length of the history.
 */
import {
  deviceIdOf,
  EntryKind,
  isParleyError,
  messageIdBytes,
  messageIdParts,
  Reject,
  toBase32,
  type MessageId,
  type UserId,
} from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import type { Content } from './content-cache.ts'
import { Coverage } from './coverage.ts'
import { openRankTree, type RankTree } from '../rank-tree/rank-tree.ts'
import { decodeFolded, encodeFolded, isSpanHere, type FoldedSpan } from './folded-row.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import { entriesOf, type DamageMode, type LogSource } from './log-entries.ts'
import { onlyPosts, type Post } from './only-posts.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'
import { MessageContents, type Version } from './message-contents.ts'
import { MessageIndexes } from './message-indexes.ts'
import { encodeOverlay } from './overlay.ts'
import { Overlays } from './overlays.ts'
import { Responses } from './responses.ts'
import type { TimelineHost, TimelineInit } from './timeline-host.ts'
import { TimelineOperations } from './timeline-operations.ts'
import { TIMELINE_KEY_BYTES, timelineKey } from './timeline-key.ts'
import { without, type Voice } from './voices.ts'

/** Entries folded before the fold is written down: bounds the work after a crash, and spreads the cost of a node over many messages. */
const CHECKPOINT_ENTRIES = 256

/**
 * The same while a history comes in, whose entries lie far apart in the timeline: the nodes that they share are written that much more seldom. A crash then
 * costs folding so many again, less than a tenth of a second; more would hold more nodes in memory than their cache does.
 */
const BULK_CHECKPOINT_ENTRIES = 1_024

/** `answered`: it has another number of replies than before. */
export type TimelineChange =
  | { type: 'posted'; key: Uint8Array }
  | { type: 'edited' | 'deleted' | 'answered'; id: MessageId }
  | { type: 'reacted'; id: MessageId; user: UserId; emoji: string; on: boolean }

export class Timeline {
  /** What is done with entries that are damaged or lost. While opening it is worth refusing them: what others have can be fetched again. */
  onDamage: DamageMode = 'leave out'
  readonly #source: () => LogSource
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #log: ConversationLog
  readonly #host: TimelineHost
  #tree!: RankTree
  readonly #overlays: Overlays
  readonly #responses: Responses
  readonly #contents: MessageContents
  /** Replies, mentions and files, by their place in the timeline. */
  readonly indexes: MessageIndexes
  readonly #operations: TimelineOperations
  readonly #mend: () => Promise<void>
  /** Not while it is folded again, nor when the store failed meanwhile: what is not found then may be there. */
  #isWhole = false
  /** Which entries have been folded. */
  readonly #folded = new Coverage()
  /** Up to where, at the last checkpoint. */
  readonly #written = new Map<LogId, number>()
  /** Which entries counted when they were folded. */
  readonly #voices = new Map<LogId, readonly Voice[]>()
  #version = 0
  #sinceCheckpoint = 0
  #isOutdated = false
  /** What the tree gave to be written and is not known to be in the store, oldest first. */
  readonly #takes: StoreOperation[][] = []

  constructor(init: TimelineInit) {
    const { conversation, hash, keys, store, log, host, mend } = init
    this.#mend = mend
    this.#source = () => ({ conversation, hash, log, onDamage: this.onDamage })
    this.#keys = keys
    this.#store = store
    this.#log = log
    this.#host = host
    const written = (author: LogId): number => this.#written.get(author) ?? 0
    const overlays = new Overlays({ keys, store, log, written })
    const responses = new Responses({ keys, store, log, written })
    const contents = new MessageContents({
      log,
      overlays,
      responses,
      openBody: (of, seq, parts) => host.open(of, seq, parts),
      onDamage: (id, reject) => {
        if (this.onDamage === 'refuse') throw reject
        host.damaged(id)
      },
    })
    this.#overlays = overlays
    this.#responses = responses
    this.#contents = contents
    this.indexes = new MessageIndexes()
    this.#operations = new TimelineOperations({
      keys,
      store,
      hash,
      log,
      host,
      overlays,
      responses,
      contents,
      indexes: this.indexes,
      isFolded: (of, seq) => this.#folded.has(of, seq),
      keyOf: (id) => this.#keyOf(id),
      tree: () => this.#tree,
    })
  }

  /** Opens the index and folds what came after the last checkpoint; everything, when what was written down cannot be read. */
  async open(): Promise<void> {
    try {
      await this.#openStored()
    } catch (error) {
      if (!(error instanceof Reject) && !isParleyError(error, 'Internal')) throw error
      await this.#erase()
      this.#forget()
      await this.#openStored()
    }
    this.#isWhole = true
  }

  async #openStored(): Promise<void> {
    this.#tree = await openRankTree({ store: this.#store, prefix: this.#keys.timeline(), keyBytes: TIMELINE_KEY_BYTES })
    await this.indexes.open(this.#host.me(), this.#store, this.#keys)
    const folded = await this.#readFolded()
    // A fork came to light, and the process ended before everything was folded anew.
    if (this.#isOutdated || [...folded].some(([log, span]) => !isSpanHere(this.#log, log, span))) return this.rebuild()
    for (const [log, { from = this.#log.startOf(log), state }] of folded) {
      this.#folded.set(log, from, state.nextSeq)
      this.#written.set(log, state.nextSeq)
    }
    if (this.#log.starts.late().length > 0) await this.#overlays.readOrphans()
    for (const { log, state } of this.#log.heads()) {
      const start = this.#log.startOf(log)
      const span = folded.get(log)
      for await (const batch of entriesOf(this.#source(), log, start, span?.from ?? start)) await this.apply(batch)
      for await (const batch of entriesOf(this.#source(), log, span?.state.nextSeq ?? start, state.nextSeq)) await this.apply(batch)
    }
    for (const { log } of this.#log.heads()) this.#voices.set(log, this.#host.voice(log))
    this.#version = this.#host.version()
  }

  /**
   * Brings the fold in line with whose entries count now, for those that are in it: only what lies where that has changed is looked at. Undefined
   * when what has to go did more than post; then everything is to be folded anew. Call it with no `apply` under way.
   */
  async recount(): Promise<TimelineChange[] | undefined> {
    const gone: Post[] = []
    const come: { log: LogId; from: number; to: number }[] = []
    for (const { log } of this.#log.heads()) {
      const before = this.#voices.get(log)
      const now = this.#host.voice(log)
      if (before === undefined) continue
      const start = this.#folded.start(log)
      const end = this.#folded.end(log)
      for (const { from, to } of without(before, now)) {
        const entries = entriesOf(this.#source(), log, Math.max(from, start), Math.min(to, end))
        const posts = await onlyPosts(entries, this.#tree, this.#overlays)
        if (posts === undefined) return undefined
        gone.push(...posts)
      }
      for (const { from, to } of without(now, before)) come.push({ log, from: Math.max(from, start), to: Math.min(to, end) })
    }
    for (const { log } of this.#log.heads()) this.#voices.set(log, this.#host.voice(log))
    const changes = await this.#takeOut(gone)
    for (const { log, from, to } of come)
      for await (const batch of entriesOf(this.#source(), log, from, to)) changes.push(...(await this.apply(batch)))
    if (this.#version !== this.#host.version()) this.#sinceCheckpoint++
    this.#version = this.#host.version()
    return changes
  }

  /** Folds everything anew: who may speak has changed for what is already here. Call it with no `apply` under way. */
  async rebuild(): Promise<void> {
    await this.#erase()
    await this.reopen()
    await this.checkpoint()
  }

  /** Folds again from the last checkpoint: after a failure of the store halfway, what is in memory is neither before nor after. */
  async reopen(): Promise<void> {
    this.#forget()
    await this.open()
  }

  /** How many messages are here. */
  get total(): number {
    return this.#tree.size
  }

  /** Messages that were deleted and have not come. */
  deletedAhead(): Iterable<MessageId> {
    return this.#overlays.deletedOrphans()
  }

  /** Whether `checkpoint` has something to write. */
  get dirty(): boolean {
    return this.#sinceCheckpoint > 0
  }

  /** Whether enough has gathered that a checkpoint is due; `isBulk`: a history comes in. */
  isCheckpointDue(isBulk: boolean): boolean {
    return this.#sinceCheckpoint >= (isBulk ? BULK_CHECKPOINT_ENTRIES : CHECKPOINT_ENTRIES)
  }

  /** Whether something could not be opened when it was folded, for its key was not here: with more keys, fold anew. */
  get isMissingKeys(): boolean {
    return this.#operations.isMissingKeys
  }

  /** Whether that entry has been folded. */
  isFolded(log: LogId, seq: number): boolean {
    return this.#folded.has(log, seq)
  }

  /** Folds verified entries in the order of their log. They are in the store already. */
  async apply(entries: readonly LogEntry[]): Promise<TimelineChange[]> {
    const changes: TimelineChange[] = []
    let posts: Uint8Array[] = []
    for (const entry of entries) {
      const { kind } = entry.parts.header
      const isLate = this.#folded.has(entry.log, entry.seq)
      this.#folded.add(entry.log, entry.seq)
      // Written with a key that had been frozen, and seen by no member before.
      if (entry.seq >= this.#host.limit(entry.log) || !this.#host.mayPost(entry.device, entry.seq)) continue
      if (!this.#voices.has(entry.log)) this.#voices.set(entry.log, this.#host.voice(entry.log))
      if (kind === EntryKind.post) {
        const key = await this.#operations.post(entry, isLate)
        if (key !== undefined) posts.push(key)
        continue
      }
      if (kind !== EntryKind.edit && kind !== EntryKind.delete && kind !== EntryKind.react) continue
      await this.#insert(posts, changes)
      posts = []
      if (kind === EntryKind.delete) changes.push(...(await this.#operations.delete(entry)))
      const change = kind === EntryKind.edit ? await this.#operations.edit(entry) : undefined
      const reaction = kind === EntryKind.react ? await this.#operations.react(entry) : undefined
      if (change !== undefined) changes.push(change)
      if (reaction !== undefined) changes.push(reaction)
    }
    await this.#insert(posts, changes)
    this.#sinceCheckpoint += entries.length
    return changes
  }

  /** Writes the fold down. Call it with no `apply` under way. */
  async checkpoint(): Promise<void> {
    if (!this.dirty) return
    this.#takes.push([...this.#tree.takeOperations(), ...this.indexes.takeOperations()])
    const operations = this.#takes.flat()
    const overlays = this.#overlays.pending()
    const responses = this.#responses.pending()
    operations.push(...this.#responses.rows(responses))
    for (const [id, overlay] of overlays)
      operations.push({ type: 'put', key: this.#keys.overlay(messageIdBytes(id)), value: encodeOverlay(overlay) })
    const folded = {
      heads: this.#log.heads().map((head) => ({ ...head, from: this.#log.startOf(head.log) })),
      orphans: this.#overlays.orphans(),
      version: this.#host.version(),
      ahead: this.#responses.ahead(),
      isMissingKeys: this.isMissingKeys,
    }
    operations.push({ type: 'put', key: this.#keys.folded(), value: encodeFolded(folded) })
    const written = this.#folded.logs().map((log): [LogId, number] => [log, this.#folded.end(log)])
    const { length } = this.#takes
    const count = this.#sinceCheckpoint
    this.#sinceCheckpoint = 0
    try {
      await this.#store.write(operations)
    } catch (error) {
      // A full disk: what the tree gave is given once only, so it goes before the next batch.
      this.#sinceCheckpoint += count
      throw error
    }
    for (const _ of this.#takes.splice(0, length)) {
      this.#tree.confirm()
      this.indexes.confirm()
    }
    for (const [device, seq] of written) this.#written.set(device, seq)
    this.#overlays.confirm(overlays)
    this.#responses.confirm(responses)
  }

  /** Which edit of each of these messages shows, as a text to compare; undefined for those that were not edited. */
  async editsOf(ids: readonly MessageId[]): Promise<(string | undefined)[]> {
    return (await this.#overlays.read(ids)).map(({ edits }) => edits.at(-1) && toBase32(edits.at(-1)!.order))
  }

  /** Keys by rank from the oldest, `from <= rank < to`. */
  slice(from: number, to: number): Promise<Uint8Array[]> {
    return this.#tree.slice(from, to)
  }

  /** How many messages come before `key`. */
  rank(key: Uint8Array): Promise<number> {
    return this.#tree.rank(key)
  }

  /** The key of a message, or undefined when it is not shown here. @throws why that cannot be told, while the store fails */
  async keyOf(id: MessageId): Promise<Uint8Array | undefined> {
    const key = await this.#keyOf(id)
    if (key !== undefined || this.#isWhole) return key
    await this.#mend()
    return this.#keyOf(id)
  }

  /** The messages under these keys, in their order, without those deleted since. */
  read(keys: readonly Uint8Array[]): Promise<Content[]> {
    return this.#contents.read(keys)
  }

  /** All versions of a message, the first one first: at most the newest 64 edits of it. Undefined when it is not shown here. */
  async versions(id: MessageId): Promise<readonly Version[] | undefined> {
    const key = await this.keyOf(id)
    return key === undefined ? undefined : this.#contents.versions(key)
  }

  /** These are not shown any more. */
  async #takeOut(posts: readonly Post[]): Promise<TimelineChange[]> {
    if (posts.length === 0) return []
    await this.#tree.delete(posts.map(({ key }) => key))
    for (const { key, id } of posts) {
      await this.indexes.hide(key)
      this.#contents.changed(id)
    }
    this.#sinceCheckpoint += posts.length
    return posts.map(({ id }) => ({ type: 'deleted', id }))
  }

  async #keyOf(id: MessageId): Promise<Uint8Array | undefined> {
    const { device, seq, entry16 } = messageIdParts(id)
    const log = await this.#log.locate(deviceIdOf(device), seq, entry16)
    if (log === undefined || !this.#folded.has(log, seq)) return undefined
    const key = timelineKey(await this.#log.clockAt(log, seq), entry16, device, seq)
    return (await this.#tree.has(key)) ? key : undefined
  }

  async #insert(posts: readonly Uint8Array[], changes: TimelineChange[]): Promise<void> {
    if (posts.length > 0) await this.#tree.insert(posts)
    for (const key of posts) changes.push({ type: 'posted', key })
    changes.push(...(await this.#operations.settleAnswers()))
  }

  async #erase(): Promise<void> {
    const rows = (await Promise.all(this.#keys.timelineRows().map((range) => this.#store.range(range)))).flat()
    await this.#store.write(rows.map(({ key }) => ({ type: 'delete', key })))
  }

  #forget(): void {
    this.#isWhole = false
    this.#overlays.clear()
    this.#responses.clear()
    this.#contents.clear()
    this.#operations.reset()
    this.#folded.clear()
    this.#written.clear()
    this.#voices.clear()
    this.#takes.length = 0
    this.#sinceCheckpoint = 0
  }

  async #readFolded(): Promise<ReadonlyMap<LogId, FoldedSpan>> {
    const row = await this.#store.get(this.#keys.folded())
    this.#isOutdated = false
    if (row === undefined) return new Map()
    const folded = decodeFolded(row)
    this.#isOutdated = folded?.version !== this.#host.version()
    if (folded === undefined) return new Map()
    this.#overlays.loadOrphans(folded.orphans)
    this.#responses.loadAhead(folded.ahead)
    this.#operations.isMissingKeys = folded.isMissingKeys
    return folded.spans
  }
}
