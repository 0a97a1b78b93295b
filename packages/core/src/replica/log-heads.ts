/** How far every log of a conversation reaches, which branches are known, and which epoch seals what: all in memory, nothing of the entries. */
import {
  compareBytes,
  compareHlc,
  decodeCbor,
  decodeChainState,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  encodeChainState,
  readU32be,
  startChain,
  type BranchRef,
  type ChainState,
  type DeviceId,
  type Hash,
  type Hlc,
} from '@parley/protocol'
import type { Store, StoreOperation } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { DeviceHead, LogEntry } from './log-entry.ts'
import { epochAfter, sameEpoch } from './log-rows.ts'

/** A branch that is known here: whose it is, and the chain before its first entry. */
export interface KnownBranch {
  readonly device: DeviceId
  readonly deviceBytes: Uint8Array
  readonly branch: BranchRef
  readonly start: ChainState
}

export class LogHeads {
  readonly #conversation: Uint8Array
  readonly #hash: Hash
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads = new Map<LogId, DeviceHead>()
  readonly #branches = new Map<LogId, KnownBranch>()
  /** The chain before the first entry here, of logs that begin late. */
  readonly #starts = new Map<LogId, ChainState>()
  /** Epochs by device as [first seq, epoch id or undefined for clear], ascending. */
  readonly #epochChanges = new Map<LogId, { seq: number; epoch: Uint8Array | undefined }[]>()

  constructor(options: { conversation: Uint8Array; hash: Hash; keys: Keyspace; store: Store }) {
    this.#conversation = options.conversation
    this.#hash = options.hash
    this.#keys = options.keys
    this.#store = options.store
  }

