/** Reading the stored entries of logs. What came last is kept in memory for whoever reads it at once: folds, events, the view. */
import { deviceIdBytes, readU32be, sealEntry, type DeviceId } from '@parley/protocol'
import type { Store } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogEntry } from './log-entry.ts'
import type { LogHeads } from './log-heads.ts'
import { completeUpTo } from './log-rows.ts'

/** Entries kept in memory after they came: some hundred short messages. */
const RECENT_BYTES = 262_144

/** Rows fetched from the store at a time. */
export const READ_BATCH = 256

export class LogReader {
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads: LogHeads
  readonly #recent = new Map<string, Uint8Array>()
  #recentBytes = 0

  constructor(options: { keys: Keyspace; store: Store; heads: LogHeads }) {
    this.#keys = options.keys
    this.#store = options.store
    this.#heads = options.heads
  }

  /** As `read`, in the form for other peers: chunks that are complete without the signatures that their end covers. */
  async readSealed(device: DeviceId, from: number, to: number, maxBytes: number): Promise<Uint8Array[]> {
    const sealed = completeUpTo(this.#heads.nextSeq(device))
    return (await this.read(device, from, to, maxBytes)).map((bytes, i) => (from + i < sealed ? sealEntry(bytes, from + i) : bytes))
  }

  /** Stored entries `from <= seq < to`, none when the log begins later, fewer when `maxBytes` would be exceeded (at least one) or a row is lost. */
  async read(device: DeviceId, from: number, to: number, maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array[]> {
    const end = from < this.#heads.startOf(device) ? from : Math.min(to, this.#heads.nextSeq(device))
    const result: Uint8Array[] = []
    let bytes = 0
    for (let at = from; at < end; at += READ_BATCH) {
      const rows = await this.#store.range({ ...this.#keys.entries(deviceIdBytes(device), at, Math.min(at + READ_BATCH, end)) })
      for (const { key, value } of rows) {
        if (readU32be(key.subarray(key.length - 4)) !== from + result.length) return result
        bytes += value.length
        if (result.length > 0 && bytes > maxBytes) return result
        result.push(value)
      }
    }
    return result
  }

  /** Stored entries here and there, in the order asked for; undefined for what is not here. */
  async readMany(places: readonly { log: LogId; seq: number }[]): Promise<(Uint8Array | undefined)[]> {
    const found = places.map(({ log, seq }) => this.#recent.get(`${log}:${seq}`))
    const missing = places.filter((_, i) => found[i] === undefined)
    if (missing.length === 0) return found
    const rows = await this.#store.getMany(missing.map(({ log, seq }) => this.#keys.entry(deviceIdBytes(log), seq)))
    let next = 0
    return found.map((bytes) => bytes ?? rows[next++])
  }

  /** The stored bytes of an entry were replaced: its body was purged, or has come. */
  replaced(device: DeviceId, seq: number): void {
    const bytes = this.#recent.get(`${device}:${seq}`)
    if (bytes === undefined) return
    this.#recent.delete(`${device}:${seq}`)
    this.#recentBytes -= bytes.length
  }

  /** These entries have just come. */
  remember(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#remember(entry)
  }

  /** Entries lie elsewhere now. */
  forget(): void {
    this.#recent.clear()
    this.#recentBytes = 0
  }

  #remember({ log, seq, bytes }: LogEntry): void {
    // A copy: what came from a peer is a view on the whole message that brought it.
    this.#recent.set(`${log}:${seq}`, bytes.slice())
    this.#recentBytes += bytes.length
    for (const [name, oldest] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) break
      this.#recent.delete(name)
      this.#recentBytes -= oldest.length
    }
  }
}
