/** Messages as they now are: read from the log, opened, with their last edit. */
import {
  decodeEdit,
  decodeEntry,
  decodePost,
  deviceIdOf,
  hlcFromBytes,
  Reject,
  type DeviceId,
  type EntryParts,
  type Hlc,
  type MessageId,
  type PostPayload,
} from '@parley/protocol'
import { ContentCache, type Content } from './content-cache.ts'
import type { LogId } from './forks.ts'
import type { ConversationLog } from './log.ts'
import type { EditRef, Overlay } from './overlay.ts'
import type { Overlays } from './overlays.ts'
import { reactionsOf } from './reactions.ts'
import type { Responses } from './responses.ts'
import { parseTimelineKey } from './timeline-key.ts'

/** A message that cannot be opened or read. */
const UNREADABLE: PostPayload = Object.freeze({
  text: '',
  metadata: {},
  reply: undefined,
  mentions: [],
  forward: undefined,
  attachments: [],
})

/** A message as it was at some time. */
export interface Version {
  readonly payload: PostPayload
  readonly hlc: Hlc
}

/** Where a message is. */
interface Place {
  readonly key: Uint8Array
  readonly id: MessageId
  readonly device: DeviceId
  readonly seq: number
  readonly hlc: Hlc
}

export class MessageContents {
  readonly #log: ConversationLog
  readonly #overlays: Overlays
  readonly #responses: Responses
  readonly #openBody: (log: LogId, seq: number, parts: EntryParts) => Uint8Array | undefined
  readonly #onDamage: (id: MessageId, reject: Reject) => void
  readonly #contents = new ContentCache()
  /** Rises when a message that may have been opened changes. */
  #changes = 0

  /**
   * `openBody` gives the body in clear; undefined when purged or sealed under an epoch that is not held. `onDamage` hears of messages that cannot be read;
   * they are left out unless it throws.
   */
  constructor(options: {
    log: ConversationLog
    overlays: Overlays
    responses: Responses
    openBody: (log: LogId, seq: number, parts: EntryParts) => Uint8Array | undefined
    onDamage: (id: MessageId, reject: Reject) => void
  }) {
    this.#onDamage = options.onDamage
    this.#log = options.log
    this.#overlays = options.overlays
    this.#responses = options.responses
    this.#openBody = options.openBody
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

  /** This device has just written the message: it need not be opened to be shown. */
  said(key: Uint8Array, payload: PostPayload): void {
    this.#contents.add({ key, ...parseTimelineKey(key), payload, editedAt: undefined, reactions: reactionsOf([]), replies: 0 })
  }

  /** The message was edited or purged. */
  changed(id: MessageId): void {
    this.#changes++
    this.#contents.forget(id)
  }

  /** Any message may be different. */
  clear(): void {
    this.#changes++
    this.#contents.clear()
  }

  /** Reads and opens messages; undefined for what was deleted meanwhile. */
  async #open(places: readonly Place[]): Promise<(Content | undefined)[]> {
    const changes = this.#changes
    const logs = await Promise.all(
      places.map(async ({ device, seq, key }) => (await this.#log.locate(device, seq, key.subarray(8, 24))) ?? device),
    )
    const rows = await this.#log.readMany(places.map(({ seq }, i) => ({ log: logs[i]!, seq })))
    const ids = places.map((p) => p.id)
    const [overlays, responses] = await Promise.all([this.#overlays.read(ids), this.#responses.read(ids)])
    const result: (Content | undefined)[] = []
    for (const [i, { id, key, device, seq, hlc }] of places.entries()) {
      const row = rows[i]
      // Moved to a branch since: the caller looks again.
      const isMoved = row === undefined && this.#log.logsOf(device).length > 1
      if (row === undefined && !isMoved) this.#onDamage(id, new Reject('BadChain', 'a message of the timeline is not in the log'))
      const parts = this.#decode(id, row)
      if (parts?.body === undefined) {
        result.push(undefined)
        continue
      }
      const edit = await this.#lastEdit(id, overlays[i]!)
      const payload = edit?.payload ?? this.#decodePost(logs[i]!, seq, parts)
      const { choices, replies } = responses[i]!
      const content: Content = { id, key, device, seq, hlc, payload, editedAt: edit?.hlc.ms, reactions: reactionsOf(choices), replies }
      // What changed while we read must not be kept, nor what can be read later.
      if (changes === this.#changes && payload !== UNREADABLE) this.#contents.add(content)
      result.push(content)
    }
    return result
  }

  /** All versions of a message, the first one first; those that cannot be opened are left out. */
  async versions(key: Uint8Array): Promise<Version[]> {
    const { device, seq, hlc, id } = parseTimelineKey(key)
    const log = (await this.#log.locate(device, seq, key.subarray(8, 24))) ?? device
    const [row] = await this.#log.readMany([{ log, seq }])
    const parts = this.#decode(id, row)
    if (parts?.body === undefined) return []
    const payload = this.#decodePost(log, seq, parts)
    const versions: Version[] = payload === UNREADABLE ? [] : [{ payload, hlc }]
    const [overlay] = await this.#overlays.read([id])
    for (const edit of overlay!.edits) {
      const version = await this.#version(id, edit)
      if (version !== undefined) versions.push(version)
    }
    return versions
  }

  async #lastEdit(id: MessageId, overlay: Overlay): Promise<Version | undefined> {
    for (const edit of overlay.edits.toReversed()) {
      const version = await this.#version(id, edit)
      if (version !== undefined) return version
    }
    return undefined
  }

  async #version(id: MessageId, edit: EditRef): Promise<Version | undefined> {
    const log = deviceIdOf(edit.log)
    const [row] = await this.#log.readMany([{ log, seq: edit.seq }])
    const parts = this.#decode(id, row)
    const body = parts && this.#openBody(log, edit.seq, parts)
    return body === undefined ? undefined : { payload: decodeEdit(body), hlc: hlcFromBytes(edit.order.subarray(0, 8)) }
  }

  /** An entry that the message consists of; undefined when it is not here, or is damaged. */
  #decode(id: MessageId, row: Uint8Array | undefined): EntryParts | undefined {
    try {
      return row && decodeEntry(row)
    } catch (error) {
      if (!(error instanceof Reject)) throw error
      this.#onDamage(id, error)
      return undefined
    }
  }

  #decodePost(log: LogId, seq: number, parts: EntryParts): PostPayload {
    const body = this.#openBody(log, seq, parts)
    if (body === undefined) return UNREADABLE
    try {
      return decodePost(body)
    } catch (error) {
      // Signed by a member and yet no message: shown empty, as it would be everywhere.
      if (error instanceof Reject) return UNREADABLE
      throw error
    }
  }
}
