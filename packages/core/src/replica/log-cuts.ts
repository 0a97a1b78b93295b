/** Logs of devices that forked or were removed: where they are cut, and how far each part counts. */
import { branchLogId, deviceIdBytes, equalBytes, type ChainState, type Hash } from '@parley/protocol'
import type { ControlLog } from './control-log.ts'
import type { LogId } from './forks.ts'
import type { ConversationLog } from './log.ts'

/** The last entries of a log that are told of. */
interface ShownHead {
  readonly nextSeq: number
  readonly head: Uint8Array
}

export class LogCuts {
  readonly #hash: Hash
  readonly #log: ConversationLog
  readonly #controls: ControlLog
  /** Heads of branches here that go beyond what counts; undefined when nothing of the branch does. */
  readonly #clamped = new Map<LogId, ShownHead | undefined>()

  constructor(options: { hash: Hash; log: ConversationLog; controls: ControlLog }) {
    this.#hash = options.hash
    this.#log = options.log
    this.#controls = options.controls
  }

  /** How many entries of a log may be taken in: up to where it parts, and of branches what counts. */
  limit(log: LogId): number {
    const state = this.#log.state(log)
    const ends = this.#controls.forks
      .branches(this.#log.deviceOf(log))
      .some(({ branch, prevId }) => branch.seq === state.nextSeq && branch.seq > this.#log.startOf(log) && equalBytes(prevId, state.prevId))
    return ends ? state.nextSeq : this.pinned(log)
  }

  /** How many entries of a log are given to others: all of a history that parts from what is proved, so that it is proved as well. */
  told(log: LogId): number {
    return this.#log.hasBranch(log) ? this.limit(log) : this.#controls.reach(log)
  }

  /** How many entries that are here count. What is left of a device's own log is common to its histories, or another one that is not proved yet. */
  counted(log: LogId): number {
    return this.#log.hasBranch(log) ? this.pinned(log) : this.#controls.reach(log)
  }

  /** How many entries of a log may count by what is proved: what lies behind the end of its device's membership counts for nobody. */
  pinned(log: LogId): number {
    const { forks } = this.#controls
    const reach = this.#controls.reach(this.#log.deviceOf(log))
    // A branch of ours that nobody else knows.
    return this.#log.hasBranch(log) && forks.branch(log) === undefined ? 0 : Math.min(reach, forks.limit(log))
  }

  /** The head of a log as it is told of, for what counts nowhere is not; undefined when nothing of it counts. */
  shown(log: LogId, state: ChainState): ShownHead | undefined {
    return this.#clamped.has(log) ? this.#clamped.get(log) : { nextSeq: state.nextSeq, head: state.prevId }
  }

  /** Gives every branch that is known a log of its own. Returns whether entries moved, or only branches can be taken in that could not before. */
  async cut(): Promise<'cut' | 'added' | undefined> {
    const { forks } = this.#controls
    let isCut = false
    let isAdded = false
    for (const device of forks.devices()) {
      const bytes = deviceIdBytes(device)
      for (const { logBytes, log: branchLog, branch, prevId } of forks.branches(device).sort((a, b) => a.branch.seq - b.branch.seq)) {
        for (const log of this.#log.logsOf(device)) {
          const start = this.#log.startOf(log)
          const isHere = start <= branch.seq && branch.seq <= this.#log.nextSeq(log)
          const follows = log === device || start < branch.seq
          if (!isHere || (this.#log.hasBranch(branchLog) && (!follows || branch.seq === this.#log.nextSeq(log)))) continue
          const at = await this.#log.stateAt(log, branch.seq)
          if (at === undefined || !equalBytes(at.prevId, prevId)) continue
          if (follows && this.#log.nextSeq(log) > branch.seq) {
            await this.#log.cut(log, at, (id) => branchLogId(this.#hash, bytes, id))
            isCut = true
          }
          isAdded ||= !this.#log.hasBranch(branchLog)
          await this.#log.addBranch(logBytes, device, branch.id, at)
          break
        }
      }
      for (const log of this.#log.logsOf(device)) await this.#clamp(log)
    }
    return isCut ? 'cut' : isAdded ? 'added' : undefined
  }

  /** Finds the heads to tell of where logs here go beyond what counts: of devices that were removed. */
  async clamp(): Promise<void> {
    for (const { log, device } of this.#log.heads())
      if (this.#clamped.has(log) || Number.isFinite(this.#controls.reach(device))) await this.#clamp(log)
  }

  async #clamp(log: LogId): Promise<void> {
    const isCut = this.#controls.forks.isForked(this.#log.deviceOf(log)) && !this.#log.hasBranch(log)
    const limit = isCut ? this.#controls.reach(this.#log.deviceOf(log)) : this.pinned(log)
    if (this.#log.nextSeq(log) <= limit) {
      this.#clamped.delete(log)
      return
    }
    const head = limit > this.#log.startOf(log) ? await this.#log.idAt(log, limit - 1) : undefined
    this.#clamped.set(log, head === undefined ? undefined : { nextSeq: limit, head })
  }
}
