/** Folding what is in the log into the timeline, and mending the fold after a failure of the store. The folds are never the truth. */
import { deviceIdBytes, EntryKind, messageIdOf } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import type { ReplicaEvents } from './events.ts'
import type { HollowEntries } from './hollow.ts'
import type { LogEntry } from './log-entry.ts'
import { changesBetween, shownBy, type Shown } from './shown.ts'
import type { Timeline, TimelineChange } from './timeline.ts'

export class Folding {
  readonly #context: Context
  readonly #timeline: Timeline
  readonly #hollow: HollowEntries
  readonly #events: Emitter<ReplicaEvents>
  /** What the timeline needs before anything else is done with it: after a failure of the store it is neither here nor there. */
  #due: 'nothing' | 'reopen' | 'rebuild' = 'nothing'
  /** Entries in the log that have not been announced because of that. */
  readonly #missed: LogEntry[] = []
  /** What was shown before everything is folded anew. */
  #before: Shown | undefined

  constructor(options: { context: Context; timeline: Timeline; hollow: HollowEntries; events: Emitter<ReplicaEvents> }) {
    this.#context = options.context
    this.#timeline = options.timeline
    this.#hollow = options.hollow
    this.#events = options.events
  }

  /** Folds entries that are in the store. They stay true when that fails: it is reported, and folded again. */
  async apply(entries: readonly LogEntry[]): Promise<readonly TimelineChange[]> {
    // What came with operations for which everything was folded anew was among that, and has been told of.
    return this.#take(this.#due === 'nothing' ? entries.filter(({ log, seq }) => !this.#timeline.isFolded(log, seq)) : entries)
  }

  /** Folds entries whose bodies came late, and makes that last before they stop counting as hollow. */
  async fold(filled: readonly LogEntry[]): Promise<void> {
    if (filled.length === 0) return
    const changes = await this.#take(filled)
    await this.mend()
    await this.#timeline.checkpoint()
    await this.#hollow.settle(filled)
    if (changes.length > 0) this.#events.emit('timeline', changes)
  }

  async #take(entries: readonly LogEntry[]): Promise<readonly TimelineChange[]> {
    try {
      if (this.#due === 'nothing') return await this.#timeline.apply(entries)
    } catch (error) {
      this.#due = 'reopen'
      this.#context.report(error, 'fold')
    }
    this.#missed.push(...entries)
    await this.#tryToMend()
    return []
  }

  /** Brings the folds in line with whose entries count now, for entries that are here. */
  async recount(): Promise<void> {
    if (this.#due !== 'nothing') return
    try {
      const changes = await this.#timeline.recount()
      if (changes === undefined) await this.foldAnew()
      else if (changes.length > 0) this.#events.emit('timeline', changes)
    } catch (error) {
      this.#due = 'reopen'
      this.#context.report(error, 'fold')
    }
  }

  /** Keys have come, and entries are here that they may open: what could not be opened is folded now. */
  async keysCame(isUnder: boolean): Promise<void> {
    if (isUnder && this.#timeline.isMissingKeys) await this.foldAnew()
  }

  /** Folds everything anew: whose entries count has changed for entries that are here. Tells what appeared, went and shows differently. */
  async foldAnew(): Promise<void> {
    const due = this.#due
    this.#due = 'rebuild'
    try {
      // Else it is not known any more what was shown.
      if (due === 'nothing') this.#before = await shownBy(this.#timeline)
      await this.mend()
    } catch (error) {
      this.#context.report(error, 'fold again')
    }
  }

  /** The same, for who wants to know when that fails. */
  async rebuild(): Promise<void> {
    this.#due = 'rebuild'
    await this.mend()
  }

  /** Writes the folds down when anything changed. */
  async checkpoint(): Promise<void> {
    await this.mend()
    await this.#timeline.checkpoint()
  }

  /** The folds are not the truth: a failure to write them down is reported and does not undo what was said. */
  async checkpointIfDue({ isBulk = false } = {}): Promise<void> {
    if (!this.#timeline.isCheckpointDue(isBulk) || this.#due !== 'nothing') return
    await this.#timeline.checkpoint().catch((error: unknown) => this.#context.report(error, 'checkpoint'))
  }

  /** Folds again what the store failed in the middle of: from the last checkpoint, or from the start. */
  async mend(): Promise<void> {
    if (this.#due === 'nothing') return
    await (this.#due === 'rebuild' ? this.#timeline.rebuild() : this.#timeline.reopen())
    this.#due = 'nothing'
    const entries = this.#missed.splice(0)
    const before = this.#before
    this.#before = undefined
    this.#events.emit('timeline', [])
    const changes = before === undefined ? await this.#postedAmong(entries) : changesBetween(before, await shownBy(this.#timeline))
    if (changes.length > 0) this.#events.emit('timeline', changes)
  }

  /** Of these entries, the messages that are shown. */
  async #postedAmong(entries: readonly LogEntry[]): Promise<TimelineChange[]> {
    const posted: TimelineChange[] = []
    for (const { device, seq, id, parts } of entries) {
      const key = parts.header.kind === EntryKind.post ? await this.#timeline.keyOf(messageIdOf(deviceIdBytes(device), seq, id)) : undefined
      if (key !== undefined) posted.push({ type: 'posted', key })
    }
    return posted
  }

  async #tryToMend(): Promise<void> {
    await this.mend().catch((error: unknown) => this.#context.report(error, 'fold again'))
  }
}
