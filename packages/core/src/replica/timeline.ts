/**
 * The Timeline fold: which messages there are, in which order, and what became of them. The order lives in a rank tree over
 * (HLC, entry id), so a page is found by rank and a late message lands in its place. The fold is written down every now and then; what
 * came after is folded again when the conversation opens, so the work to open is bounded whatever the length of the history.
 */
import {
  compareBytes,
  concatBytes,
  CHUNK_ENTRIES,
  decodeCbor,
  decodeChainState,
  decodeDelete,
  decodeEdit,
  decodeEntry,
  decodePost,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  encodeChainState,
  EntryKind,
  extendChain,
  hlcBytes,
  hlcFromBytes,
  messageIdBytes,
  messageIdFromBytes,
  messageIdOf,
  messageIdParts,
  purgeEntry,
  readU32be,
  Reject,
  u32be,
  type DeviceId,
  type EntryParts,
  type Hash,
  type Hlc,
  type MessageId,
  type PostPayload,
  type UserId,
} from '@parley/protocol'
import { ContentCache } from './content-cache.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog, LogEntry } from './log.ts'
import { decodeOverlay, encodeOverlay, NO_OVERLAY, withEdit, type Overlay } from './overlay.ts'
import { openRankTree, type RankTree } from '../rank-tree/rank-tree.ts'
import type { Store, StoreOperation } from '../store.ts'

/** hlc (8) | first 16 bytes of the entry id | device (16) | seq (4): order first, then where the entry is. */
export const TIMELINE_KEY_BYTES = 44
/** Entries folded before the fold is written down: bounds the work after a crash, and spreads the cost of a node over many messages. */
export const CHECKPOINT_ENTRIES = 256

/** What the fold must know of people and keys. */
export interface TimelineHost {
  /** The body in clear; undefined when purged or sealed under an epoch that is not held. */
  open(log: LogId, seq: number, parts: EntryParts): Uint8Array | undefined
  userOf(device: DeviceId): UserId | undefined
  mayPost(device: DeviceId): boolean
  /** The author deleted the message that is, or belongs, there. */
  deleted(log: LogId, seq: number): Promise<void>
  /** How many entries of a log count. */
  limit(log: LogId): number
  /** Changes when other entries count than before. */
  version(): number
}

export type TimelineChange = { type: 'posted'; key: Uint8Array } | { type: 'edited' | 'deleted'; id: MessageId }

/** A message as it now is, before names are put to it. */
export interface Content {
  readonly id: MessageId
  readonly key: Uint8Array
  readonly device: DeviceId
  readonly seq: number
  readonly hlc: Hlc
  readonly payload: PostPayload
  readonly editedAt: number | undefined
}

/** Where a message is. */
interface Place {
  readonly key: Uint8Array
  readonly id: MessageId
  readonly device: DeviceId
  readonly seq: number
  readonly hlc: Hlc
}

export class Timeline {
  readonly #conversation: Uint8Array
  readonly #hash: Hash
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #log: ConversationLog
  readonly #host: TimelineHost
  #tree!: RankTree
  /** Overlays changed since the last checkpoint. */
  readonly #overlays = new Map<MessageId, Overlay>()
  readonly #contents = new ContentCache()
  /** Rises when a message that may have been opened changes. */
  #version = 0
  /** Messages that have an overlay and have not come yet. */
  readonly #orphans = new Set<MessageId>()
  /** How many entries of each device have been folded. */
  readonly #folded = new Map<LogId, number>()
  /** The same at the last checkpoint: overlays of later messages are not in the store. */
  readonly #written = new Map<LogId, number>()
  #sinceCheckpoint = 0
  #isOutdated = false
  /** What the tree gave to be written and is not known to be in the store, oldest first. */
  readonly #takes: StoreOperation[][] = []

  constructor(options: { conversation: Uint8Array; hash: Hash; keys: Keyspace; store: Store; log: ConversationLog; host: TimelineHost }) {
    this.#conversation = options.conversation
    this.#hash = options.hash
    this.#keys = options.keys
    this.#store = options.store
    this.#log = options.log
    this.#host = options.host
  }

