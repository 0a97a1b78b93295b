/** What one entry does to the messages: it posts, edits, deletes or reacts. Every step can be done again with the same outcome. */
import {
  compareBytes,
  concatBytes,
  decodeDelete,
  decodeEdit,
  decodePost,
  decodeReact,
  deviceIdBytes,
  deviceIdOf,
  hlcBytes,
  messageIdFromBytes,
  messageIdOf,
  messageIdParts,
  purgeEntry,
  Reject,
  SEAL_OVERHEAD_BYTES,
  userIdBytes,
  type Hash,
  type MessageId,
  type PostPayload,
} from '@parley/protocol'
import type { RankTree } from '../rank-tree/rank-tree.ts'
import type { Store, StoreOperation } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogEntry } from './log-entry.ts'
import type { ConversationLog } from './log.ts'
import type { MessageContents } from './message-contents.ts'
import { MIN_INDEXED_BYTES, type Answer, type MessageIndexes } from './message-indexes.ts'
import { DELETED, withEdit, type Overlay } from './overlay.ts'
import type { Overlays } from './overlays.ts'
import { withChoice, type Choice } from './reactions.ts'
import { NO_RESPONSE, type Place, type Response, type Responses } from './responses.ts'
import { timelineKey } from './timeline-key.ts'
import type { TimelineHost } from './timeline-host.ts'
import type { TimelineChange } from './timeline.ts'

/** A body that is shorter holds nothing that is indexed. */
const MIN_INDEXED_BODY = MIN_INDEXED_BYTES + SEAL_OVERHEAD_BYTES

/** What operations work on. */
export interface OperationParts {
  readonly keys: Keyspace
  readonly store: Store
  readonly hash: Hash
  readonly log: ConversationLog
  readonly host: TimelineHost
  readonly overlays: Overlays
  readonly responses: Responses
  readonly contents: MessageContents
  readonly indexes: MessageIndexes
  /** Whether that entry has been folded. */
  isFolded(log: LogId, seq: number): boolean
  /** The key of a message that is shown. */
  keyOf(id: MessageId): Promise<Uint8Array | undefined>
  tree(): RankTree
}

export class TimelineOperations {
  readonly #parts: OperationParts
  /** Posts that answer others and are not in the index of replies yet. */
  readonly #answers: Answer[] = []
  /** Entries could not be opened, for their key is not here: what they say is missing from the fold. */
  isMissingKeys = false

  constructor(parts: OperationParts) {
    this.#parts = parts
  }

  /** The fold begins anew from what was written down. */
  reset(): void {
    this.isMissingKeys = false
    this.#answers.length = 0
  }

  /**
   * The key under which the message is to be shown, if it is. `isLate`: its body came after its place had been folded.
   */
  async post(entry: LogEntry, isLate: boolean): Promise<Uint8Array | undefined> {
    const { host, overlays } = this.#parts
    const device = deviceIdBytes(entry.device)
    const { body } = entry.parts
    const isKnown = overlays.hasOrphans || isLate
    if (isKnown) {
      const id = messageIdOf(device, entry.seq, entry.id)
      const overlay = (await overlays.arrived(id)) ?? (isLate ? await overlays.get(id) : undefined)
      if (overlay?.deleted === true) {
        await this.#purge([{ log: deviceIdBytes(entry.log), seq: entry.seq }, ...overlay.edits], id)
        await host.deleted(entry.log, entry.seq)
        return undefined
      }
    }
    // Left out by who passed it on: it is shown once somebody gives the body, unless its author deleted it.
    if (body === undefined) return undefined
    // Of before this device may read, or of a key that has not come: shown once it has.
    if (!host.canOpen(entry.log, entry.seq)) {
      this.isMissingKeys = true
      return undefined
    }
    const key = timelineKey(entry.hlc, entry.id, device, entry.seq)
    const isOwn = entry.clear !== undefined
    const mayBeIndexed = body.length >= MIN_INDEXED_BODY && !host.isPlain(entry.log, entry.seq, entry.parts)
    const posted = isKnown || isOwn || mayBeIndexed ? this.#said(entry, decodePost) : undefined
    if (posted !== undefined) await this.#index(entry, key, posted, isKnown)
    // Nobody has answered, edited or deleted yet what was said this moment.
    if (posted !== undefined && isOwn) this.#parts.contents.said(key, posted)
    return key
  }

