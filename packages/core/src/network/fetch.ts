/** Asking a peer for what is missing here, one window at a time. */
import { deviceIdBytes, deviceIdOf, MAX_NEEDS, MAX_WANTS, toBase32 } from '@parley/protocol'
import type { LogId } from '../replica/forks.ts'
import { NEWEST_FIRST_ENTRIES } from '../replica/history.ts'
import type { LogEntry } from '../replica/log-entry.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import type { PeerLogs } from './peer-logs.ts'
import type { SessionLine } from './session-line.ts'
import { BEGINNING_WINDOW, COMPARE_EVERY_MS, WANT_WINDOW, windowEnd } from './window.ts'

/** Keys that have not come are asked for again with the next comparison. */
const ASK_KEYS_EVERY_MS = COMPARE_EVERY_MS / 2

export class Fetch {
  readonly #line: SessionLine
  readonly #logs: PeerLogs
  readonly #compare: () => void
  readonly #acknowledgements: Acknowledgements
  /** Ranges under way to us, with their ends. */
  readonly #asked = new Map<LogId, number>()
  /** How far each log was ever asked for on this link: an answer may come late. */
  readonly #owed = new Map<LogId, number>()
  /** Devices of which nothing came although it was asked for; the others go first. */
  readonly #stalled = new Set<LogId>()
  /** What the peer has and we do not, with the ends. */
  #wanted = new Map<LogId, number>()
  #waiting = 0
  /** So much is missing that the newest comes first. */
  #isNewestFirst = false
  /** Where logs are asked for that begin late here. */
  readonly #begun = new Map<LogId, number>()
  #lastReceived = Number.NEGATIVE_INFINITY
  #isBodiesAsked = false
  /** When this peer was asked for the keys of an epoch, by its id in base32. */
  readonly #neededKeys = new Map<string, number>()
  /** Something came that does not follow what is here: there is more than the peer told of. */
  isBehind = false

  /** `compare` begins to compare heads again. */
  constructor(line: SessionLine, logs: PeerLogs, acknowledgements: Acknowledgements, compare: () => void) {
    this.#line = line
    this.#logs = logs
    this.#compare = compare
    this.#acknowledgements = acknowledgements
  }

  /** Entries that were asked for, or will be, and have not come. */
  get waiting(): number {
    return this.#waiting
  }

  /** What is missing from this peer now, with the ends. */
  want(wanted: Map<LogId, number>): void {
    this.#wanted = wanted
  }

