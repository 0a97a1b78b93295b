/** Giving a peer what is new here, unless it has it or is about to ask for it. */
import { MAX_LIVE_ENTRIES_PER_SECOND, MAX_LIVE_ENTRY_BURST, type DeviceId } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { SessionLine } from './session-line.ts'
import { TokenBuckets } from '../support/token-buckets.ts'
import { UPDATE_BYTES } from './window.ts'

/** Half of what a peer takes at once: what piles up on the way must not make it refuse any of it. */
const PUSH_BURST = MAX_LIVE_ENTRY_BURST / 2

export class Push {
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  readonly #compare: () => void
  readonly #tell: () => void
  readonly #rate: TokenBuckets<LogId>
  /** Logs of which something was not pushed because it was not known how far the peer is. */
  readonly #skipped = new Set<LogId>()

  /**
   * `compare` begins to compare heads again: what did not get through is found by that. `tell` says what is here, so that the peer asks for it:
   * what is more than anybody types goes at the peer's pace.
   */
  constructor(line: SessionLine, logs: PeerLogs, { compare, tell }: { compare: () => void; tell: () => void }) {
    this.#line = line
    this.#logs = logs
    this.#compare = compare
    this.#tell = tell
    this.#rate = new TokenBuckets(line.shared.context.clock, { burst: PUSH_BURST, perSecond: MAX_LIVE_ENTRIES_PER_SECOND })
  }

  /** Entries are new here: push them, unless the peer has them or is about to ask for them. */
  push(entries: readonly LogEntry[]): void {
    if (!this.#line.isMember) return
    for (const [device, list] of Map.groupBy(entries, (e) => e.log)) {
      if (this.#logs.strayed.has(device)) continue
      const theirs = this.#logs.theirs.get(device)
      const from = theirs ?? 0
      // Not compared yet, or the peer is about to ask.
      if ((theirs === undefined && list[0]!.seq > 0) || from < (this.#logs.told.get(device) ?? 0)) {
        this.#skipped.add(device)
        continue
      }
      const fresh = list.filter((e) => e.seq >= from)
      if (fresh.length === 0) continue
      if (fresh[0]!.seq > from) this.catchUp(device)
      else if (!this.#rate.take(device, fresh.length)) this.#put(device)
      else if (
        this.#line.sendEntries(
          'live',
          device,
          from,
          fresh.map((e) => e.bytes),
        )
      )
        this.#logs.theirs.set(device, fresh.at(-1)!.seq + 1)
      else this.#put(device)
    }
  }

  /** Too much to push: the peer hears how far the log reaches, and what comes meanwhile follows when it is there. */
  #put(device: LogId): void {
    this.#skipped.add(device)
    this.#tell()
  }

  /** Sends what came here between the comparison and now. */
  catchUp(device: DeviceId): void {
    const { replica, context } = this.#line.shared
    const from = this.#logs.theirs.get(device) ?? 0
    const to = Math.min(replica.log.nextSeq(device), Math.max(replica.limit(device), replica.log.startOf(device)))
    if (this.#logs.strayed.has(device) || from < (this.#logs.told.get(device) ?? 0) || from >= to) return
    // The peer has less than where the log begins here.
    if (from < replica.log.startOf(device)) return
    if (!this.#rate.take(device, to - from)) return this.#put(device)
    this.#logs.theirs.set(device, to)
    replica.log
      .read(device, from, to, UPDATE_BYTES)
      .then((entries) => {
        // What did not fit is not theirs; the next comparison finds it.
        if (entries.length === 0 || !this.#line.sendEntries('live', device, from, entries)) this.#logs.theirs.set(device, from)
        else if (from + entries.length < to) this.#compare()
      })
      .catch((error: unknown) => context.report(error, 'catching up a peer'))
  }

  /** It is known now how far the peer is: what was not pushed meanwhile follows, unless the peer is about to ask for it. */
  resume(log: LogId): void {
    if (!this.#skipped.has(log) || (this.#logs.theirs.get(log) ?? 0) < (this.#logs.told.get(log) ?? 0)) return
    this.#skipped.delete(log)
    this.catchUp(log)
  }

  /** The same for every log of which the peer said how far it is. */
  resumeKnown(): void {
    for (const log of [...this.#skipped]) if (this.#logs.theirs.has(log)) this.resume(log)
  }

  /** The same for all: both hold the same. */
  resumeAll(): void {
    for (const log of [...this.#skipped]) this.resume(log)
  }
}
