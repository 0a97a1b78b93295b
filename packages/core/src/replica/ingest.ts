/** What peers say: updates become runs, and runs that verify go into the logs and the folds. */
import {
  admit,
  CHUNK_ENTRIES,
  deviceIdOf,
  MAX_LIVE_ENTRIES_PER_SECOND,
  MAX_LIVE_ENTRY_BURST,
  MAX_LIVE_UPDATE_BYTES,
  MAX_RANGE_UPDATE_BYTES,
  Reject,
  type DeviceId,
  type EntryList,
  type EntryRun,
  type RejectCode,
} from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import { TokenBuckets } from '../support/token-buckets.ts'
import type { ChunkLookup } from './chunk-lookup.ts'
import type { Contradiction, ControlCheck } from './control-check.ts'
import type { ControlIntake } from './control-intake.ts'
import type { ControlLog } from './control-log.ts'
import type { ReplicaEvents } from './events.ts'
import type { Folding } from './folding.ts'
import { holdsEntry } from './fork-proof.ts'
import type { ForkSettling } from './fork-settling.ts'
import { branchLogOf, type LogId } from './forks.ts'
import type { History } from './history.ts'
import type { HollowEntries } from './hollow.ts'
import { LateIntake } from './late-intake.ts'
import type { LogCuts } from './log-cuts.ts'
import { carrierOf, isControl, type Ingested } from './log-entry.ts'
import type { ConversationLog } from './log.ts'
import { MAX_UNSIGNED_PIECES, UnsignedRuns } from './unsigned-runs.ts'

/** What became of an update. */
export interface IngestResult {
  readonly accepted: number
  /** Entries came for a device or a position that this log does not reach yet; compare heads again. */
  readonly missing: boolean
  /** Logs of which the peer holds another history than this one. */
  readonly strayed: readonly LogId[]
  /** Logs of which all that came was here already, with the end of what came. */
  readonly repeated: ReadonlyMap<LogId, number>
  /** Runs that do not verify right behind the last entry here: they are wrong, or they follow another one. */
  readonly doubted: readonly DoubtedRun[]
  /** Entries were left out of devices that had been removed by then. */
  readonly refused: boolean
  /** A control entry that had come alone and is not the one in the log. */
  readonly contradiction: Contradiction | undefined
  /** Runs that come before what is here and are no use. */
  readonly unfit: readonly UnfitRun[]
  /** Live entries that were too many for now, by log: ask for them. */
  readonly deferred: ReadonlyMap<LogId, number>
}

/** A run that does not verify, up to, not including, number `to`. */
export interface DoubtedRun {
  readonly log: LogId
  readonly to: number
  readonly reject: Reject
}

/** What was to come before what is here of a log, or to begin it, and does not. */
export interface UnfitRun {
  readonly log: LogId
  readonly reject: Reject
}

/** What was neither taken in nor refused, since the start: the same entries count again when they come again. */
export interface PassedOver {
  /** Live entries beyond the rate; they are asked for by range. */
  deferred: number
  /** Entries whose clock is too far ahead; they are asked for again when it is not. */
  held: number
  /** Entries that are here already. */
  repeated: number
  /** Control entries that came alone and are not in the log of their device. */
  contradicted: number
}

/** What the session that brings an update knows of its runs. */
export interface UpdateSource {
  /** Keeps a run that is not to be taken in. */
  take(log: LogId, run: EntryRun): boolean
  /** Whether it was asked for. */
  isAsked(log: LogId, run: EntryRun): boolean
}

export class Ingest {
  readonly #conversation: Uint8Array
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #hollow: HollowEntries
  readonly #chunks: ChunkLookup
  readonly #check: ControlCheck
  readonly #cuts: LogCuts
  readonly #intake: ControlIntake
  readonly #folding: Folding
  readonly #forks: ForkSettling
  readonly #events: Emitter<ReplicaEvents>
  readonly #unsigned: UnsignedRuns
  readonly #late: LateIntake
  readonly #history: History
  readonly #live: TokenBuckets<DeviceId>
  /** Logs whose next entry is from the future, by our clock, and when it is not any more. One for each log. */
  readonly #held = new Map<LogId, { seq: number; until: number }>()
  readonly passedOver: PassedOver = { deferred: 0, held: 0, repeated: 0, contradicted: 0 }

