/** The logs of one conversation: verified entries of every device, append-only, in the store. The truth that everything else is folded from. */
import type { CryptoProvider } from '@parley/crypto'
import {
  compareBytes,
  compareHlc,
  deviceIdBytes,
  deviceIdOf,
  type BranchRef,
  type ChainState,
  type Dep,
  type DeviceId,
  type EntryList,
  type EntryParts,
  type Hlc,
} from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import { composeRun, type Author } from './log-author.ts'
import { LogChain } from './log-chain.ts'
import { cutLog } from './log-cut.ts'
import type { DeviceHead, Draft, Ingested, LogEntry } from './log-entry.ts'
import { LogHeads } from './log-heads.ts'
import { LogReader } from './log-reader.ts'
import { entryRows, epochAfter, sameEpoch } from './log-rows.ts'
import { LogStarts } from './log-starts.ts'
import { LogVerifier } from './log-verifier.ts'

export class ConversationLog {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads: LogHeads
  readonly #reader: LogReader
  readonly #chain: LogChain
  readonly #verifier: LogVerifier
  readonly #stopped = new AbortController()
  /** Logs that begin late. */
  readonly starts: LogStarts
  /** Logs whose head moved since this device's last entry. */
  readonly #news = new Set<LogId>()

  constructor({ conversation, crypto, keys, store }: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; store: Store }) {
    this.#conversation = conversation
    this.#crypto = crypto
    this.#keys = keys
    this.#store = store
    const hash = this.#hash
    const stopped = this.#stopped.signal
    this.#heads = new LogHeads({ conversation, hash, keys, store })
    this.#reader = new LogReader({ keys, store, heads: this.#heads })
    this.#chain = new LogChain({ conversation, hash, keys, store, heads: this.#heads, reader: this.#reader })
    this.#verifier = new LogVerifier({ conversation, crypto, keys, heads: this.#heads, stopped })
    const sources = { conversation, crypto, keys, store, heads: this.#heads, reader: this.#reader, chain: this.#chain }
    this.starts = new LogStarts({ ...sources, stopped })
  }

  /** Reads the heads and epoch changes; nothing of the entries. */
  open(): Promise<void> {
    return this.#heads.open()
  }

  /** Reads them again: rows have been put right. */
  async reload(): Promise<void> {
    await this.open()
    this.#reader.forget()
    this.#chain.forget()
  }

  // --- how far they reach

  /** All heads, by device bytes. */
  heads(): DeviceHead[] {
    return this.#heads.all()
  }

  /** How many entries of that device are here. */
  nextSeq(log: LogId): number {
    return this.#heads.nextSeq(log)
  }

  state(log: LogId): ChainState {
    return this.#heads.state(log)
  }

  /** The chain before the first entry. */
  startState(log: LogId): ChainState {
    return this.#heads.startState(log)
  }

  /** Number of the first entry: 0, or where the branch begins, or what is here of a log that begins late. */
  startOf(log: LogId): number {
    return this.#heads.startOf(log)
  }

  /** Whose log it is. */
  deviceOf(log: LogId): DeviceId {
    return this.#heads.deviceOf(log)
  }

  branchOf(log: LogId): BranchRef | undefined {
    return this.#heads.branchOf(log)
  }

  hasBranch(log: LogId): boolean {
    return this.#heads.hasBranch(log)
  }

  /** The logs of a device that are known here, its own first. */
  logsOf(device: DeviceId): LogId[] {
    return this.#heads.logsOf(device)
  }

  /** The epoch (id) that seals the entry at `seq`; undefined when it is in clear. */
  epochAt(log: LogId, seq: number): Uint8Array | undefined {
    return this.#heads.epochAt(log, seq)
  }

  /** The epoch (16 bytes) under which something was said last in a log; undefined when all of it is in clear. */
  lastEpoch(log: LogId): Uint8Array | undefined {
    return this.#heads.lastEpoch(log)
  }

  /** How many entries are sealed under that epoch (16 bytes), of all logs. */
  entriesUnder(epoch: Uint8Array): number {
    return this.#heads.entriesUnder(epoch)
  }

  // --- what is in them

  /** Stored entries `from <= seq < to`, fewer when `maxBytes` would be exceeded (at least one). */
  read(log: LogId, from: number, to: number, maxBytes?: number): Promise<Uint8Array[]> {
    return this.#reader.read(log, from, to, maxBytes)
  }

  /** As `read`, in the form for other peers: chunks that are complete without the signatures that their end covers. */
  readSealed(log: LogId, from: number, to: number, maxBytes: number): Promise<Uint8Array[]> {
    return this.#reader.readSealed(log, from, to, maxBytes)
  }

  /** Stored entries here and there, in the order asked for; undefined for what is not here. */
  readMany(places: readonly { log: LogId; seq: number }[]): Promise<(Uint8Array | undefined)[]> {
    return this.#reader.readMany(places)
  }

  /** The stored bytes of an entry were replaced: its body was purged, or has come. */
  replaced(log: LogId, seq: number): void {
    return this.#reader.replaced(log, seq)
  }

  /** Where the entry of a message is. Ids are looked at only where a device has several entries with that number. */
  locate(device: DeviceId, seq: number, entry16: Uint8Array): Promise<LogId | undefined> {
    return this.#chain.locate(device, seq, entry16)
  }

  /** The chain before the entry at `seq`; undefined when the log does not reach it. */
  stateAt(log: LogId, seq: number): Promise<ChainState | undefined> {
    return this.#chain.stateAt(log, seq)
  }

  /** The id before the entry at `seq`, which begins a chunk; undefined when it is not here, or on a branch. */
  anchor(log: LogId, seq: number): Promise<Uint8Array | undefined> {
    return this.#chain.anchor(log, seq)
  }

  /** The id of a stored entry, computed from the start of its chunk; undefined when it is not here. */
  idAt(log: LogId, seq: number): Promise<Uint8Array | undefined> {
    return this.#chain.idAt(log, seq)
  }

  /** The clock of an entry: times are differences inside a chunk, so the chunk is read from its start. */
  clockAt(log: LogId, seq: number): Promise<Hlc> {
    return this.#chain.clockAt(log, seq)
  }

  /** The id of these parts at this place. */
  idOf(device: Uint8Array, seq: number, prevId: Uint8Array, parts: EntryParts): Uint8Array {
    return this.#chain.idOf(device, seq, prevId, parts)
  }

  // --- what comes in

  /** Writes this device's next entries and resolves once they are durable, with what `alongside` gives in the same batch. One signature covers them all. */
  async append(
    author: Author,
    drafts: readonly Draft[],
    now: number,
    random: (length: number) => Uint8Array,
    alongside: (entries: readonly LogEntry[]) => readonly StoreOperation[],
  ): Promise<LogEntry[]> {
    const place = {
      conversation: this.#conversation,
      hash: this.#hash,
      seal: (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array) => this.#crypto.sealBody(key, nonce, aad, text),
      state: this.state(author.device),
      latest: this.#heads.latestClock(),
      deps: this.#deps(author.device),
    }
    const { entries, state } = await composeRun(place, author, drafts, now, random)
    const device = deviceIdBytes(author.device)
    const rows = entryRows(this.#keys, this.#heads, device, entries, state)
    await this.#store.write([...alongside(entries), ...rows], { durability: 'strict' })
    this.#commit(device, entries, state)
    this.#news.clear()
    return entries
  }

  /**
   * Verifies entries of a peer from where this log ends. `entries[0]` has sequence number `seq`; what is known already is skipped.
   * Nothing is written yet: the caller writes `operations` and then calls `commit`.
   * `vouched` are heads (entries up to `seq`) that something else proves, ascending: what leads to one needs no signature.
   * @throws {Reject} OutOfOrder when a gap lies before them, or what `verifyRun` finds.
   */
  verify(
    log: LogId,
    signKey: Uint8Array,
    seq: number,
    entries: EntryList,
    now: number,
    vouched?: readonly { seq: number; prevId: Uint8Array }[],
  ): Promise<Ingested> {
    return this.#verifier.verify(log, signKey, seq, entries, now, vouched)
  }

  /** Ends what is being verified, at its next slice; nothing of peers is taken in any more. */
  stop(): void {
    this.#stopped.abort()
  }

  /** The verified entries are in the store now: move the head. */
  commit(log: LogId, ingested: Ingested): void {
    if (ingested.entries.length === 0) return
    this.#commit(deviceIdBytes(log), ingested.entries, ingested.head)
    this.#news.add(log)
  }

  /** Makes a branch known that goes on after `start`. */
  addBranch(logBytes: Uint8Array, device: DeviceId, id: Uint8Array, start: ChainState): Promise<void> {
    return this.#heads.addBranch(logBytes, device, id, start)
  }

  /**
   * Moves what follows `at` in a log to a branch of its own, in one batch. `branchLog` gives the 16 bytes that stand for it.
   * Nothing else may work on the log meanwhile.
   */
  cut(log: LogId, at: ChainState, branchLog: (branch: Uint8Array) => Uint8Array): Promise<void> {
    const sources = { keys: this.#keys, store: this.#store, heads: this.#heads, reader: this.#reader, chain: this.#chain }
    return cutLog(sources, log, at, branchLog)
  }

  #commit(device: Uint8Array, entries: readonly LogEntry[], state: ChainState): void {
    const id = deviceIdOf(device)
    this.#reader.remember(entries)
    for (const entry of entries) {
      const epoch = epochAfter(this.#heads.epochAt(id, entry.seq - 1), entry)
      if (entry.seq === 0 || !sameEpoch(epoch, this.#heads.epochAt(id, entry.seq - 1))) this.#heads.noteEpoch(id, entry.seq, epoch)
    }
    this.#heads.set(device, state)
  }

  /** Heads of others that moved since the own last entry, the 16 latest, sorted by device. */
  #deps(own: DeviceId): Dep[] {
    const devices = new Set<DeviceId>()
    return (
      [...this.#news]
        .map((log) => this.#heads.head(log)!)
        .filter(({ device }) => device !== own)
        .sort((a, b) => compareHlc(b.state.hlc, a.state.hlc))
        // Of several branches the latest.
        .filter(({ device }) => devices.size !== devices.add(device).size)
        .map(({ device, state }) => ({ deviceBytes: deviceIdBytes(device), state }))
        .slice(0, 16)
        .sort((a, b) => compareBytes(a.deviceBytes.subarray(0, 8), b.deviceBytes.subarray(0, 8)))
        .map(({ deviceBytes, state }) => ({
          device8: deviceBytes.subarray(0, 8),
          seq: state.nextSeq - 1,
          entry8: state.prevId.subarray(0, 8),
        }))
    )
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)
}
