/** Entries of peers that no signature covers yet: they wait for it in memory, within bounds. */
import { CHUNK_ENTRIES, MAX_WAITING_BYTES_PER_PEER, MAX_WAITING_ENTRIES_PER_PEER, type EntryList } from '@parley/protocol'
import type { WaitingBytes } from '../support/waiting-bytes.ts'
import type { LogId } from './forks.ts'

/** Entries that wait for the signature that covers them, per device: a chunk always ends with one. */
const MAX_UNSIGNED = CHUNK_ENTRIES

/**
 * Pieces in which they may come: as many as an honest peer makes of so many bytes, twice over. All that waits is hashed again with every piece,
 * so a member could make us hash 4 MiB for every hundred bytes.
 */
export const MAX_UNSIGNED_PIECES = 16

/** Entries of one log that wait for the signature that covers them. */
export interface Unsigned {
  readonly seq: number
  readonly entries: readonly Uint8Array[]
  readonly bytes: number
  /** Updates that it took so far. */
  readonly pieces: number
}

/** What one peer left unsigned, the oldest first. */
interface Waiting {
  readonly runs: Map<LogId, Unsigned>
  entries: number
  bytes: number
}

export class UnsignedRuns {
  readonly #total: WaitingBytes
  /** By who sent them: what one peer leaves unsigned cannot get in the way of another. */
  readonly #waiting = new Map<object, Waiting>()

  /** `total` bounds what waits for all peers and conversations together. */
  constructor(total: WaitingBytes) {
    this.#total = total
  }

  get(from: object, log: LogId): Unsigned | undefined {
    return this.#waiting.get(from)?.runs.get(log)
  }

  drop(from: object, log: LogId): void {
    const waiting = this.#waiting.get(from)
    const run = waiting?.runs.get(log)
    if (waiting === undefined || run === undefined) return
    waiting.runs.delete(log)
    waiting.entries -= run.entries.length
    waiting.bytes -= run.bytes
    this.#total.give(run.bytes)
    if (waiting.runs.size === 0) this.#waiting.delete(from)
  }

  /** The peer is gone. */
  forget(from: object): void {
    for (const log of this.#waiting.get(from)?.runs.keys() ?? []) this.drop(from, log)
  }

  /** Keeps the last `unsigned` of these entries, the first of which has number `seq`. */
  keep(from: object, log: LogId, seq: number, bytes: EntryList, { unsigned, pieces }: { unsigned: number; pieces: number }): void {
    this.drop(from, log)
    if (unsigned === 0 || unsigned > MAX_UNSIGNED) return
    const last = [...bytes.slice(bytes.length - unsigned)]
    const size = last.reduce((sum, entry) => sum + entry.length, 0)
    // The oldest of this peer goes first: it is asked for again when heads are next compared.
    for (const [other] of this.#waiting.get(from)?.runs ?? []) {
      if (this.#hasRoom(from, unsigned, size)) break
      this.drop(from, other)
    }
    if (!this.#hasRoom(from, unsigned, size) || !this.#total.take(size)) return
    const waiting = this.#waiting.get(from) ?? { runs: new Map<LogId, Unsigned>(), entries: 0, bytes: 0 }
    this.#waiting.set(from, waiting)
    waiting.runs.set(log, { seq: seq + bytes.length - unsigned, entries: last.map((b) => b.slice()), bytes: size, pieces })
    waiting.entries += unsigned
    waiting.bytes += size
  }

  #hasRoom(from: object, entries: number, bytes: number): boolean {
    const waiting = this.#waiting.get(from)
    return (waiting?.entries ?? 0) + entries <= MAX_WAITING_ENTRIES_PER_PEER && (waiting?.bytes ?? 0) + bytes <= MAX_WAITING_BYTES_PER_PEER
  }
}
