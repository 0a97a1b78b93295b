/** Looking for the place where a peer's history of a log parts from ours, by halves; then the other history is fetched and proved. */
import { deviceIdBytes, Reject, type EntryRun } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import type { Fetch } from './fetch.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { SessionLine } from './session-line.ts'
import { WANT_WINDOW, windowEnd } from './window.ts'

/** Looking for the place where a peer's history of a log parts from ours. */
interface ForkSearch {
  /** Before this number both are the same. */
  low: number
  /** From this number on they are not. */
  high: number
  /** How many entries the peer says it has. */
  readonly theirs: number
  /** It is not known yet whether they part before `high`; a rejection counts when they do not. */
  doubt: Doubt | undefined
  /** What was asked for, and what came of it. */
  from: number
  to: number
  got: Uint8Array[]
  /** Nothing has come since heads were last compared. */
  isIdle: boolean
}

/** Why histories might part, with what counts against the peer when they do not. */
type Doubt = 'unsure' | Reject

export class ForkSearches {
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  readonly #fetch: Fetch
  readonly #onReject: (reject: Reject) => void
  readonly #searches = new Map<LogId, ForkSearch>()

  /** `onReject` hears of histories that prove nothing. */
  constructor(line: SessionLine, logs: PeerLogs, fetch: Fetch, onReject: (reject: Reject) => void) {
    this.#line = line
    this.#logs = logs
    this.#fetch = fetch
    this.#onReject = onReject
  }

  has(log: LogId): boolean {
    return this.#searches.has(log)
  }

  /** Logs are named anew. */
  clear(): void {
    this.#searches.clear()
  }

  /** Heads are compared again: a search that got no answer since begins again with them. An honest peer would have answered. */
  expire(): void {
    for (const [log, search] of [...this.#searches]) {
      if (search.isIdle) this.#drop(log, search.doubt)
      else search.isIdle = true
    }
  }

  #drop(log: LogId, doubt: Doubt | undefined): void {
    this.#searches.delete(log)
    this.#logs.strayed.delete(log)
    if (doubt instanceof Reject) this.#onReject(doubt)
  }

  /**
   * Histories part at or before `differs`; the peer has entries up to `theirs`. Begins to look where. With a doubt it is not known yet whether
   * they part before `differs` at all, and the peer is asked for the entry before it first. Returns whether it is looked for.
   */
  start(log: LogId, differs: number, theirs: number, doubt?: Doubt): boolean {
    const { replica } = this.#line.shared
    if (this.#logs.strayed.has(log)) return true
    // Where histories part is not known before the whole of one is here.
    if (replica.log.starts.of(log) !== undefined) return false
    const low = replica.log.startOf(log)
    if (replica.userOf(this.#line.peer) === undefined || (doubt !== undefined && differs <= low)) return false
    this.#logs.strayed.add(log)
    this.#fetch.drop(log)
    const search: ForkSearch = { low, high: differs, theirs, doubt, from: 0, to: 0, got: [], isIdle: false }
    this.#searches.set(log, search)
    this.#askSearched(log, search)
    return true
  }

  /** Runs of a log of which the peer holds another history are not taken in; those that were asked for are kept for the search. */
  take(log: LogId, run: EntryRun): boolean {
    if (!this.#logs.strayed.has(log)) return false
    const search = this.#searches.get(log)
    if (
      search !== undefined &&
      run.seq === search.from + search.got.length &&
      search.got.length + run.entries.length <= search.to - search.from
    )
      search.got.push(...Array.from(run.entries, (bytes) => bytes.slice()))
    return true
  }

  /** Goes on with what has come. */
  async goOn(): Promise<void> {
    const { replica } = this.#line.shared
    for (const [log, search] of [...this.#searches]) {
      const { low, high, from, to, got } = search
      if (got.length < to - from) continue
      if (search.doubt !== undefined) {
        await this.#settleDoubt(log, search, search.doubt)
        continue
      }
      if (low < high) {
        if (await replica.holds(log, from, got[0]!)) search.low = from + 1
        else search.high = from
        this.#askSearched(log, search)
        continue
      }
      this.#searches.delete(log)
      // Not awaited: it may have to wait for what this very link brings.
      replica.proveFork(log, from, got).catch((error: unknown) => {
        if (error instanceof Reject) this.#onReject(error)
        else this.#line.shared.context.report(error, 'proof of a fork')
      })
    }
  }

  /** The entry before the place in doubt has come. When it is ours, nothing parts there. */
  async #settleDoubt(log: LogId, search: ForkSearch, doubt: Doubt): Promise<void> {
    search.doubt = undefined
    if (await this.#line.shared.replica.holds(log, search.from, search.got[0]!)) return this.#drop(log, doubt)
    this.#onReject(new Reject('Forked', 'the peer holds another history of a device'))
    search.high = search.from
    this.#askSearched(log, search)
  }

  /** Halves what is left; then asks for the other history from there on. */
  #askSearched(log: LogId, search: ForkSearch): void {
    const { low, high, theirs, doubt } = search
    search.from = doubt !== undefined ? high - 1 : low < high ? Math.floor((low + high) / 2) : low
    search.to = low < high ? search.from + 1 : windowEnd(low, theirs, WANT_WINDOW)
    search.got = []
    search.isIdle = false
    this.#line.shared.replica.expect(log, search.from, search.to)
    const range = { device: deviceIdBytes(log), from: search.from, to: search.to }
    this.#line.send('control', { type: 'want', handle: this.#line.handle, controls: [], ranges: [range] })
  }
}
