/**
 * How much of the conversation's past is here. A newcomer to a long conversation begins its logs late, with the newest chunk of each, so that the newest
 * messages are there at once; what comes before is fetched from then on, or when somebody looks for it. How much that is, is known from the start: the first
 * entry of a log here counts all that came before it.
 */
import { CHUNK_ENTRIES, compareHlc, concatBytes, deviceIdOf, hlcBytes, messageIdParts, type DeviceId, type Hlc } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import type { ControlLog } from './control-log.ts'
import type { ReplicaEvents } from './events.ts'
import type { LogId } from './forks.ts'
import type { Keeping } from './keeping.ts'
import type { ConversationLog } from './log.ts'
import { TIMELINE_KEY_BYTES } from './timeline-key.ts'
import type { Timeline } from './timeline.ts'

/** Missing entries from which on a newcomer takes the newest first: fewer come within a second as they are. */
export const NEWEST_FIRST_ENTRIES = 1_024

/** Who looks at a page waits so long for what is missing of it, and then sees what is here. */
const PATIENCE_MS = 10_000

/** Entries `from` to before `to` of a log, which make a chunk. */
export interface LateChunk {
  readonly log: LogId
  readonly from: number
  readonly to: number
}

/** Who can fetch what comes before: a session with a peer that has it. */
export interface Supplier {
  /** Asks for the next chunks, when any are wanted and the peer has them. Returns whether something is under way. */
  ask(): boolean
}

export class History {
  readonly #context: Context
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  readonly #timeline: Timeline
  readonly #events: Emitter<ReplicaEvents>
  readonly #canOpen: (log: LogId, seq: number) => boolean
  /** Loaded by who does not keep all. */
  readonly #keeping: () => Promise<Keeping>
  /** Logs that a peer could not begin late: they are fetched from their beginning. */
  readonly #whole = new Set<LogId>()
  /** Whose answer is waited for, by log: nothing is fetched twice. */
  readonly #claims = new Map<LogId, Supplier>()
  readonly #suppliers = new Set<Supplier>()
  /** So many of the newest messages are to be here, whatever is replicated. */
  #demanded = 0

  /** `canOpen`: whether the key of an entry is here. */
  constructor(options: {
    context: Context
    log: ConversationLog
    controls: ControlLog
    timeline: Timeline
    events: Emitter<ReplicaEvents>
    canOpen: (log: LogId, seq: number) => boolean
    keeping: () => Promise<Keeping>
  }) {
    this.#context = options.context
    this.#log = options.log
    this.#controls = options.controls
    this.#timeline = options.timeline
    this.#events = options.events
    this.#canOpen = options.canOpen
    this.#keeping = options.keeping
  }

  /** Whether everything that was said before what is here is here, too. */
  get isComplete(): boolean {
    return this.#log.starts.late().length === 0
  }

  /** Entries that come before those that are here. */
  get missingEntries(): number {
    return this.#log.starts.late().reduce((sum, log) => sum + this.#log.startOf(log), 0)
  }

