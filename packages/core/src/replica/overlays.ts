/** The overlays of all messages: those that changed since the last checkpoint in memory, the others in the store. */
import { deviceIdOf, messageIdBytes, messageIdParts, type MessageId } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog } from './log.ts'
import { decodeOverlay, NO_OVERLAY, type Overlay } from './overlay.ts'

export class Overlays {
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #log: ConversationLog
  readonly #written: (log: LogId) => number
  /** Overlays changed since the last checkpoint. */
  readonly #overlays = new Map<MessageId, Overlay>()
  /** Messages that have an overlay and have not come yet. */
  readonly #orphans = new Set<MessageId>()
  /** Those of them that are known to be deleted. */
  readonly #deletedOrphans = new Set<MessageId>()

  /** `written` says how many entries of a log had been folded at the last checkpoint: overlays of later messages are not in the store. */
  constructor(options: { keys: Keyspace; store: Store; log: ConversationLog; written: (log: LogId) => number }) {
    this.#keys = options.keys
    this.#store = options.store
    this.#log = options.log
    this.#written = options.written
  }

  async get(id: MessageId): Promise<Overlay> {
    const [overlay] = await this.read([id])
    return overlay!
  }

  /** `isOrphan`: the message that it belongs to has not come yet. */
  set(id: MessageId, overlay: Overlay, isOrphan: boolean): void {
    this.#overlays.set(id, overlay)
    if (isOrphan) this.#orphans.add(id)
    if (isOrphan && overlay.deleted) this.#deletedOrphans.add(id)
  }

  get hasOrphans(): boolean {
    return this.#orphans.size > 0
  }

  /** The message has come; returns what had been said of it before, if anything. */
  async arrived(id: MessageId): Promise<Overlay | undefined> {
    if (!this.#orphans.has(id)) return undefined
    const overlay = await this.get(id)
    this.#orphans.delete(id)
    this.#deletedOrphans.delete(id)
    this.#overlays.set(id, overlay)
    return overlay
  }

  /** In the order asked for. */
  async read(ids: readonly MessageId[]): Promise<Overlay[]> {
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

  /** What the next checkpoint has to write. */
  pending(): [MessageId, Overlay][] {
    return [...this.#overlays]
  }

  /** These are in the store now; what changed meanwhile stays. */
  confirm(overlays: readonly [MessageId, Overlay][]): void {
    for (const [id, overlay] of overlays) if (this.#overlays.get(id) === overlay) this.#overlays.delete(id)
  }

  orphans(): MessageId[] {
    return [...this.#orphans]
  }

  /** What the last checkpoint said of messages that had not come. */
  loadOrphans(ids: Iterable<MessageId>): void {
    for (const id of ids) this.#orphans.add(id)
  }

  /** Looks which of them are deleted: they are counted while logs begin late. */
  async readOrphans(): Promise<void> {
    const ids = this.orphans()
    for (const [i, { deleted }] of (await this.read(ids)).entries()) if (deleted) this.#deletedOrphans.add(ids[i]!)
  }

  deletedOrphans(): Iterable<MessageId> {
    return this.#deletedOrphans
  }

  clear(): void {
    this.#overlays.clear()
    this.#orphans.clear()
    this.#deletedOrphans.clear()
  }

  #mayBeStored(id: MessageId): boolean {
    const { device, seq } = messageIdParts(id)
    // Of a forked log it is not known yet where the message lies.
    const author = deviceIdOf(device)
    return this.#orphans.has(id) || seq < this.#written(author) || this.#log.logsOf(author).length > 1
  }
}
