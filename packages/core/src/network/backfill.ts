/**
 * Asking a peer for what comes before the entries that are here, chunk by chunk from the newest back. Only one session fetches a log at a time; when it
 * gets nothing, or nothing of use, another one goes on.
 */
import { CHUNK_ENTRIES, deviceIdBytes } from '@parley/protocol'
import type { LateChunk, Supplier } from '../replica/history.ts'
import type { LogId } from '../replica/forks.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { SessionLine } from './session-line.ts'
import { WANT_WINDOW } from './window.ts'

/** Nothing came for so long: somebody else is asked. A chunk of long messages takes a slow link a few seconds. */
const PATIENCE_MS = 5_000

export class Backfill implements Supplier {
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  /** Chunks under way to us, the next one first. */
  #asked: LateChunk[] = []
  readonly #claimed = new Set<LogId>()
  /** Logs of which this peer gave what does not lead to what is here. */
  readonly #refused = new Set<LogId>()
  /** Logs of which nothing came although it was asked for; it may be slow, and is asked again some time. */
  readonly #stalled = new Set<LogId>()
  #isAsking = false
  #isStarted = false
  #cancel = (): void => undefined

  constructor(line: SessionLine, logs: PeerLogs) {
    this.#line = line
    this.#logs = logs
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#line.shared.replica.history.addSupplier(this)
  }

  stop(): void {
    this.#isStarted = false
    this.#clear()
    this.#line.shared.replica.history.removeSupplier(this)
  }

  /** Whether the entries from `seq` on, which begin a chunk, were asked for. */
  isAsked(log: LogId, seq: number): boolean {
    return this.#asked.some((chunk) => chunk.log === log && chunk.from === seq)
  }

  ask(): boolean {
    if (!this.#isStarted || !this.#line.isMember) return false
    if (this.#asked.length > 0 || this.#isAsking) return true
    const { history, log } = this.#line.shared.replica
    if (!log.starts.late().some((id) => this.#isServed(id))) return false
    this.#isAsking = true
    this.#ask()
      .catch((error: unknown) => this.#line.shared.context.report(error, 'asking for what was said before'))
      .finally(() => {
        this.#isAsking = false
        // Whoever waits looks whether anything is under way.
        if (this.#asked.length === 0 && history.isIdle) history.changed()
      })
    return true
  }

  /** Something came: goes on when all is here that was asked for. */
  goOn(): void {
    if (this.#asked.length === 0) return
    const { log } = this.#line.shared.replica
    const before = this.#asked.length
    this.#asked = this.#asked.filter((chunk) => chunk.from < log.startOf(chunk.log))
    if (this.#asked.length === before) return
    this.#line.shared.onProgress()
    if (this.#asked.length > 0) return this.#wait()
    this.#clear()
    this.ask()
  }

  /** What the peer gave of this log is no use. */
  refuse(log: LogId): void {
    this.#refused.add(log)
    this.#clear()
    this.ask()
  }

  /** The peer is asked again for what it did not give. */
  retry(): void {
    this.#stalled.clear()
    this.ask()
  }

  /** Entries that are still to come through this session, as far as it fetches any. */
  get waiting(): number {
    if (this.#asked.length === 0) return 0
    const { replica } = this.#line.shared
    return replica.history.wantsAll ? replica.history.missingEntries : this.#asked.length * CHUNK_ENTRIES
  }

  #isServed(log: LogId): boolean {
    const { replica } = this.#line.shared
    const start = replica.log.startOf(log)
    return (
      !this.#refused.has(log) &&
      !this.#stalled.has(log) &&
      !this.#logs.strayed.has(log) &&
      start > 0 &&
      this.#logs.has(log, start - CHUNK_ENTRIES)
    )
  }

  async #ask(): Promise<void> {
    const { replica } = this.#line.shared
    const chunks = await replica.history.claim(this, WANT_WINDOW / CHUNK_ENTRIES, (log) => this.#isStarted && this.#isServed(log))
    if (chunks.length === 0) return
    this.#asked = chunks
    for (const { log, from, to } of chunks) {
      this.#claimed.add(log)
      replica.expect(log, from, to)
    }
    const ranges = chunks.map(({ log, from, to }) => ({ device: deviceIdBytes(log), from, to }))
    this.#line.send('control', { type: 'want', handle: this.#line.handle, controls: [], ranges })
    this.#wait()
  }

  #wait(): void {
    const { context, replica } = this.#line.shared
    this.#cancel()
    this.#cancel = context.clock.setTimeout(() => {
      for (const { log } of this.#asked) this.#stalled.add(log)
      this.#clear()
      // Others go on.
      replica.history.wake()
    }, PATIENCE_MS)
  }

  #clear(): void {
    const { history } = this.#line.shared.replica
    this.#cancel()
    this.#asked = []
    const logs = [...this.#claimed]
    this.#claimed.clear()
    for (const log of logs) history.release(log)
  }
}
