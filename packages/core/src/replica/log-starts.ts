/**
 * Logs that begin late: of which only the entries from some chunk on are here, and those before it are still to come. The chunk's first entry says time,
 * epoch and counts in full; the id before it is claimed by a peer, and the signature behind proves it, for every id follows from the one before. What
 * comes before is certain as soon as it leads to that id.
 */
import { verifyRun, type CryptoProvider, type VerifiedRun } from '@parley/crypto'
import {
  CHUNK_ENTRIES,
  compareHlc,
  decodeEntry,
  deviceIdBytes,
  encodeChainState,
  EntryKind,
  equalBytes,
  MAX_FUTURE_SKEW_MS,
  Reject,
  startChain,
  type ChainState,
  type Hlc,
} from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import { eraseRange } from './erase.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogChain } from './log-chain.ts'
import type { Ingested, LogEntry } from './log-entry.ts'
import type { LogHeads } from './log-heads.ts'
import type { LogReader } from './log-reader.ts'
import { completeUpTo, logRows, sameEpoch } from './log-rows.ts'

/** Entries of one log as a peer gives them, the first of which begins a chunk. */
export interface EarlyRun {
  readonly log: LogId
  readonly signKey: Uint8Array
  readonly seq: number
  readonly entries: readonly Uint8Array[]
  /** The id before the first one, as the peer says. */
  readonly anchor: Uint8Array
}

/** What goes in front of a log, or begins it. */
export interface Verified extends Ingested {
  /** The chain before its first entry. */
  readonly start: ChainState
}

export class LogStarts {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads: LogHeads
  readonly #reader: LogReader
  readonly #chain: LogChain
  readonly #stopped: AbortSignal
  /** Clocks of the first entries, as far as they were asked for. */
  readonly #clocks = new Map<LogId, { seq: number; hlc: Hlc }>()

  constructor(options: {
    conversation: Uint8Array
    crypto: CryptoProvider
    keys: Keyspace
    store: Store
    heads: LogHeads
    reader: LogReader
    chain: LogChain
    stopped: AbortSignal
  }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#keys = options.keys
    this.#store = options.store
    this.#heads = options.heads
    this.#reader = options.reader
    this.#chain = options.chain
    this.#stopped = options.stopped
  }

  /** The logs that begin late. */
  late(): LogId[] {
    return this.#heads.lateLogs()
  }

  /** The chain before the first entry here; undefined when the log is here from its beginning. */
  of(log: LogId): ChainState | undefined {
    return this.#heads.lateStart(log)
  }

  /** The clock of the first entry here, of a log that begins late. */
  async clock(log: LogId): Promise<Hlc> {
    const seq = this.#heads.startOf(log)
    const known = this.#clocks.get(log)
    if (known?.seq === seq) return known.hlc
    const hlc = await this.#chain.clockAt(log, seq)
    this.#clocks.set(log, { seq, hlc })
    return hlc
  }