  /** All that is missing from this peer is known now: with much of it, the newest comes first. */
  count(): void {
    const { log } = this.#line.shared.replica
    const missing = [...this.#wanted].reduce((sum, [id, to]) => sum + to - log.nextSeq(id), 0)
    this.#isNewestFirst = missing > NEWEST_FIRST_ENTRIES
  }

  /** Whether the entries from `seq` on, which begin a chunk, were asked for to begin a log with. */
  isBeginning(log: LogId, seq: number): boolean {
    return this.#begun.get(log) === seq
  }

  /** What the peer gave to begin the log late is no use: it is asked for from its beginning. */
  again(log: LogId): void {
    this.#asked.delete(log)
    this.ask()
  }

  /** The peer has these, up to their ends, which have not come from anybody. */
  also(wanted: ReadonlyMap<LogId, number>): void {
    for (const [log, to] of wanted) this.#wanted.set(log, Math.max(to, this.#wanted.get(log) ?? 0))
    this.ask()
  }

  /** The peer holds another history of that log. */
  drop(log: LogId): void {
    this.#wanted.delete(log)
  }

  /** The session begins, perhaps again: what was asked for before may have been refused meanwhile, and is asked for anew. */
  begin(): void {
    this.#waiting = 0
    this.#asked.clear()
    this.#wanted.clear()
  }

  /** Nothing is waited for on this link any more. */
  suspend(): void {
    this.#waiting = 0
  }

  /** Logs are named anew. */
  clear(): void {
    this.#asked.clear()
    this.#owed.clear()
    this.#begun.clear()
    this.#wanted.clear()
  }

  /** Whether entries of a log up to, not including, this number were asked for. */
  isAsked(log: LogId, to: number): boolean {
    return to <= (this.#owed.get(log) ?? 0)
  }

  /** Entries of these logs came. */
  received(entries: readonly LogEntry[]): void {
    this.#lastReceived = this.#line.shared.context.clock.now()
    for (const { log } of entries) this.#stalled.delete(log)
  }

  /** What was asked for so long ago, with nothing coming, is asked for again; whatever else is missing first. */
  giveUp(): void {
    if (this.#line.shared.context.clock.now() - this.#lastReceived < COMPARE_EVERY_MS) return
    for (const device of this.#asked.keys()) this.#stalled.add(device)
    this.#asked.clear()
  }

  /** Asks for the next window of what is missing; control entries first, they verify alone. */
  ask(controls: readonly { device: Uint8Array; from: number }[] = []): void {
    const { replica } = this.#line.shared
    const ranges: { device: Uint8Array; from: number; to: number }[] = []
    for (const [device, to] of this.#asked) if (this.#isThrough(device, to)) this.#asked.delete(device)
    // One window at a time: what is under way is not asked for twice.
    let room = this.#asked.size > 0 ? 0 : WANT_WINDOW
    let beginnings = BEGINNING_WINDOW
    this.#waiting = 0
    for (const [device, to] of [...this.#wanted].sort(([a], [b]) => Number(this.#stalled.has(a)) - Number(this.#stalled.has(b)))) {
      const here = replica.log.nextSeq(device)
      const start = this.#isNewestFirst ? replica.history.lateStart(device, to) : 0
      const from = Math.max(here, start)
      if (here >= to || this.#logs.strayed.has(device) || (this.#logs.begins.get(device) ?? 0) > from) {
        this.#wanted.delete(device)
        if (here >= to) this.#acknowledgements.add([device])
        continue
      }
      this.#waiting += to - from
      if (room === 0 || ranges.length >= MAX_WANTS) continue
      const end = windowEnd(from, to, start > 0 ? Math.min(room, beginnings) : room)
      if (start > 0) beginnings = end === from ? 0 : beginnings - (end - from)
      if (end === from) continue
      room -= end - from
      if (start > 0) {
        this.#begun.set(device, start)
        ranges.push({ device: deviceIdBytes(device), from, to: end })
        continue
      }
      this.#begun.delete(device)
      // One entry that is here already comes along: it shows whether the peer holds the same history.
      ranges.push({ device: deviceIdBytes(device), from: Math.max(replica.log.startOf(device), from - 1), to: end })
    }
    if (controls.length > 0 || ranges.length > 0) this.#line.send('control', { type: 'want', handle: this.#line.handle, controls, ranges })
    for (const { device, to } of ranges) {
      const log = deviceIdOf(device)
      this.#asked.set(log, to)
      this.#owed.set(log, Math.max(to, this.#owed.get(log) ?? 0))
    }
    if (this.#waiting === 0 && controls.length === 0) this.leveled()
    if (this.#waiting === 0 && this.isBehind) {
      this.isBehind = false
      this.#compare()
    }
    this.#line.shared.onProgress()
  }

  /** Asks for the next window when every range asked for has come. */
  goOn(): void {
    const isThrough = [...this.#asked].every(([device, to]) => this.#isThrough(device, to))
    if (isThrough && (this.#asked.size > 0 || this.isBehind)) this.ask()
    else if (this.#waiting > 0) this.#line.shared.onProgress()
  }

  /** Whether nothing more comes of a range that ends at `to`: it is here, or no use since the log began earlier with what another peer gave. */
  #isThrough(log: LogId, to: number): boolean {
    const nextSeq = this.#line.shared.replica.log.nextSeq(log)
    return nextSeq >= to || this.#logs.strayed.has(log) || (nextSeq > 0 && nextSeq < (this.#begun.get(log) ?? 0))
  }

  /** Nothing is missing from this peer. */
  leveled(): void {
    this.#logs.isCompared = true
    this.#waiting = 0
    this.#askForBodies()
    this.askForKeys()
    this.#line.shared.onProgress()
  }

  /** Asks this peer, for each once in a while, for keys that others should have given and have not. */
  askForKeys(): void {
    if (!this.#line.isMember) return
    const now = this.#line.shared.context.clock.now()
    const epochs = this.#line.shared.replica
      .missingEpochs()
      .filter((id) => now - (this.#neededKeys.get(toBase32(id)) ?? Number.NEGATIVE_INFINITY) >= ASK_KEYS_EVERY_MS)
      .slice(0, MAX_NEEDS)
    if (epochs.length === 0) return
    for (const id of epochs) this.#neededKeys.set(toBase32(id), now)
    this.#line.send('control', { type: 'need', handle: this.#line.handle, epochs })
  }

  /** Asks this peer, once, for bodies that another one left out. */
  #askForBodies(): void {
    const { hollow } = this.#line.shared.replica
    if (this.#isBodiesAsked || hollow.size === 0 || !this.#line.isMember) return
    this.#isBodiesAsked = true
    this.#line.send('control', { type: 'want', handle: this.#line.handle, controls: [], ranges: hollow.wants() })
  }
}