  /** Messages among them, as the logs count: exact as long as nobody deletes a message twice. */
  get missing(): number {
    const { starts } = this.#log
    const late = starts.late()
    if (late.length === 0) return 0
    let count = 0
    for (const log of late) {
      // Of before this device may read: nothing of it will ever show.
      if (!this.#canOpen(log, this.#log.startOf(log))) continue
      const { posts, deletes } = starts.of(log)!
      count += posts - deletes
    }
    // Deleted here already, and still to come.
    for (const id of this.#timeline.deletedAhead()) {
      const { device, seq } = messageIdParts(id)
      if (seq < (starts.of(deviceIdOf(device))?.nextSeq ?? 0)) count--
    }
    return Math.max(0, count)
  }

  /** Whether the newest `count` messages are here, with nothing missing between them. */
  async reaches(count: number): Promise<boolean> {
    const horizon = await this.#horizon()
    if (horizon === undefined) return true
    const key = concatBytes(hlcBytes(horizon), new Uint8Array(TIMELINE_KEY_BYTES - 8))
    return this.#timeline.total - (await this.#timeline.rank(key)) >= count
  }

  // --- beginning late

  /** Where a log of which nothing is here begins when the newest comes first and it has `nextSeq` entries; 0: at its beginning. */
  lateStart(log: LogId, nextSeq: number): number {
    const isFit =
      this.#log.nextSeq(log) === 0 &&
      log !== this.#context.me.deviceId &&
      !this.#log.hasBranch(log) &&
      !this.#whole.has(log) &&
      !this.#controls.forks.isForked(this.#log.deviceOf(log))
    return isFit && nextSeq > CHUNK_ENTRIES ? nextSeq - 1 - ((nextSeq - 1) % CHUNK_ENTRIES) : 0
  }

  /** What a peer gave to begin the log with was no use: it is fetched from its beginning. */
  fetchWhole(log: LogId): void {
    this.#whole.add(log)
  }

  /** Forgets what is here of the device's log when it begins late: its past cannot be told from what is here. Returns whether it did; the folds are void then. */
  async drop(device: DeviceId): Promise<boolean> {
    if (this.#log.starts.of(device) === undefined) return false
    this.#whole.add(device)
    await this.#log.starts.drop(device)
    this.changed()
    return true
  }

  /** Logs that forked are needed whole, to find where. Returns whether any was forgotten. */
  async dropForked(): Promise<boolean> {
    let isDropped = false
    for (const device of this.#controls.forks.devices()) isDropped = (await this.drop(device)) || isDropped
    return isDropped
  }

  /** Whether everything that comes before is fetched, whoever looks for it or not. */
  get wantsAll(): boolean {
    const { replicate = 'all' } = this.#context
    return replicate === 'all'
  }

  /** Lets go of what is not to be kept. Call it while nothing is taken in or written. Returns whether anything went. */
  async letGo(): Promise<boolean> {
    if (!(await (await this.#keeping()).letGo())) return false
    // What was looked at before need not be here any more.
    this.#demanded = 0
    this.changed()
    return true
  }

  // --- fetching what comes before

  /** So many of the newest messages are wanted here; whoever can is asked for them. Returns whether something is under way. */
  demand(count: number): boolean {
    this.#demanded = Math.max(this.#demanded, count)
    return this.wake() || !this.isIdle
  }

  /** Resolves once the newest `count` messages are here: true; or nobody gives more of them: false. */
  async until(count: number): Promise<boolean> {
    const { clock } = this.#context
    const end = clock.now() + PATIENCE_MS
    while (!(await this.reaches(count))) {
      if (!this.demand(count) || clock.now() >= end) return false
      await new Promise<void>((resolve) => {
        const done = (): void => {
          cancel()
          stop()
          resolve()
        }
        const cancel = clock.setTimeout(done, Math.max(0, end - clock.now()))
        const stop = this.#events.on('history', done)
      })
    }
    return true
  }

  /** Resolves once everything is here, however long that takes: true; or nothing more of it comes: false. */
  async fetchAll(): Promise<boolean> {
    for (let before = Number.POSITIVE_INFINITY; this.missingEntries < before;) {
      before = this.missingEntries
      if (await this.until(Number.POSITIVE_INFINITY)) return true
    }
    return this.isComplete
  }

  /** Whether nobody is asked for anything. */
  get isIdle(): boolean {
    return this.#claims.size === 0
  }

  /** Whoever can asks for what is wanted. Returns whether anybody does. */
  wake(): boolean {
    let isAsking = false
    for (const supplier of this.#suppliers) isAsking = supplier.ask() || isAsking
    return isAsking
  }

  addSupplier(supplier: Supplier): void {
    this.#suppliers.add(supplier)
  }

  removeSupplier(supplier: Supplier): void {
    this.#suppliers.delete(supplier)
    for (const [log, claimer] of [...this.#claims]) if (claimer === supplier) this.release(log)
  }

  /**
   * The next chunks to fetch, at most `max` and of logs that `has` says the supplier has before what is here. They are the supplier's to fetch until it
   * releases their logs. Newest first, and from all logs alike.
   */
  async claim(supplier: Supplier, max: number, has: (log: LogId) => boolean): Promise<LateChunk[]> {
    const isAll = this.wantsAll
    const isDemanded = !isAll && !(await this.reaches(this.#demanded))
    const since = isAll || isDemanded ? 0 : await (await this.#keeping()).since()
    const free: { log: LogId; hlc: Hlc }[] = []
    for (const log of this.#log.starts.late()) free.push({ log, hlc: await this.#log.starts.clock(log) })
    free.sort((a, b) => compareHlc(b.hlc, a.hlc))
    const wanted = free.filter(({ hlc }) => hlc.ms > since)
    const logs = wanted.map(({ log }) => log).filter((log) => !this.#claims.has(log) && has(log))
    // When somebody looks for a page, what stands in its way is all that is fetched.
    const chosen = isAll ? logs : logs.slice(0, 1)
    const chunks: LateChunk[] = []
    for (let back = 1; chunks.length < max && chosen.some((log) => this.#log.startOf(log) >= back * CHUNK_ENTRIES); back++) {
      for (const log of chosen) {
        const from = this.#log.startOf(log) - back * CHUNK_ENTRIES
        if (from < 0 || chunks.length >= max) continue
        chunks.push({ log, from, to: from + CHUNK_ENTRIES })
        this.#claims.set(log, supplier)
      }
      if (!isAll) break
    }
    return chunks
  }

  /** Nothing of that log is under way any more. */
  release(log: LogId): void {
    if (this.#claims.delete(log)) this.changed()
  }

  /** More is here, or nothing more comes: whoever waits looks again. */
  changed(): void {
    this.#events.emit('history')
  }

  /** The clock from which on everything is here; undefined: from the beginning. */
  async #horizon(): Promise<Hlc | undefined> {
    let latest: Hlc | undefined
    for (const log of this.#log.starts.late()) {
      const hlc = await this.#log.starts.clock(log)
      if (latest === undefined || compareHlc(hlc, latest) > 0) latest = hlc
    }
    return latest
  }
}