  /**
   * Verifies entries with which a log of which nothing is here may begin: those that a signature covers. `controls` of its control entries come before
   * them, as far as is known. @throws {Reject} as verifyRun; BadClock when they are from the future.
   * @throws {ParleyError} Aborted once the log was stopped.
   */
  async verifyBeginning(run: EarlyRun, controls: number, now: number): Promise<Verified> {
    const headers = run.entries.map((bytes) => decodeEntry(bytes).header)
    const first = headers.find(({ kind }) => kind === EntryKind.control)
    const start = this.#before(run, headers[0], first === undefined ? controls : first.controls - 1)
    const verified = await this.#verify(run, start)
    if (verified.entries.some(({ hlc }) => hlc.ms > now + MAX_FUTURE_SKEW_MS)) throw new Reject('BadClock', 'entries from the future')
    const entries = this.#entries(run, verified, start)
    const log = deviceIdBytes(run.log)
    const operations: StoreOperation[] = [
      ...logRows(this.#keys, log, entries, { before: 'unknown', sealed: completeUpTo(verified.state.nextSeq) }),
      { type: 'put', key: this.#keys.head(log), value: encodeChainState(verified.state) },
      { type: 'put', key: this.#keys.start(log), value: encodeChainState(start) },
    ]
    return { entries, operations, head: verified.state, start, held: undefined, unsigned: verified.rest }
  }

  /**
   * Verifies the entries right before those that are here: `run` ends where these begin. 'inconsistent': they lead to these and yet contradict them, so
   * that their author has signed what nobody can take in. @throws {Reject} BadChain when they do not lead there, or as verifyRun.
   * @throws {ParleyError} Aborted once the log was stopped.
   */
  async verifyBefore(run: EarlyRun): Promise<Verified | 'inconsistent'> {
    const here = this.#heads.startState(run.log)
    const headers = run.entries.map((bytes) => decodeEntry(bytes).header)
    const controls = here.controls - headers.filter(({ kind }) => kind === EntryKind.control).length
    const hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
    const device = deviceIdBytes(run.log)
    const start = run.seq === 0 ? startChain(hash, this.#conversation, device) : this.#before(run, headers[0], controls)
    const verified = await this.#verify(run, start)
    const { state } = verified
    if (verified.rest > 0 || state.nextSeq !== here.nextSeq || !equalBytes(state.prevId, here.prevId))
      throw new Reject('BadChain', 'what is said to come before does not lead to what is here')
    const isEarlier = compareHlc(state.hlc, await this.clock(run.log)) < 0
    if (!isEarlier || controls < 0 || state.posts !== here.posts || state.deletes !== here.deletes || state.controls !== here.controls)
      return 'inconsistent'
    const entries = this.#entries(run, verified, start)
    const key = this.#keys.start(device)
    const operations: StoreOperation[] = [
      ...logRows(this.#keys, device, entries, { before: 'unknown', sealed: here.nextSeq }),
      run.seq === 0 ? { type: 'delete', key } : { type: 'put', key, value: encodeChainState(start) },
    ]
    // What is here need not say any more under which epoch it begins.
    if (sameEpoch(state.epoch, this.#heads.epochAt(run.log, here.nextSeq)))
      operations.push({ type: 'delete', key: this.#keys.epochOf(device, here.nextSeq) })
    return { entries, operations, head: this.#heads.state(run.log), start, held: undefined, unsigned: 0 }
  }

  /** These entries are in the store now, and the log begins with them. */
  commit(log: LogId, { entries, start, head }: Verified): void {
    this.#heads.begin(log, start, entries)
    this.#heads.set(deviceIdBytes(log), head)
  }

  /** Forgets a log that begins late: what is here may not be what others have. Folds that hold it are void. */
  async drop(log: LogId): Promise<void> {
    if (this.of(log) === undefined) return
    const device = deviceIdBytes(log)
    const from = this.#heads.startOf(log)
    const to = this.#heads.nextSeq(log)
    const ranges = [this.#keys.entries(device, from, to), this.#keys.epochsOfLog(device, 0), this.#keys.hollowsOf(device, 0)]
    const rows = (await Promise.all(ranges.map((range) => this.#store.range(range)))).flat().map(({ key }) => key)
    for (let chunk = from / CHUNK_ENTRIES; chunk * CHUNK_ENTRIES < to; chunk++) rows.push(this.#keys.anchor(device, chunk))
    rows.push(this.#keys.head(device), this.#keys.start(device))
    await this.#store.write(rows.map((key) => ({ type: 'delete', key })))
    this.#heads.forget(log)
    this.#reader.forget()
    this.#chain.forget()
    this.#clocks.delete(log)
  }

  /** From now on the log begins with entry number `seq`, which begins a chunk. Folds that hold earlier ones are void; `eraseBefore` follows once they do not. */
  async beginAt(log: LogId, seq: number): Promise<void> {
    const state = await this.#chain.stateAt(log, seq)
    if (state === undefined || seq <= this.#heads.startOf(log)) return
    const device = deviceIdBytes(log)
    const start: ChainState = { ...state, hlc: { ms: 0, ctr: 0 }, epoch: undefined }
    const epoch = this.#heads.epochAt(log, seq) ?? new Uint8Array(0)
    await this.#store.write(
      [
        { type: 'put', key: this.#keys.start(device), value: encodeChainState(start) },
        { type: 'put', key: this.#keys.epochOf(device, seq), value: epoch },
      ],
      { durability: 'strict' },
    )
    this.#heads.shorten(log, start)
    this.#reader.forget()
    this.#chain.forget()
    this.#clocks.delete(log)
  }

  /** Deletes what lies before the first entry of a log that begins late: what was let go of, also before a crash. */
  async eraseBefore(log: LogId): Promise<void> {
    const device = deviceIdBytes(log)
    const seq = this.#heads.startOf(log)
    await eraseRange(this.#store, this.#keys.entries(device, 0, seq))
    await eraseRange(this.#store, { gte: this.#keys.epochOf(device, 0), lt: this.#keys.epochOf(device, seq) })
    await eraseRange(this.#store, { gte: this.#keys.hollow(device, 0), lt: this.#keys.hollow(device, seq) })
    await eraseRange(this.#store, { gte: this.#keys.anchor(device, 0), lt: this.#keys.anchor(device, seq / CHUNK_ENTRIES) })
  }

  /** The chain before the first of these entries, as it says itself. Of the clock only that it is not later. */
  #before(run: EarlyRun, first: { kind: number; posts: number; deletes: number } | undefined, controls: number): ChainState {
    if (first === undefined) throw new Reject('BadShape', 'no entries')
    return {
      nextSeq: run.seq,
      prevId: run.anchor.slice(),
      hlc: { ms: 0, ctr: 0 },
      posts: first.posts - (first.kind === EntryKind.post ? 1 : 0),
      deletes: first.deletes - (first.kind === EntryKind.delete ? 1 : 0),
      controls,
      epoch: undefined,
    }
  }

  #verify({ log, signKey, entries }: EarlyRun, start: ChainState): Promise<VerifiedRun> {
    if (start.posts < 0 || start.deletes < 0) throw new Reject('BadChain', 'counters do not follow')
    const author = { conversation: this.#conversation, device: deviceIdBytes(log), signKey }
    return verifyRun(this.#crypto, author, start, entries, { signatures: 'required', signal: this.#stopped })
  }

  #entries({ log }: EarlyRun, verified: VerifiedRun, start: ChainState): LogEntry[] {
    let prevId = start.prevId
    return verified.entries.map(({ seq, id, hlc, parts, bytes }) => {
      const entry: LogEntry = { log, device: log, seq, id, prevId, hlc, parts, bytes }
      prevId = id
      return entry
    })
  }
}