  async edit(entry: LogEntry): Promise<TimelineChange | undefined> {
    const { overlays, keyOf, contents, indexes } = this.#parts
    const target = this.#said(entry, (body) => messageIdFromBytes(decodeEdit(body).target))
    if (target === undefined || !this.#isAuthor(entry, target)) return undefined
    const before = await overlays.get(target)
    const place: Place = { log: deviceIdBytes(entry.log), seq: entry.seq }
    if (before.deleted) {
      await this.#purge([place])
      return undefined
    }
    const { overlay, dropped } = withEdit(before, { order: orderOf(entry), ...place })
    await this.#setOverlay(target, overlay)
    if (dropped !== undefined) await this.#purge([dropped])
    const key = await keyOf(target)
    if (key === undefined) return undefined
    const [content] = await contents.read([key])
    if (content !== undefined) await indexes.show(key, content.payload, this.#isMe(entry))
    return { type: 'edited', id: target }
  }

  async delete(entry: LogEntry): Promise<TimelineChange[]> {
    const { overlays, responses, indexes, keyOf, host, tree } = this.#parts
    const changes: TimelineChange[] = []
    const target = this.#said(entry, (body) => messageIdFromBytes(decodeDelete(body).target))
    if (target === undefined || !this.#isAuthor(entry, target)) return changes
    const overlay = await overlays.get(target)
    const response = await responses.get(target)
    const key = await keyOf(target)
    const place = await this.#placeOf(target)
    const post: Place = { log: deviceIdBytes(place.log), seq: place.seq }
    if (key !== undefined) {
      await this.#purge([post], target)
      await tree().delete([key])
      await indexes.hide(key)
      changes.push({ type: 'deleted', id: target })
      if (overlay.answers !== undefined) {
        const id = messageIdFromBytes(overlay.answers)
        changes.push(...(await this.#setReplies([id], [await indexes.unanswer(overlay.answers, key)])))
      }
    }
    await this.#purge([...overlay.edits, ...response.choices, ...response.spent])
    if (response !== NO_RESPONSE) this.#setResponse(target, { ...response, choices: [], spent: [] }, place)
    await this.#setOverlay(target, DELETED)
    await host.deleted(place.log, place.seq)
    return changes
  }

  async react(entry: LogEntry): Promise<TimelineChange | undefined> {
    const { host, overlays, responses } = this.#parts
    const said = this.#said(entry, decodeReact)
    const user = host.userOf(entry.device)
    if (said === undefined || user === undefined) return undefined
    const target = messageIdFromBytes(said.target)
    const { device, seq } = messageIdParts(target)
    // Within one log what is reacted to comes first, as with edits.
    if (seq >= entry.seq && deviceIdOf(device) === entry.device) return undefined
    const place: Place = { log: deviceIdBytes(entry.log), seq: entry.seq }
    if ((await overlays.get(target)).deleted) {
      await this.#purge([place])
      return undefined
    }
    const before = await responses.get(target)
    const choice: Choice = { user: userIdBytes(user), emoji: said.emoji, on: said.on, order: orderOf(entry), ...place }
    const { choices, spent } = withChoice(before.choices, choice)
    if (choices === before.choices && spent.length === 0) return undefined
    const fresh = spent.filter((s) => !before.spent.some((p) => p.seq === s.seq && compareBytes(p.log, s.log) === 0))
    const gone = fresh.map((s): Place => ({ log: s.log, seq: s.seq }))
    const at = await this.#placeOf(target)
    this.#setResponse(target, { ...before, choices, spent: [...before.spent, ...gone] }, at)
    const isEffective = choices.includes(choice) && said.on !== wasOn(before.choices, choice)
    return isEffective && this.#isFolded(at) ? { type: 'reacted', id: target, user, emoji: said.emoji, on: said.on } : undefined
  }

  /** Tells the messages that were answered since, how often they are now. Call it before anything else is done to messages. */
  async settleAnswers(): Promise<TimelineChange[]> {
    const answers = this.#answers.splice(0)
    if (answers.length === 0) return []
    const counts = await this.#parts.indexes.answer(answers)
    return this.#setReplies([...counts.keys()], [...counts.values()])
  }

  /** Remembers whom the message answers, whether it mentions this user, and whether it has files. `isKnown`: something may be there of it. */
  async #index(entry: LogEntry, key: Uint8Array, posted: PostPayload, isKnown: boolean): Promise<void> {
    const { contents, indexes, overlays } = this.#parts
    const { reply, mentions, attachments } = posted
    if (!isKnown && reply === undefined && mentions.length === 0 && attachments.length === 0) return
    const id = messageIdOf(deviceIdBytes(entry.device), entry.seq, entry.id)
    const overlay = await overlays.get(id)
    if (reply !== undefined) {
      // A copy: the body is a view on much more.
      const answers = reply.slice()
      await this.#setOverlay(id, { ...overlay, answers })
      this.#answers.push({ target: answers, key })
    }
    const shown: PostPayload | undefined = overlay.edits.length === 0 ? posted : (await contents.read([key]))[0]?.payload
    if (shown !== undefined) await indexes.show(key, shown, this.#isMe(entry))
  }

  /** These messages have so many replies. */
  async #setReplies(ids: readonly MessageId[], counts: readonly number[]): Promise<TimelineChange[]> {
    const changes: TimelineChange[] = []
    const responses = await this.#parts.responses.read(ids)
    for (const [i, id] of ids.entries()) {
      const response = responses[i]!
      const replies = counts[i]!
      if (response.replies === replies) continue
      const place = await this.#placeOf(id)
      this.#setResponse(id, { ...response, replies }, place)
      if (this.#isFolded(place)) changes.push({ type: 'answered', id })
    }
    return changes
  }

  /** What an entry says; undefined when it cannot be opened or read. */
  #said<T>(entry: LogEntry, decode: (body: Uint8Array) => T): T | undefined {
    const { parts, log, seq } = entry
    const body = entry.clear ?? this.#parts.host.open(log, seq, parts)
    if (body !== undefined) return readSaid(() => decode(body))
    this.isMissingKeys ||= parts.body !== undefined
    return undefined
  }

  /**
   * Only the author's own user may edit or delete; the target names its device, so this needs no look at the message. Within one log what
   * is changed comes first: else a member could fill every peer's memory with changes of messages that never come.
   */
  #isAuthor({ device, seq }: LogEntry, target: MessageId): boolean {
    const place = messageIdParts(target)
    const author = deviceIdOf(place.device)
    if (author === device && place.seq >= seq) return false
    const user = this.#parts.host.userOf(device)
    return user !== undefined && user === this.#parts.host.userOf(author)
  }

  #isMe({ device }: LogEntry): boolean {
    return this.#parts.host.userOf(device) === this.#parts.host.me()
  }

  /** Replaces bodies by their hashes, for what belongs to `message` when given. The chain still verifies. */
  async #purge(places: readonly Place[], message?: MessageId): Promise<void> {
    const { keys, store, hash, contents, log } = this.#parts
    const rowKeys = places.map((place) => keys.entry(place.log, place.seq))
    const rows = rowKeys.length === 0 ? [] : await store.getMany(rowKeys)
    const operations = rows.flatMap((row, i): StoreOperation[] =>
      row === undefined ? [] : [{ type: 'put', key: rowKeys[i]!, value: purgeEntry(row, hash) }],
    )
    if (operations.length > 0) {
      await store.write(operations)
      // One by one: what lies between them is none of it.
      for (const { key } of operations) store.scrub?.([key])
    }
    if (message !== undefined) contents.changed(message)
    for (const place of places) log.replaced(deviceIdOf(place.log), place.seq)
  }

  async #setOverlay(id: MessageId, overlay: Overlay): Promise<void> {
    this.#parts.overlays.set(id, overlay, !this.#isFolded(await this.#placeOf(id)))
    this.#parts.contents.changed(id)
  }