  /** Reads the heads and epoch changes; nothing of the entries. */
  async open(): Promise<void> {
    for (const known of [this.#heads, this.#branches, this.#starts, this.#epochChanges]) known.clear()
    for (const { key, value } of await this.#store.range(this.#keys.branches())) {
      const [device, id, start] = decodeCbor(value) as [Uint8Array, Uint8Array, Uint8Array]
      this.#noteBranch(deviceIdOf(key.slice(key.length - 16)), device, id, decodeChainState(start))
    }
    for (const { key, value } of await this.#store.range(this.#keys.starts()))
      this.#starts.set(deviceIdOf(key.slice(key.length - 16)), decodeChainState(value))
    for (const { key, value } of await this.#store.range(this.#keys.heads())) {
      this.set(key.slice(key.length - 16), decodeChainState(value))
    }
    for (const { key, value } of await this.#store.range(this.#keys.epochsOf())) {
      const device = deviceIdOf(key.slice(key.length - 20, key.length - 4))
      this.noteEpoch(device, readU32be(key.subarray(key.length - 4)), value.length === 0 ? undefined : value)
    }
  }

  /** All heads, by device bytes. */
  all(): DeviceHead[] {
    return [...this.#heads.values()].sort((a, b) => compareBytes(a.logBytes, b.logBytes))
  }

  head(log: LogId): DeviceHead | undefined {
    return this.#heads.get(log)
  }

  /** How many entries of that device are here. */
  nextSeq(log: LogId): number {
    return this.#heads.get(log)?.state.nextSeq ?? this.startOf(log)
  }

  state(log: LogId): ChainState {
    return this.#heads.get(log)?.state ?? this.startState(log)
  }

  /** The chain before the first entry. */
  startState(log: LogId): ChainState {
    return this.#branches.get(log)?.start ?? this.#starts.get(log) ?? startChain(this.#hash, this.#conversation, deviceIdBytes(log))
  }

  /** Number of the first entry: 0, or where the branch begins, or what is here of a log that begins late. */
  startOf(log: LogId): number {
    return this.#branches.get(log)?.branch.seq ?? this.#starts.get(log)?.nextSeq ?? 0
  }

  /** The logs that begin late. */
  lateLogs(): LogId[] {
    return [...this.#starts.keys()]
  }

  /** The chain before the first entry here of a log that begins late; undefined when it does not. */
  lateStart(log: LogId): ChainState | undefined {
    return this.#starts.get(log)
  }

  /** A log begins with these entries now, behind `start`. */
  begin(log: LogId, start: ChainState, entries: readonly LogEntry[]): void {
    if (start.nextSeq === 0) this.#starts.delete(log)
    else this.#starts.set(log, start)
    const fresh: { seq: number; epoch: Uint8Array | undefined }[] = []
    let epoch: Uint8Array | undefined
    for (const [i, entry] of entries.entries()) {
      const next = epochAfter(epoch, entry)
      if (i === 0 || !sameEpoch(next, epoch)) fresh.push({ seq: entry.seq, epoch: next })
      epoch = next
    }
    const [next, ...later] = this.#epochChanges.get(log) ?? []
    const isSame = next !== undefined && sameEpoch(next.epoch, epoch)
    this.#epochChanges.set(log, next === undefined || isSame ? [...fresh, ...later] : [...fresh, next, ...later])
  }

  /** A log begins later now, with the entry behind `start`. */
  shorten(log: LogId, start: ChainState): void {
    const epoch = this.epochAt(log, start.nextSeq)
    this.#starts.set(log, start)
    const later = (this.#epochChanges.get(log) ?? []).filter(({ seq }) => seq > start.nextSeq)
    this.#epochChanges.set(log, [{ seq: start.nextSeq, epoch }, ...later])
  }

  /** Nothing of the log is here any more. */
  forget(log: LogId): void {
    this.#starts.delete(log)
    this.#heads.delete(log)
    this.#epochChanges.delete(log)
  }

  /** Whose log it is. */
  deviceOf(log: LogId): DeviceId {
    return this.#branches.get(log)?.device ?? log
  }

  branchOf(log: LogId): BranchRef | undefined {
    return this.#branches.get(log)?.branch
  }

  hasBranch(log: LogId): boolean {
    return this.#branches.has(log)
  }

  /** What is known of a branch; undefined for the log of a device itself. */
  branch(log: LogId): KnownBranch | undefined {
    return this.#branches.get(log)
  }

  /** Whether any log here has branches. */
  get isBranched(): boolean {
    return this.#branches.size > 0
  }

  /** The logs of a device that are known here, its own first. */
  logsOf(device: DeviceId): LogId[] {
    return [device, ...[...this.#branches].filter(([, branch]) => branch.device === device).map(([log]) => log)]
  }

  /** The epoch (id) that seals the entry at `seq`; undefined when it is in clear. */
  epochAt(log: LogId, seq: number): Uint8Array | undefined {
    const changes = this.#epochChanges.get(log) ?? []
    for (let i = changes.length - 1; i >= 0; i--) if (changes[i]!.seq <= seq) return changes[i]!.epoch
    return this.#branches.get(log)?.start.epoch
  }

  /** The epoch (16 bytes) under which something was said last in a log; undefined when all of it is in clear. */
  lastEpoch(log: LogId): Uint8Array | undefined {
    return this.#epochChanges.get(log)?.findLast(({ epoch }) => epoch !== undefined)?.epoch
  }

  /** How many entries are sealed under that epoch (16 bytes), of all logs. */
  entriesUnder(epoch: Uint8Array): number {
    let count = 0
    for (const [log, changes] of this.#epochChanges)
      for (const [i, change] of changes.entries())
        if (change.epoch !== undefined && compareBytes(change.epoch, epoch) === 0)
          count += (changes[i + 1]?.seq ?? this.nextSeq(log)) - change.seq
    return count
  }

  /** The latest clock of any log here. */
  latestClock(): Hlc {
    let latest: Hlc = { ms: 0, ctr: 0 }
    for (const { state } of this.#heads.values()) if (compareHlc(state.hlc, latest) > 0) latest = state.hlc
    return latest
  }

  /** Makes a branch known that goes on after `start`. */
  async addBranch(logBytes: Uint8Array, device: DeviceId, id: Uint8Array, start: ChainState): Promise<void> {
    if (this.#branches.has(deviceIdOf(logBytes))) return
    await this.#store.write([this.branchRow(logBytes, device, id, start)])
    this.#noteBranch(deviceIdOf(logBytes), deviceIdBytes(device), id, start)
  }

  /** What follows `at` lies in a branch of its own now. */
  part(log: LogId, at: ChainState, branch: { logBytes: Uint8Array; id: Uint8Array }): void {
    const head = this.state(log)
    const device = this.deviceOf(log)
    const branchLog = deviceIdOf(branch.logBytes)
    const changes = this.#epochChanges.get(log) ?? []
    this.#epochChanges.set(
      branchLog,
      changes.filter((change) => change.seq >= at.nextSeq),
    )
    this.#epochChanges.set(
      log,
      changes.filter((change) => change.seq < at.nextSeq),
    )
    this.#noteBranch(branchLog, deviceIdBytes(device), branch.id, at)
    this.set(branch.logBytes, head)
    this.set(deviceIdBytes(log), at)
  }

  /** Says that a branch goes on after `start`. */
  branchRow(logBytes: Uint8Array, device: DeviceId, id: Uint8Array, start: ChainState): StoreOperation {
    return { type: 'put', key: this.#keys.branch(logBytes), value: encodeCbor([deviceIdBytes(device), id, encodeChainState(start)]) }
  }

  /** From `seq` on entries are sealed under that epoch, or in clear. */
  noteEpoch(device: DeviceId, seq: number, epoch: Uint8Array | undefined): void {
    const changes = this.#epochChanges.get(device)
    if (changes === undefined) this.#epochChanges.set(device, [{ seq, epoch }])
    else changes.push({ seq, epoch })
  }

  /** Moves a head. `device` are the 16 bytes of the log. */
  set(device: Uint8Array, state: ChainState): void {
    const log = deviceIdOf(device)
    this.#heads.set(log, { log, logBytes: device.slice(), device: this.deviceOf(log), state })
  }

  #noteBranch(log: LogId, deviceBytes: Uint8Array, id: Uint8Array, start: ChainState): void {
    this.#branches.set(log, { device: deviceIdOf(deviceBytes), deviceBytes, branch: { id: id.slice(), seq: start.nextSeq }, start })
  }
}