  /** Opens the index and folds what came after the last checkpoint. */
  async open(): Promise<void> {
    this.#tree = await openRankTree({ store: this.#store, prefix: this.#keys.timeline(), keyBytes: TIMELINE_KEY_BYTES })
    const folded = await this.#readFolded()
    // A fork came to light, and the process ended before everything was folded anew.
    if (this.#isOutdated || [...folded].some(([log, state]) => state.nextSeq > this.#log.nextSeq(log))) return this.rebuild()
    for (const [device, state] of folded) {
      this.#folded.set(device, state.nextSeq)
      this.#written.set(device, state.nextSeq)
    }
    for (const head of this.#log.heads()) {
      const { log, device } = head
      const deviceBytes = deviceIdBytes(device)
      let state = folded.get(log) ?? this.#log.startState(log)
      while (state.nextSeq < head.state.nextSeq) {
        const batch: LogEntry[] = []
        for (const bytes of await this.#log.read(log, state.nextSeq, state.nextSeq + CHUNK_ENTRIES)) {
          const parts = decodeEntry(bytes)
          const next = extendChain(this.#hash, this.#conversation, deviceBytes, state, parts)
          batch.push({ log, device, seq: state.nextSeq, id: next.prevId, prevId: state.prevId, hlc: next.hlc, parts, bytes })
          state = next
        }
        if (batch.length === 0) throw new Reject('BadChain', 'the log is shorter than its head')
        await this.apply(batch)
      }
    }
  }

  /** Folds everything anew: who may speak has changed for what is already here. Call it with no `apply` under way. */
  async rebuild(): Promise<void> {
    const rows = (await Promise.all(this.#keys.timelineRows().map((range) => this.#store.range(range)))).flat()
    await this.#store.write(rows.map(({ key }) => ({ type: 'delete', key })))
    await this.reopen()
    await this.checkpoint()
  }

  /** Folds again from the last checkpoint: after a failure of the store halfway, what is in memory is neither before nor after. */
  async reopen(): Promise<void> {
    this.#overlays.clear()
    this.#orphans.clear()
    this.#version++
    this.#contents.clear()
    this.#folded.clear()
    this.#written.clear()
    this.#takes.length = 0
    this.#sinceCheckpoint = 0
    await this.open()
  }

  /** How many messages there are. */
  get total(): number {
    return this.#tree.size
  }

  /** Whether `checkpoint` has something to write. */
  get dirty(): boolean {
    return this.#sinceCheckpoint > 0
  }

  /** Whether enough has gathered that a checkpoint is due. */
  get checkpointDue(): boolean {
    return this.#sinceCheckpoint >= CHECKPOINT_ENTRIES
  }

  /** Folds verified entries in the order of their log. They are in the store already. */
  async apply(entries: readonly LogEntry[]): Promise<TimelineChange[]> {
    const changes: TimelineChange[] = []
    let posts: Uint8Array[] = []
    for (const entry of entries) {
      const { kind } = entry.parts.header
      this.#folded.set(entry.log, Math.max(entry.seq + 1, this.#foldedSeq(entry.log)))
      // Written with a key that had been frozen, and seen by no member before.
      if (entry.seq >= this.#host.limit(entry.log)) continue
      if (kind === EntryKind.post) {
        const key = await this.#post(entry)
        if (key !== undefined) posts.push(key)
        continue
      }
      if (kind !== EntryKind.edit && kind !== EntryKind.delete) continue
      if (posts.length > 0) await this.#insert(posts, changes)
      posts = []
      const change = kind === EntryKind.edit ? await this.#edit(entry) : await this.#delete(entry)
      if (change !== undefined) changes.push(change)
    }
    if (posts.length > 0) await this.#insert(posts, changes)
    this.#sinceCheckpoint += entries.length
    return changes
  }

  /** Writes the fold down. Call it with no `apply` under way. */
  async checkpoint(): Promise<void> {
    if (!this.dirty) return
    this.#takes.push(this.#tree.takeOperations())
    const operations = this.#takes.flat()
    const overlays = [...this.#overlays]
    for (const [id, overlay] of overlays)
      operations.push({ type: 'put', key: this.#keys.overlay(messageIdBytes(id)), value: encodeOverlay(overlay) })
    const heads = this.#log.heads().map((h) => [h.logBytes, encodeChainState(h.state)])
    operations.push({
      type: 'put',
      key: this.#keys.folded(),
      value: encodeCbor([heads, [...this.#orphans].map(messageIdBytes), this.#host.version()]),
    })
    const written = [...this.#folded]
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
    for (const _ of this.#takes.splice(0, length)) this.#tree.confirm()
    for (const [device, seq] of written) this.#written.set(device, seq)
    for (const [id, overlay] of overlays) if (this.#overlays.get(id) === overlay) this.#overlays.delete(id)
  }

  /** Of these entries, the messages that are shown. */
  async postedAmong(entries: readonly LogEntry[]): Promise<TimelineChange[]> {
    const posted: TimelineChange[] = []
    for (const { device, seq, id, hlc, parts } of entries) {
      const key = timelineKey(hlc, id, deviceIdBytes(device), seq)
      if (parts.header.kind === EntryKind.post && (await this.#tree.has(key))) posted.push({ type: 'posted', key })
    }
    return posted
  }

  /** Keys by rank from the oldest, `from <= rank < to`. */
  slice(from: number, to: number): Promise<Uint8Array[]> {
    return this.#tree.slice(from, to)
  }

  /** How many messages come before `key`. */
  rank(key: Uint8Array): Promise<number> {
    return this.#tree.rank(key)
  }

  /** The key of a message, or undefined when it is not shown here. */
  async keyOf(id: MessageId): Promise<Uint8Array | undefined> {
    const { device, seq, entry16 } = messageIdParts(id)
    const log = await this.#log.locate(deviceIdOf(device), seq, entry16)
    if (log === undefined || seq >= this.#foldedSeq(log)) return undefined
    const key = timelineKey(await this.#log.clockAt(log, seq), entry16, device, seq)
    return (await this.#tree.has(key)) ? key : undefined
  }

  /** The messages under these keys, in their order, without those deleted since. */
  async read(keys: readonly Uint8Array[]): Promise<Content[]> {
    const places = keys.map((key) => ({ key, ...parseTimelineKey(key) }))
    const known = places.map((place) => this.#contents.get(place.id))
    const missing = places.filter((_, i) => known[i] === undefined)
    const opened = missing.length === 0 ? [] : await this.#open(missing)
    let next = 0
    return known.flatMap((content) => content ?? opened[next++] ?? [])
  }

  /** Reads and opens messages; undefined for what was deleted meanwhile. */
  async #open(places: readonly Place[]): Promise<(Content | undefined)[]> {
    const version = this.#version
    const logs = await Promise.all(
      places.map(async ({ device, seq, key }) => (await this.#log.locate(device, seq, key.subarray(8, 24))) ?? device),
    )
    const rows = await this.#log.readMany(places.map(({ seq }, i) => ({ log: logs[i]!, seq })))
    const overlays = await this.#readOverlays(places.map((p) => p.id))
    const result: (Content | undefined)[] = []
    for (const [i, { id, key, device, seq, hlc }] of places.entries()) {
      const row = rows[i]
      // Moved to a branch since: the caller looks again.
      const isMoved = row === undefined && this.#log.logsOf(device).length > 1
      if (row === undefined && !isMoved) throw new Reject('BadChain', 'a message of the timeline is not in the log')
      const parts = row === undefined ? undefined : decodeEntry(row)
      if (parts?.body === undefined) {
        result.push(undefined)
        continue
      }
      const edit = await this.#lastEdit(overlays[i]!)
      const payload = edit?.payload ?? this.#decodePost(logs[i]!, seq, parts)
      const content: Content = { id, key, device, seq, hlc, payload, editedAt: edit?.at }
      // What changed while we read must not be kept, nor what can be read later.
      if (version === this.#version && payload !== UNREADABLE) this.#contents.add(content)
      result.push(content)
    }
    return result
  }

  #changed(id: MessageId): void {
    this.#version++
    this.#contents.forget(id)
  }

  async #insert(posts: readonly Uint8Array[], changes: TimelineChange[]): Promise<void> {
    await this.#tree.insert(posts)
    for (const key of posts) changes.push({ type: 'posted', key })
  }

  async #post(entry: LogEntry): Promise<Uint8Array | undefined> {
    if (!this.#host.mayPost(entry.device)) return undefined
    const device = deviceIdBytes(entry.device)
    if (this.#orphans.size > 0) {
      const id = messageIdOf(device, entry.seq, entry.id)
      if (this.#orphans.has(id)) {
        const [overlay] = await this.#readOverlays([id])
        this.#orphans.delete(id)
        this.#overlays.set(id, overlay!)
        if (overlay!.deleted) {
          await this.#purge(id, overlay!)
          await this.#host.deleted(entry.log, entry.seq)
          return undefined
        }
      }
    }
    // Left out by who passed it on: it is shown once somebody gives the body, unless its author deleted it.
    if (entry.parts.body === undefined) return undefined
    return timelineKey(entry.hlc, entry.id, device, entry.seq)
  }

  async #edit(entry: LogEntry): Promise<TimelineChange | undefined> {
    const body = this.#host.open(entry.log, entry.seq, entry.parts)
    const target = body === undefined ? undefined : readTarget(() => decodeEdit(body).target)
    if (target === undefined || !this.#isAuthor(entry, target)) return undefined
    const order = concatBytes(hlcBytes(entry.hlc), entry.id.subarray(0, 16))
    const overlay = await this.#overlay(target)
    if (overlay.deleted) return undefined
    await this.#setOverlay(target, withEdit(overlay, { order, log: deviceIdBytes(entry.log), seq: entry.seq }))
    return { type: 'edited', id: target }
  }

  async #delete(entry: LogEntry): Promise<TimelineChange | undefined> {
    const body = this.#host.open(entry.log, entry.seq, entry.parts)
    const target = body === undefined ? undefined : readTarget(() => decodeDelete(body).target)
    if (target === undefined || !this.#isAuthor(entry, target)) return undefined
    const overlay = await this.#overlay(target)
    const key = await this.keyOf(target)
    if (key !== undefined) {
      await this.#purge(target, overlay)
      await this.#tree.delete([key])
    }
    await this.#setOverlay(target, { deleted: true, edits: [] })
    const place = await this.#placeOf(target)
    await this.#host.deleted(place.log, place.seq)
    return key === undefined ? undefined : { type: 'deleted', id: target }
  }

  /**
   * Only the author's own user may edit or delete; the target names its device, so this needs no look at the message. Within one log what
   * is changed comes first: else a member could fill every peer's memory with changes of messages that never come.
   */
  #isAuthor({ device, seq }: LogEntry, target: MessageId): boolean {
    const place = messageIdParts(target)
    const author = deviceIdOf(place.device)
    if (author === device && place.seq >= seq) return false
    const user = this.#host.userOf(device)
    return user !== undefined && user === this.#host.userOf(author)
  }

  /** Replaces the bodies of a message and of its edits by their hashes. The chain still verifies. */
  async #purge(id: MessageId, overlay: Overlay): Promise<void> {
    const { log, seq } = await this.#placeOf(id)
    const keys = [this.#keys.entry(deviceIdBytes(log), seq), ...overlay.edits.map((e) => this.#keys.entry(e.log, e.seq))]
    const rows = await this.#store.getMany(keys)
    const operations: StoreOperation[] = []
    for (const [i, row] of rows.entries())
      if (row !== undefined) operations.push({ type: 'put', key: keys[i]!, value: purgeEntry(row, this.#hash) })
    await this.#store.write(operations)
    this.#changed(id)
    this.#log.replaced(log, seq)
    for (const edit of overlay.edits) this.#log.replaced(deviceIdOf(edit.log), edit.seq)
  }

  async #setOverlay(id: MessageId, overlay: Overlay): Promise<void> {
    const { log, seq, isHere } = await this.#placeOf(id)
    this.#overlays.set(id, overlay)
    this.#changed(id)
    if (!isHere || seq >= this.#foldedSeq(log)) this.#orphans.add(id)
  }

  /** Where a message is, or where it belongs when it is not here. */
  async #placeOf(id: MessageId): Promise<{ log: LogId; seq: number; isHere: boolean }> {
    const { device, seq, entry16 } = messageIdParts(id)
    const log = await this.#log.locate(deviceIdOf(device), seq, entry16)
    return { log: log ?? deviceIdOf(device), seq, isHere: log !== undefined }
  }

  #foldedSeq(log: LogId): number {
    return this.#folded.get(log) ?? 0
  }

  async #overlay(id: MessageId): Promise<Overlay> {
    const [overlay] = await this.#readOverlays([id])
    return overlay!
  }

  async #readOverlays(ids: readonly MessageId[]): Promise<Overlay[]> {
    // Taken before the store is asked: a checkpoint that ends meanwhile empties the memory, and what was read does not have it yet.
    const held = new Map(ids.map((id) => [id, this.#overlays.get(id)]))
    // What was folded after the last checkpoint has its overlay in memory, or none.
    const stored = ids.filter((id) => held.get(id) === undefined && this.#mayBeStored(id))
    const rows = stored.length === 0 ? [] : await this.#store.getMany(stored.map((id) => this.#keys.overlay(messageIdBytes(id))))
    const found = new Map(stored.map((id, i) => [id, rows[i]]))
    return ids.map((id) => {
      const row = found.get(id)
      return this.#overlays.get(id) ?? held.get(id) ?? (row === undefined ? NO_OVERLAY : decodeOverlay(row))
    })
  }

  #mayBeStored(id: MessageId): boolean {
    const { device, seq } = messageIdParts(id)
    // Of a forked log it is not known yet where the message lies.
    const author = deviceIdOf(device)
    return this.#orphans.has(id) || seq < (this.#written.get(author) ?? 0) || this.#log.logsOf(author).length > 1
  }

  async #lastEdit(overlay: Overlay): Promise<{ payload: PostPayload; at: number } | undefined> {
    for (const edit of overlay.edits.toReversed()) {
      const log = deviceIdOf(edit.log)
      const [row] = await this.#log.readMany([{ log, seq: edit.seq }])
      const body = row === undefined ? undefined : this.#host.open(log, edit.seq, decodeEntry(row))
      if (body !== undefined) return { payload: decodeEdit(body), at: hlcFromBytes(edit.order.subarray(0, 8)).ms }
    }
    return undefined
  }

  #decodePost(log: LogId, seq: number, parts: EntryParts): PostPayload {
    const body = this.#host.open(log, seq, parts)
    if (body === undefined) return UNREADABLE
    try {
      return decodePost(body)
    } catch (error) {
      // Signed by a member and yet no message: shown empty, as it would be everywhere.
      if (error instanceof Reject) return UNREADABLE
      throw error
    }
  }

  async #readFolded(): Promise<Map<DeviceId, ReturnType<typeof decodeChainState>>> {
    const row = await this.#store.get(this.#keys.folded())
    const folded = new Map<DeviceId, ReturnType<typeof decodeChainState>>()
    this.#isOutdated = false
    if (row === undefined) return folded
    const [heads, orphans, version = 0] = decodeCbor(row, { maxBytes: 1_048_576, maxDepth: 4, maxItems: 100_000 }) as [
      [Uint8Array, Uint8Array][],
      Uint8Array[],
      number?,
    ]
    this.#isOutdated = version !== this.#host.version()
    for (const [device, state] of heads) folded.set(deviceIdOf(device), decodeChainState(state))
    for (const id of orphans) this.#orphans.add(messageIdFromBytes(id))
    return folded
  }
}

const UNREADABLE: PostPayload = Object.freeze({ text: '', metadata: {}, reply: undefined })

export function timelineKey(hlc: Hlc, entryId: Uint8Array, device: Uint8Array, seq: number): Uint8Array {
  return concatBytes(hlcBytes(hlc), entryId.subarray(0, 16), device, u32be(seq))
}

export function parseTimelineKey(key: Uint8Array): { id: MessageId; device: DeviceId; deviceBytes: Uint8Array; seq: number; hlc: Hlc } {
  const deviceBytes = key.slice(24, 40)
  const seq = readU32be(key.subarray(40))
  return {
    id: messageIdOf(deviceBytes, seq, key.subarray(8, 24)),
    device: deviceIdOf(deviceBytes),
    deviceBytes,
    seq,
    hlc: hlcFromBytes(key.subarray(0, 8)),
  }
}

/** Order of two timeline keys. */
export const compareKeys = compareBytes

function readTarget(decode: () => Uint8Array): MessageId | undefined {
  try {
    return messageIdFromBytes(decode())
  } catch (error) {
    // Signed by a member and yet no operation: without effect here and everywhere.
    if (error instanceof Reject) return undefined
    throw error
  }
}