  constructor(options: {
    conversation: Uint8Array
    context: Context
    log: ConversationLog
    controls: ControlLog
    hollow: HollowEntries
    chunks: ChunkLookup
    check: ControlCheck
    cuts: LogCuts
    intake: ControlIntake
    folding: Folding
    forks: ForkSettling
    events: Emitter<ReplicaEvents>
    history: History
  }) {
    this.#conversation = options.conversation
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#hollow = options.hollow
    this.#chunks = options.chunks
    this.#check = options.check
    this.#cuts = options.cuts
    this.#intake = options.intake
    this.#folding = options.folding
    this.#forks = options.forks
    this.#events = options.events
    this.#history = options.history
    this.#unsigned = new UnsignedRuns(options.context.waiting)
    this.#late = new LateIntake({ log: options.log, controls: options.controls, waiting: options.context.waiting })
    this.#live = new TokenBuckets(options.context.clock, { burst: MAX_LIVE_ENTRY_BURST, perSecond: MAX_LIVE_ENTRIES_PER_SECOND })
  }

  /** What this peer left unfinished is of no use any more. */
  forget(from: object): void {
    this.#unsigned.forget(from)
    this.#late.forget(from)
  }

  /** A peer says which id comes before the chunk that begins at `seq`, of which it was asked for the entries. */
  anchor(from: object, log: LogId, seq: number, id: Uint8Array): void {
    this.#late.note(from, log, seq, id)
  }

