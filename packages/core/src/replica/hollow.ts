/**
 * Entries whose bodies were left out by the peer that passed them on. That is what an honest peer does with deleted messages, and what a
 * dishonest one could do to silence somebody: so the body is asked for elsewhere, and nothing counts as deleted until its author says so.
 */
import { concatBytes, decodeEntry, deviceIdBytes, deviceIdOf, EntryKind, equalBytes, readU32be, type EntryList } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { ConversationLog } from './log.ts'
import type { LogEntry } from './log-entry.ts'
import type { StoreOperation } from '../store.ts'

/** Bodies asked of one peer at a time. */
export const MAX_HOLLOW_WANTS = 256

/** The last byte of a row: what the entry is. */
const POST = 0
const OTHER = 1

interface Hollow {
  /** Nothing but its author's deletion takes a message away; what was said of deleted ones nobody has, and is asked for last. */
  readonly isPost: boolean
  readonly log: LogId
  readonly seq: number
  readonly id: Uint8Array
  readonly prevId: Uint8Array
}

export class HollowEntries {
  readonly #context: Context
  readonly #keys: Keyspace
  readonly #log: ConversationLog
  readonly #entries = new Map<string, Hollow>()

  constructor(context: Context, keys: Keyspace, log: ConversationLog) {
    this.#context = context
    this.#keys = keys
    this.#log = log
  }

  async load(): Promise<void> {
    this.#entries.clear()
    for (const { key, value } of await this.#context.store.range(this.#keys.hollows())) {
      const log = deviceIdOf(key.slice(key.length - 20, key.length - 4))
      this.#add({
        log,
        seq: readU32be(key.subarray(key.length - 4)),
        id: value.slice(0, 32),
        prevId: value.slice(32, 64),
        isPost: value[64] !== OTHER,
      })
    }
  }

  get size(): number {
    return this.#entries.size
  }

  /** Notes what came without a body; the rows belong into the batch that stores the entries. */
  note(entries: readonly LogEntry[]): StoreOperation[] {
    const operations: StoreOperation[] = []
    for (const { log, seq, id, prevId, parts } of entries) {
      if (parts.body !== undefined || parts.header.kind === EntryKind.control) continue
      this.#add({ log, seq, id, prevId, isPost: parts.header.kind === EntryKind.post })
      operations.push(hollowRow(this.#keys, { log, seq, id, prevId, parts }))
    }
    return operations
  }

  /** The next bodies to ask for, messages first. */
  wants(): { log: LogId; device: Uint8Array; from: number; to: number }[] {
    const all = [...this.#entries.values()]
    return [...all.filter(({ isPost }) => isPost), ...all.filter(({ isPost }) => !isPost)]
      .slice(0, MAX_HOLLOW_WANTS)
      .map(({ log, seq }) => ({ log, device: deviceIdBytes(log), from: seq, to: seq + 1 }))
  }

  /**
   * Stores the bodies that these entries bring, the first of which has number `seq`. Returns the filled entries for the folds; `settle` follows
   * once the folds are written down.
   */
  async fill(log: LogId, seq: number, entries: EntryList): Promise<LogEntry[]> {
    if (this.#entries.size === 0) return []
    const filled: LogEntry[] = []
    const operations: StoreOperation[] = []
    const device = this.#log.deviceOf(log)
    const deviceBytes = deviceIdBytes(device)
    for (let i = 0; i < entries.length; i++) {
      const hollow = this.#entries.get(nameOf(log, seq + i))
      if (hollow === undefined) continue
      const bytes = entries.at(i) as Uint8Array
      const parts = decodeEntry(bytes)
      if (parts.body === undefined || !equalBytes(this.#log.idOf(deviceBytes, hollow.seq, hollow.prevId, parts), hollow.id)) continue
      const own = bytes.slice()
      const hlc = await this.#log.clockAt(log, hollow.seq)
      filled.push({ log, device, seq: hollow.seq, id: hollow.id, prevId: hollow.prevId, hlc, parts: decodeEntry(own), bytes: own })
      operations.push({ type: 'put', key: this.#keys.entry(deviceIdBytes(log), hollow.seq), value: own })
    }
    if (filled.length > 0) await this.#context.store.write(operations)
    for (const entry of filled) this.#log.replaced(log, entry.seq)
    return filled
  }

  /** Entries that were filled when the process ended before `settle`: to be folded again. */
  async unsettled(): Promise<LogEntry[]> {
    const filled: LogEntry[] = []
    for (const { log, seq, id, prevId } of this.#entries.values()) {
      const [bytes] = await this.#log.read(log, seq, seq + 1)
      const device = this.#log.deviceOf(log)
      const parts = bytes === undefined ? undefined : decodeEntry(bytes)
      if (bytes !== undefined && parts?.body !== undefined)
        filled.push({ log, device, seq, id, prevId, hlc: await this.#log.clockAt(log, seq), parts, bytes })
    }
    return filled
  }

  /** The folds hold these entries now. */
  async settle(filled: readonly LogEntry[]): Promise<void> {
    for (const { log, seq } of filled) await this.forget(log, seq)
  }

  /** The body is here, or its author deleted the message: it is not wanted any more. */
  async forget(log: LogId, seq: number): Promise<void> {
    if (!this.#entries.delete(nameOf(log, seq))) return
    await this.#context.store.write([{ type: 'delete', key: this.#keys.hollow(deviceIdBytes(log), seq) }])
  }

  #add(hollow: Hollow): void {
    this.#entries.set(nameOf(hollow.log, hollow.seq), hollow)
  }
}

/** The row of an entry whose body is wanted. */
export function hollowRow(
  keys: Keyspace,
  { log, seq, id, prevId, parts }: Pick<LogEntry, 'log' | 'seq' | 'id' | 'prevId' | 'parts'>,
): StoreOperation {
  const value = concatBytes(id, prevId, Uint8Array.of(parts.header.kind === EntryKind.post ? POST : OTHER))
  return { type: 'put', key: keys.hollow(deviceIdBytes(log), seq), value }
}

const nameOf = (log: LogId, seq: number): string => `${log}:${seq}`
