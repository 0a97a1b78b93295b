/**
 * Entries that come before those that are here, newest first: what they bring is asked for chunk by chunk, each with the id before it (its anchor). What a
 * peer sends in pieces waits here, apart by who sent it, until a chunk is whole.
 */
import { CHUNK_ENTRIES, deviceIdOf, MAX_ENTRY_BYTES, Reject, type EntryRun } from '@parley/protocol'
import type { WaitingBytes } from '../support/waiting-bytes.ts'
import type { ControlLog } from './control-log.ts'
import type { LogId } from './forks.ts'
import type { ConversationLog } from './log.ts'
import type { EarlyRun, Verified } from './log-starts.ts'

/** Anchors kept of one peer: more than are ever asked for at a time. */
const MAX_ANCHORS = 64

/** Bytes that one chunk can have: it must be whole before anything of it is certain. */
const MAX_CHUNK_BYTES = CHUNK_ENTRIES * MAX_ENTRY_BYTES

/** What became of a run: it waits for more, is certain, or is no use. `rest`: entries behind those that are certain. */
export type LateResult =
  | { readonly type: 'waiting' }
  | { readonly type: 'verified'; readonly verified: Verified; readonly rest: readonly Uint8Array[] }
  | { readonly type: 'inconsistent' }
  | { readonly type: 'unfit'; readonly reject: Reject }

interface Pieces {
  readonly seq: number
  readonly entries: Uint8Array[]
  bytes: number
}

/** What one peer sent so far. */
interface Source {
  readonly anchors: Map<string, Uint8Array>
  readonly pieces: Map<LogId, Pieces>
}

export class LateIntake {
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #waiting: WaitingBytes
  readonly #sources = new Map<object, Source>()

  constructor({ log, controls, waiting }: { log: ConversationLog; controls: ControlLog; waiting: WaitingBytes }) {
    this.#log = log
    this.#controls = controls
    this.#waiting = waiting
  }

  /** That peer says which id comes before the chunk that begins at `seq`. The caller knows that it was asked for. */
  note(from: object, log: LogId, seq: number, id: Uint8Array): void {
    const { anchors } = this.#source(from)
    anchors.set(nameOf(log, seq), id.slice())
    for (const name of anchors.keys()) {
      if (anchors.size <= MAX_ANCHORS) break
      anchors.delete(name)
    }
  }

  /** The peer is gone. */
  forget(from: object): void {
    for (const log of this.#sources.get(from)?.pieces.keys() ?? []) this.#drop(from, log)
    this.#sources.delete(from)
  }

  /** Whether a run is one that comes before what is here, or begins a log of which nothing is. */
  isLate(log: LogId, run: EntryRun, from: object): boolean {
    if (run.branch !== undefined) return false
    const start = this.#log.startOf(log)
    if (run.seq < start) return true
    const source = this.#sources.get(from)
    if (this.#log.nextSeq(log) > 0 || source === undefined) return false
    const pieces = source.pieces.get(log)
    return (run.seq > 0 && source.anchors.has(nameOf(log, run.seq))) || (pieces !== undefined && endOf(pieces) === run.seq)
  }

  /** Takes a run of which `isLate` says so; undefined when nobody asked for it. `limit` entries of the log count. */
  async take(from: object, log: LogId, run: EntryRun, signKey: Uint8Array, limit: number, now: number): Promise<LateResult | undefined> {
    const source = this.#sources.get(from)
    const held = source?.pieces.get(log)
    const isNext = held !== undefined && endOf(held) === run.seq
    const seq = isNext ? held.seq : run.seq
    const anchor = seq === 0 ? new Uint8Array(0) : source?.anchors.get(nameOf(log, seq))
    if (anchor === undefined || seq % CHUNK_ENTRIES !== 0) return undefined
    const start = this.#log.startOf(log)
    // The chunk between did not come, so this one cannot be told apart from a lie: it is asked for again.
    if (start > 0 && seq + CHUNK_ENTRIES !== start) return undefined
    const entries = [...(isNext ? held.entries : []), ...run.entries].slice(0, Math.max(0, (start > 0 ? start : limit) - seq))
    this.#drop(from, log)
    const early: EarlyRun = { log, signKey, seq, entries, anchor }
    try {
      if (start > 0) {
        if (seq + entries.length < start) return this.#keep(from, log, seq, entries)
        const verified = await this.#log.starts.verifyBefore(early)
        return verified === 'inconsistent' ? { type: 'inconsistent' } : { type: 'verified', verified, rest: [] }
      }
      const controls = this.#controls.carriers(deviceIdOf(run.device)).filter((carrier) => carrier.seq < seq).length
      const verified = await this.#log.starts.verifyBeginning(early, controls, now)
      if (verified.entries.length === 0) return this.#keep(from, log, seq, entries)
      return { type: 'verified', verified, rest: entries.slice(verified.entries.length) }
    } catch (error) {
      if (error instanceof Reject) return { type: 'unfit', reject: error }
      throw error
    }
  }

  #keep(from: object, log: LogId, seq: number, entries: readonly Uint8Array[]): LateResult {
    const bytes = entries.reduce((sum, entry) => sum + entry.length, 0)
    if (entries.length >= CHUNK_ENTRIES || bytes > MAX_CHUNK_BYTES || !this.#waiting.take(bytes))
      return { type: 'unfit', reject: new Reject('LimitExceeded', 'a chunk that is never whole') }
    // Copies: what came is a view on the whole message that brought it.
    this.#source(from).pieces.set(log, { seq, entries: entries.map((entry) => entry.slice()), bytes })
    return { type: 'waiting' }
  }

  #drop(from: object, log: LogId): void {
    const pieces = this.#sources.get(from)?.pieces
    const held = pieces?.get(log)
    if (pieces === undefined || held === undefined) return
    pieces.delete(log)
    this.#waiting.give(held.bytes)
  }

  #source(from: object): Source {
    const known = this.#sources.get(from)
    if (known !== undefined) return known
    const source: Source = { anchors: new Map(), pieces: new Map() }
    this.#sources.set(from, source)
    return source
  }
}

const nameOf = (log: LogId, seq: number): string => `${log}:${seq}`

const endOf = ({ seq, entries }: Pieces): number => seq + entries.length