  /** From which entry on a log is held back because of its clock; without bound when it is not. */
  heldFrom(log: LogId): number {
    const held = this.#held.get(log)
    if (held === undefined) return Number.POSITIVE_INFINITY
    if (this.#context.clock.now() < held.until && this.#log.nextSeq(log) === held.seq) return held.seq
    this.#held.delete(log)
    return Number.POSITIVE_INFINITY
  }

  /**
   * Takes in an update from a peer. @throws {Reject} for what no honest peer sends, and UnknownChunk for what lies far ahead of the log.
   * Runs of which `take` says so are passed over: the peer holds another history of the log. What was not asked for must keep to the live rate
   * of its author; the rest is put off until it is asked for. The caller holds the mutex.
   */
  async update(update: Uint8Array, from: object, { take, isAsked }: UpdateSource): Promise<IngestResult> {
    const runs = admit(update, {
      hash: this.#hash,
      conversation: this.#conversation,
      chunkOf: (client) => this.#chunks.find(client),
      branchOf: (device, id) => this.#controls.forks.branch(branchLogOf(this.#hash, device, id))?.branch,
      limits: { maxBytes: MAX_RANGE_UPDATE_BYTES },
    })
    let accepted = 0
    let missing = false
    let refused = false
    const strayed: LogId[] = []
    const repeated = new Map<LogId, number>()
    const doubted: DoubtedRun[] = []
    const unfit: UnfitRun[] = []
    const deferred = new Map<LogId, number>()
    let contradiction: Contradiction | undefined
    for (const run of runs) {
      const log = run.branch === undefined ? deviceIdOf(run.device) : branchLogOf(this.#hash, run.device, run.branch.id)
      if (take(log, run)) continue
      if (!isAsked(log, run)) {
        if (update.length > MAX_LIVE_UPDATE_BYTES) throw new Reject('LimitExceeded', 'a live update is too long')
        const fresh = Math.min(run.seq + run.entries.length, this.limit(log)) - Math.max(run.seq, this.#log.nextSeq(log))
        if (fresh > 0 && run.seq <= this.#log.nextSeq(log) && !this.#live.take(deviceIdOf(run.device), fresh)) {
          this.passedOver.deferred += fresh
          deferred.set(log, fresh)
          continue
        }
      }
      const result = await this.run(log, run, from)
      accepted += result.accepted
      missing ||= result.missing
      refused ||= result.refused
      strayed.push(...result.strayed)
      for (const [log, nextSeq] of result.repeated) repeated.set(log, nextSeq)
      contradiction ??= result.contradiction
      doubted.push(...result.doubted)
      unfit.push(...result.unfit)
    }
    await this.#folding.checkpointIfDue({ isBulk: accepted >= CHUNK_ENTRIES })
    return { accepted, missing, strayed, repeated, doubted, unfit, refused, deferred, contradiction }
  }

  /** Takes in entries that follow each other in one log. @throws {Reject} */
  async run(log: LogId, run: EntryRun, from: object): Promise<IngestResult> {
    const author = this.#controls.membership.devices.get(deviceIdOf(run.device))
    if (author === undefined || (run.branch !== undefined && !this.#log.hasBranch(log))) return MISSING
    const { forks } = this.#controls
    if (this.#late.isLate(log, run, from)) return this.#before(log, run, author.cert.signKey, from)
    const waiting = this.#unsigned.get(from, log)
    const continues = waiting !== undefined && waiting.seq + waiting.entries.length === run.seq
    const seq = continues ? waiting.seq : run.seq
    const all = continues ? [...waiting.entries, ...run.entries] : run.entries
    const nextSeq = this.#log.nextSeq(log)
    if (seq > nextSeq) return seq > this.heldFrom(log) ? NOTHING : MISSING
    const bytes = all.slice(0, Math.max(0, Math.max(nextSeq, this.limit(log)) - seq))
    const refused = !author.isActive && bytes.length < all.length
    await this.#folding.fold(await this.#hollow.fill(log, seq, bytes))
    if (seq < nextSeq && (await this.#strays(log, nextSeq - 1, bytes.at(nextSeq - 1 - seq)))) return { ...NOTHING, strayed: [log] }
    this.passedOver.repeated += Math.max(0, Math.min(nextSeq - seq, bytes.length))
    if (seq + bytes.length <= nextSeq) return { ...NOTHING, refused, repeated: new Map([[log, seq + bytes.length]]) }
    const pieces = continues ? waiting.pieces + 1 : 1
    if (pieces > MAX_UNSIGNED_PIECES) {
      this.#unsigned.drop(from, log)
      throw new Reject('RateLimited', 'a run without a signature in too many pieces')
    }
    const vouched = forks.branches(author.cert.deviceId).map(({ branch, prevId }) => ({ seq: branch.seq, prevId }))
    const ingested = await this.#verify(
      log,
      author.cert.signKey,
      seq,
      bytes,
      vouched.sort((a, b) => a.seq - b.seq),
    )
    if (ingested instanceof Reject) {
      this.#unsigned.drop(from, log)
      return { ...NOTHING, doubted: [{ log, to: seq + bytes.length, reject: ingested }] }
    }
    // A signature on the way makes what follows it a first piece.
    const keep = { pieces: ingested.entries.length > 0 ? 1 : pieces, unsigned: ingested.unsigned }
    this.#unsigned.keep(from, log, seq, bytes, keep)
    const { entries, held } = ingested
    if (held !== undefined) {
      this.passedOver.held += held.entries
      this.#held.set(log, { seq: ingested.head.nextSeq, until: held.untilMs })
    }
    if (entries.length === 0) return { ...NOTHING, refused }
    const contradiction = await this.#keep(ingested, () => this.#log.commit(log, ingested))
    this.#events.emit('entries', entries, from)
    return { ...NOTHING, accepted: entries.length, refused, contradiction }
  }

  /** How many entries of a log may be taken in now. */
  limit(log: LogId): number {
    return Math.min(this.#cuts.limit(log), this.heldFrom(log))
  }

  /** Takes in entries that come before those that are here, or begin a log late. */
  async #before(log: LogId, run: EntryRun, signKey: Uint8Array, from: object): Promise<IngestResult> {
    // Of a log that forked the whole is needed.
    if (this.#controls.forks.isForked(deviceIdOf(run.device))) return NOTHING
    const result = await this.#late.take(from, log, run, signKey, this.limit(log), this.#context.clock.now())
    if (result === undefined || result.type === 'waiting') return NOTHING
    if (result.type === 'unfit') return { ...NOTHING, unfit: [{ log, reject: result.reject }] }
    if (result.type === 'inconsistent') {
      // Its author signed what nobody can take in who has the whole: so nobody else has it.
      await this.#history.drop(log)
      this.#chunks.clear()
      await this.#hollow.load()
      await this.#folding.foldAnew()
      return { ...NOTHING, unfit: [{ log, reject: new Reject('BadChain', 'entries that contradict what comes before them') }] }
    }
    const { verified, rest } = result
    const isBeginning = this.#log.nextSeq(log) === 0
    const contradiction = await this.#keep(verified, () => this.#log.starts.commit(log, verified))
    if (isBeginning) this.#events.emit('entries', verified.entries, from)
    this.#history.changed()
    const kept: IngestResult = { ...NOTHING, accepted: verified.entries.length, contradiction }
    if (rest.length === 0) return kept
    const more = await this.run(log, { ...run, seq: verified.head.nextSeq, entries: rest }, from)
    return { ...more, accepted: kept.accepted + more.accepted, contradiction: contradiction ?? more.contradiction }
  }

  /** Stores and folds entries that are certain; `commit` moves the log. Returns a control entry that had come alone and is not the one in the log. */
  async #keep(ingested: Ingested, commit: () => void): Promise<Contradiction | undefined> {
    const { entries } = ingested
    const { operations: outdated, contradiction } = await this.#check.againstLog(entries)
    if (contradiction !== undefined) this.passedOver.contradicted++
    const { accepted: controls, operations } = await this.#controls.accept(
      entries.filter(isControl).map((e) => carrierOf(e)),
      this.#intake.latestMs,
    )
    await this.#intake.store([...outdated, ...ingested.operations, ...operations, ...this.#hollow.note(entries)], controls, 'relaxed')
    commit()
    const isChanged = controls.length > 0 || contradiction !== undefined
    if (isChanged) await this.#intake.settle()
    const changes = await this.#folding.apply(entries)
    if (controls.length > 0 || this.#controls.forks.isForked(entries[0]!.device)) await this.#forks.settle()
    if (isChanged) this.#events.emit('control', controls)
    if (changes.length > 0) this.#events.emit('timeline', changes)
    return contradiction
  }

  /** What of a run is certain. One that begins right behind our last entry, and does not follow it, is in doubt. @throws {Reject} */
  async #verify(
    log: LogId,
    signKey: Uint8Array,
    seq: number,
    bytes: EntryList,
    vouched: readonly { seq: number; prevId: Uint8Array }[],
  ): Promise<Ingested | Reject> {
    try {
      return await this.#log.verify(log, signKey, seq, bytes, this.#context.clock.now(), vouched)
    } catch (error) {
      const isBehindOurs = seq === this.#log.nextSeq(log) && seq > this.#log.startOf(log)
      if (isBehindOurs && error instanceof Reject && MAY_STRAY.has(error.code)) return error
      throw error
    }
  }

  /** Whether the peer holds another entry at that place than we do. */
  async #strays(log: LogId, seq: number, theirs: Uint8Array | undefined): Promise<boolean> {
    return theirs !== undefined && !(await holdsEntry(this.#hash, this.#log, log, seq, theirs))
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#context.crypto.sha256(bytes)
}

/** How entries fail that follow another history than ours. */
const MAY_STRAY: ReadonlySet<RejectCode> = new Set(['BadSignature', 'BadChain', 'BadClock'])

const NOTHING: IngestResult = Object.freeze({
  accepted: 0,
  missing: false,
  contradiction: undefined,
  strayed: [],
  repeated: new Map<LogId, number>(),
  doubted: [],
  unfit: [],
  refused: false,
  deferred: new Map<LogId, number>(),
})

const MISSING: IngestResult = Object.freeze({ ...NOTHING, missing: true })