  #setResponse(id: MessageId, response: Response, place: { log: LogId; seq: number; isHere: boolean }): void {
    this.#parts.responses.set(id, response, !this.#isFolded(place))
    this.#parts.contents.changed(id)
  }

  #isFolded({ log, seq, isHere }: { log: LogId; seq: number; isHere: boolean }): boolean {
    return isHere && this.#parts.isFolded(log, seq)
  }

  /** Where a message is, or where it belongs when it is not here. */
  async #placeOf(id: MessageId): Promise<{ log: LogId; seq: number; isHere: boolean }> {
    const { device, seq, entry16 } = messageIdParts(id)
    const log = await this.#parts.log.locate(deviceIdOf(device), seq, entry16)
    return { log: log ?? deviceIdOf(device), seq, isHere: log !== undefined }
  }
}

const orderOf = (entry: LogEntry): Uint8Array => concatBytes(hlcBytes(entry.hlc), entry.id.subarray(0, 16))

function wasOn(choices: readonly Choice[], { user, emoji }: Choice): boolean {
  return choices.some((c) => c.on && c.emoji === emoji && compareBytes(c.user, user) === 0)
}

function readSaid<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch (error) {
    // Signed by a member and yet no operation: without effect here and everywhere.
    if (error instanceof Reject) return undefined
    throw error
  }
}
