/** The logs of one conversation: verified entries of every device, append-only, in the store. The truth that everything else is folded from. */
import { sealBody, signRun, verifyRun, type CryptoProvider, type SigningKey, type UnsignedEntry, type VerifiedEntry } from '@parley/crypto'
import {
  bodyAad,
  CHUNK_ENTRIES,
  compareBytes,
  compareHlc,
  decodeCbor,
  decodeChainState,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeCbor,
  encodeChainState,
  encodeHeader,
  EntryKind,
  entryId,
  equalBytes,
  extendChain,
  MAX_FUTURE_SKEW_MS,
  mustSign,
  nextHlc,
  readU32be,
  Reject,
  sealEntry,
  standsAlone,
  startChain,
  type BranchRef,
  type ChainState,
  type ControlCarrier,
  type Dep,
  type DeviceId,
  type EntryParts,
  type Hlc,
} from '@parley/protocol'
import type { Epoch } from './epochs.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { Store, StoreOperation } from '../store.ts'

/** A verified entry on its way from the log to the folds. */
export interface LogEntry {
  /** The log that it lies in: that of the device, or a branch of it. */
  readonly log: LogId
  readonly device: DeviceId
  readonly seq: number
  readonly id: Uint8Array
  readonly prevId: Uint8Array
  readonly hlc: Hlc
  readonly parts: EntryParts
  readonly bytes: Uint8Array
}

/** What this device wants to say, before it has a place in the log. `epoch` undefined: the body stays in clear. */
export interface Draft {
  readonly kind: (typeof EntryKind)[keyof typeof EntryKind]
  readonly payload: Uint8Array
  readonly epoch: Epoch | undefined
}

/** The heads of the logs at some moment. */
export interface DeviceHead {
  readonly log: LogId
  readonly logBytes: Uint8Array
  /** Whose log it is. */
  readonly device: DeviceId
  readonly state: ChainState
}

/** The result of taking in entries. `held` counts entries whose clock is too far ahead, `unsigned` those that no signature covers yet. */
export interface Ingested {
  readonly entries: readonly LogEntry[]
  readonly operations: readonly StoreOperation[]
  readonly head: ChainState
  readonly held: number
  readonly unsigned: number
}

/** A branch that is known here: whose it is, and the chain before its first entry. */
interface KnownBranch {
  readonly device: DeviceId
  readonly deviceBytes: Uint8Array
  readonly branch: BranchRef
  readonly start: ChainState
}

interface Author {
  readonly device: DeviceId
  readonly key: SigningKey
}

export class ConversationLog {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads = new Map<LogId, DeviceHead>()
  readonly #branches = new Map<LogId, KnownBranch>()
  /** Ids of the entries of a chunk, as 32 bytes each, of those chunks of forked logs that were looked at last. */
  readonly #chunkIds = new Map<string, Promise<Uint8Array[]>>()
  /** Epochs by device as [first seq, epoch id or undefined for clear], ascending. */
  readonly #epochChanges = new Map<LogId, { seq: number; epoch: Uint8Array | undefined }[]>()
  /** The entries that came last, for whoever reads them at once: folds, events, the view. */
  readonly #recent = new Map<string, Uint8Array>()
  #recentBytes = 0
  /** Logs whose head moved since this device's last entry. */
  readonly #news = new Set<LogId>()

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; store: Store }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#keys = options.keys
    this.#store = options.store
  }

  /** Reads the heads and epoch changes; nothing of the entries. */
  async open(): Promise<void> {
    for (const { key, value } of await this.#store.range(this.#keys.branches())) {
      const [device, id, start] = decodeCbor(value) as [Uint8Array, Uint8Array, Uint8Array]
      this.#noteBranch(deviceIdOf(key.slice(key.length - 16)), device, id, decodeChainState(start))
    }
    for (const { key, value } of await this.#store.range(this.#keys.heads())) {
      this.#setHead(key.slice(key.length - 16), decodeChainState(value))
    }
    for (const { key, value } of await this.#store.range(this.#keys.epochsOf())) {
      const device = deviceIdOf(key.slice(key.length - 20, key.length - 4))
      this.#noteEpoch(device, readU32be(key.subarray(key.length - 4)), value.length === 0 ? undefined : value)
    }
  }

  /** All heads, by device bytes. */
  heads(): DeviceHead[] {
    return [...this.#heads.values()].sort((a, b) => compareBytes(a.logBytes, b.logBytes))
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
    return this.#branches.get(log)?.start ?? startChain(this.#hash, this.#conversation, deviceIdBytes(log))
  }

  /** Number of the first entry: 0, or where the branch begins. */
  startOf(log: LogId): number {
    return this.#branches.get(log)?.branch.seq ?? 0
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

  /** The logs of a device that are known here, its own first. */
  logsOf(device: DeviceId): LogId[] {
    return [device, ...[...this.#branches].filter(([, branch]) => branch.device === device).map(([log]) => log)]
  }

  /** Where the entry of a message is. Ids are looked at only where a device has several entries with that number. */
  async locate(device: DeviceId, seq: number, entry16: Uint8Array): Promise<LogId | undefined> {
    if (this.#branches.size === 0) return seq < this.nextSeq(device) ? device : undefined
    const logs = this.logsOf(device).filter((log) => seq >= this.startOf(log) && seq < this.nextSeq(log))
    if (logs.length === 1 && logs[0] === device) return device
    for (const log of logs) {
      const chunk = Math.floor(seq / CHUNK_ENTRIES)
      const ids = await this.#idsOfChunk(log, chunk)
      const id = ids[seq - Math.max(chunk * CHUNK_ENTRIES, this.startOf(log))]
      if (id !== undefined && equalBytes(id.subarray(0, 16), entry16)) return log
    }
    return undefined
  }

  #idsOfChunk(log: LogId, chunk: number): Promise<Uint8Array[]> {
    const name = `${log}:${chunk}:${this.nextSeq(log) >= (chunk + 1) * CHUNK_ENTRIES ? 'all' : this.nextSeq(log)}`
    let ids = this.#chunkIds.get(name)
    if (ids === undefined) {
      ids = this.#readIds(log, chunk)
      this.#chunkIds.set(name, ids)
      for (const oldest of this.#chunkIds.keys()) {
        if (this.#chunkIds.size <= MAX_CHUNK_IDS) break
        this.#chunkIds.delete(oldest)
      }
    }
    return ids
  }

  async #readIds(log: LogId, chunk: number): Promise<Uint8Array[]> {
    const ids: Uint8Array[] = []
    const { start, prevId } = await this.#base(log, chunk * CHUNK_ENTRIES)
    let id = prevId
    for (const [i, entry] of (await this.read(log, start, (chunk + 1) * CHUNK_ENTRIES)).entries()) {
      if (id === undefined) return ids
      id = this.idOf(deviceIdBytes(this.deviceOf(log)), start + i, id, decodeEntry(entry))
      ids.push(id)
    }
    return ids
  }

  /** From where ids and clocks of a chunk are computed: its first entry in this log, and what comes before that. */
  async #base(log: LogId, seq: number): Promise<{ start: number; prevId: Uint8Array | undefined; hlc: Hlc }> {
    const branch = this.#branches.get(log)
    const start = seq - (seq % CHUNK_ENTRIES)
    if (branch !== undefined && start <= branch.branch.seq)
      return { start: branch.branch.seq, prevId: branch.start.prevId, hlc: branch.start.hlc }
    return { start, prevId: await this.#store.get(this.#keys.anchor(deviceIdBytes(log), start / CHUNK_ENTRIES)), hlc: { ms: 0, ctr: 0 } }
  }

  /** The chain before the entry at `seq`; undefined when the log does not reach it. */
  async stateAt(log: LogId, seq: number): Promise<ChainState | undefined> {
    const state = this.state(log)
    if (seq === state.nextSeq) return state
    if (seq > state.nextSeq || seq < this.startOf(log)) return undefined
    const device = deviceIdBytes(this.deviceOf(log))
    const { start, prevId } = await this.#base(log, seq)
    const entries = (await this.read(log, start, seq + 1)).map(decodeEntry)
    const first = entries[0]?.header
    if (first === undefined || prevId === undefined) return this.startState(log)
    let at = this.startState(log)
    if (start !== at.nextSeq) {
      const posts = first.posts - (first.kind === EntryKind.post ? 1 : 0)
      const deletes = first.deletes - (first.kind === EntryKind.delete ? 1 : 0)
      const controls = await this.#controlsBefore(log, start)
      at = {
        nextSeq: start,
        prevId,
        hlc: await this.clockAt(log, start - 1),
        posts,
        deletes,
        controls,
        epoch: this.epochAt(log, start - 1),
      }
    }
    for (const parts of entries.slice(0, seq - start)) at = extendChain(this.#hash, this.#conversation, device, at, parts)
    return at
  }

  /** How many control entries come before `seq`: the next one says it. */
  async #controlsBefore(log: LogId, seq: number): Promise<number> {
    for (let at = seq; at < this.nextSeq(log); at += READ_BATCH) {
      for (const bytes of await this.read(log, at, at + READ_BATCH)) {
        const { header } = decodeEntry(bytes)
        if (header.kind === EntryKind.control) return header.controls - 1
      }
    }
    return this.state(log).controls
  }

  /** Makes a branch known that goes on after `start`. */
  async addBranch(logBytes: Uint8Array, device: DeviceId, id: Uint8Array, start: ChainState): Promise<void> {
    if (this.#branches.has(deviceIdOf(logBytes))) return
    await this.#store.write([this.#branchRow(logBytes, device, id, start)])
    this.#noteBranch(deviceIdOf(logBytes), deviceIdBytes(device), id, start)
  }

  /**
   * Moves what follows `at` in a log to a branch of its own, in one batch. `branchLog` gives the 16 bytes that stand for it.
   * Nothing else may work on the log meanwhile.
   */
  async cut(log: LogId, at: ChainState, branchLog: (branch: Uint8Array) => Uint8Array): Promise<void> {
    const head = this.state(log)
    const from = at.nextSeq
    if (from >= head.nextSeq || from < this.startOf(log)) return
    const device = this.deviceOf(log)
    const [first] = await this.read(log, from, from + 1)
    const id = this.idOf(deviceIdBytes(device), from, at.prevId, decodeEntry(first!)).slice(0, 16)
    const oldBytes = deviceIdBytes(log)
    const newBytes = branchLog(id)
    const operations: StoreOperation[] = []
    const move = (key: Uint8Array, value: Uint8Array): void => {
      // Table and conversation come before the log, 17 bytes.
      const moved = key.slice()
      moved.set(newBytes, 17)
      operations.push({ type: 'put', key: moved, value }, { type: 'delete', key })
    }
    for (let seq = from; seq < head.nextSeq; seq += READ_BATCH)
      for (const { key, value } of await this.#store.range(this.#keys.entries(oldBytes, seq, Math.min(seq + READ_BATCH, head.nextSeq))))
        move(key, value)
    for (let chunk = Math.ceil(from / CHUNK_ENTRIES); chunk * CHUNK_ENTRIES < head.nextSeq; chunk++) {
      const value = await this.#store.get(this.#keys.anchor(oldBytes, chunk))
      // The first chunk of a branch begins from the chain before it.
      if (value !== undefined) move(this.#keys.anchor(oldBytes, chunk), value)
    }
    for (const range of [this.#keys.epochsOfLog(oldBytes, from), this.#keys.hollowsOf(oldBytes, from)])
      for (const { key, value } of await this.#store.range(range)) move(key, value)
    operations.push(
      this.#branchRow(newBytes, device, id, at),
      { type: 'put', key: this.#keys.head(newBytes), value: encodeChainState(head) },
      { type: 'put', key: this.#keys.head(oldBytes), value: encodeChainState(at) },
    )
    await this.#store.write(operations, { durability: 'strict' })
    const branch = deviceIdOf(newBytes)
    const changes = this.#epochChanges.get(log) ?? []
    this.#epochChanges.set(
      branch,
      changes.filter((change) => change.seq >= from),
    )
    this.#epochChanges.set(
      log,
      changes.filter((change) => change.seq < from),
    )
    this.#noteBranch(branch, deviceIdBytes(device), id, at)
    this.#setHead(newBytes, head)
    this.#setHead(oldBytes, at)
    this.#recent.clear()
    this.#recentBytes = 0
    this.#chunkIds.clear()
  }

  #branchRow(logBytes: Uint8Array, device: DeviceId, id: Uint8Array, start: ChainState): StoreOperation {
    return { type: 'put', key: this.#keys.branch(logBytes), value: encodeCbor([deviceIdBytes(device), id, encodeChainState(start)]) }
  }

  #noteBranch(log: LogId, deviceBytes: Uint8Array, id: Uint8Array, start: ChainState): void {
    this.#branches.set(log, { device: deviceIdOf(deviceBytes), deviceBytes, branch: { id: id.slice(), seq: start.nextSeq }, start })
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)

  /** The epoch (id) that seals the entry at `seq`; undefined when it is in clear. */
  epochAt(log: LogId, seq: number): Uint8Array | undefined {
    const changes = this.#epochChanges.get(log) ?? []
    for (let i = changes.length - 1; i >= 0; i--) if (changes[i]!.seq <= seq) return changes[i]!.epoch
    return this.#branches.get(log)?.start.epoch
  }

  /** Writes this device's next entries and resolves once they are durable, with what `alongside` gives in the same batch. One signature covers them all. */
  async append(
    author: Author,
    drafts: readonly Draft[],
    now: number,
    random: (length: number) => Uint8Array,
    alongside: (entries: readonly LogEntry[]) => readonly StoreOperation[],
  ): Promise<LogEntry[]> {
    const device = deviceIdBytes(author.device)
    let state = this.state(author.device)
    const unsigned: (UnsignedEntry & { hlc: Hlc; prevId: Uint8Array; epoch: Uint8Array | undefined })[] = []
    const latest = this.#latestClock()
    for (const [index, draft] of drafts.entries()) {
      const seq = state.nextSeq
      const hlc = nextHlc(compareHlc(state.hlc, latest) > 0 ? state.hlc : latest, now)
      const alone = standsAlone(seq, draft.kind)
      const epoch = draft.epoch?.id
      const isControl = draft.kind === EntryKind.control
      const counts = {
        posts: state.posts + (draft.kind === EntryKind.post ? 1 : 0),
        deletes: state.deletes + (draft.kind === EntryKind.delete ? 1 : 0),
        controls: state.controls + (isControl ? 1 : 0),
      }
      const same = !alone && epoch !== undefined && state.epoch !== undefined && compareBytes(epoch, state.epoch) === 0
      const headerBytes = encodeHeader({
        kind: draft.kind,
        time: alone ? hlc.ms : hlc.ms - state.hlc.ms,
        ctr: hlc.ctr,
        epoch: epoch === undefined ? 'clear' : same ? 'same' : epoch,
        deps: index === 0 ? this.#deps(author.device) : [],
        posts: counts.posts,
        deletes: counts.deletes,
        controls: isControl ? counts.controls : 0,
      })
      const body = draft.epoch === undefined ? draft.payload : this.#seal(draft.epoch, draft, device, seq, headerBytes, random)
      const id = entryId(this.#hash, {
        conversation: this.#conversation,
        device,
        seq,
        prevId: state.prevId,
        headerBytes,
        bodyHash: this.#hash(body),
      })
      unsigned.push({ seq, id, kind: draft.kind, headerBytes, body, hlc, prevId: state.prevId, epoch })
      state = { nextSeq: seq + 1, prevId: id, hlc, ...counts, epoch }
    }
    const signed = await signRun(author.key, { conversation: this.#conversation, device }, unsigned)
    const entries = unsigned.map((entry, i): LogEntry => {
      const bytes = signed[i]!
      return {
        log: author.device,
        device: author.device,
        seq: entry.seq,
        id: entry.id,
        prevId: entry.prevId,
        hlc: entry.hlc,
        parts: decodeEntry(bytes),
        bytes,
      }
    })
    await this.#store.write([...alongside(entries), ...this.#rows(device, entries, state)], { durability: 'strict' })
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
  async verify(
    log: LogId,
    signKey: Uint8Array,
    seq: number,
    entries: readonly Uint8Array[],
    now: number,
    vouched: readonly { seq: number; prevId: Uint8Array }[] = [],
  ): Promise<Ingested> {
    const id = this.deviceOf(log)
    const device = deviceIdBytes(id)
    const state = this.state(log)
    if (seq > state.nextSeq) throw new Reject('OutOfOrder', 'a gap lies before these entries')
    const fresh = entries.slice(state.nextSeq - seq)
    const run = await verifyRun(this.#crypto, { conversation: this.#conversation, device, signKey }, state, fresh, {
      signatures: 'required',
    })
    let { rest } = run
    for (const { seq: end, prevId } of vouched) {
      const length = end - run.state.nextSeq
      if (length <= 0 || length > rest) continue
      const tail = this.#vouchedFor(device, run.state, fresh.slice(fresh.length - rest, fresh.length - rest + length), prevId)
      if (tail === undefined) continue
      run.entries.push(...tail.entries)
      run.state = tail.state
      rest -= length
    }
    const accepted: LogEntry[] = []
    let prevId = state.prevId
    for (const entry of run.entries) {
      accepted.push({ log, device: id, seq: entry.seq, id: entry.id, prevId, hlc: entry.hlc, parts: entry.parts, bytes: entry.bytes })
      prevId = entry.id
    }
    if (accepted.some((e) => e.hlc.ms > now + MAX_FUTURE_SKEW_MS)) {
      return { entries: [], operations: [], head: state, held: accepted.length, unsigned: 0 }
    }
    return {
      entries: accepted,
      operations: accepted.length === 0 ? [] : this.#rows(deviceIdBytes(log), accepted, run.state),
      head: run.state,
      held: 0,
      unsigned: rest,
    }
  }

  /** The entries as verified when they lead to the id; undefined otherwise. */
  #vouchedFor(
    device: Uint8Array,
    state: ChainState,
    fresh: readonly Uint8Array[],
    prevId: Uint8Array,
  ): { entries: VerifiedEntry[]; state: ChainState } | undefined {
    const entries: VerifiedEntry[] = []
    let at = state
    for (const bytes of fresh) {
      const parts = decodeEntry(bytes)
      if (mustSign(at.nextSeq, parts.header.kind)) return undefined
      at = extendChain(this.#hash, this.#conversation, device, at, parts)
      entries.push({ bytes, parts, seq: at.nextSeq - 1, id: at.prevId, hlc: at.hlc })
    }
    return equalBytes(at.prevId, prevId) ? { entries, state: at } : undefined
  }

  /** The verified entries are in the store now: move the head. */
  commit(log: LogId, ingested: Ingested): void {
    if (ingested.entries.length === 0) return
    this.#commit(deviceIdBytes(log), ingested.entries, ingested.head)
    this.#news.add(log)
  }

  /** As `read`, in the form for other peers: chunks that are complete without the signatures that their end covers. */
  async readSealed(device: DeviceId, from: number, to: number, maxBytes: number): Promise<Uint8Array[]> {
    const sealed = completeUpTo(this.nextSeq(device))
    return (await this.read(device, from, to, maxBytes)).map((bytes, i) => (from + i < sealed ? sealEntry(bytes, from + i) : bytes))
  }

  /** Stored entries `from <= seq < to`, fewer when `maxBytes` would be exceeded (at least one). */
  async read(device: DeviceId, from: number, to: number, maxBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array[]> {
    const end = Math.min(to, this.nextSeq(device))
    const result: Uint8Array[] = []
    let bytes = 0
    for (let at = from; at < end; at += READ_BATCH) {
      const rows = await this.#store.range({ ...this.#keys.entries(deviceIdBytes(device), at, Math.min(at + READ_BATCH, end)) })
      for (const { value } of rows) {
        bytes += value.length
        if (result.length > 0 && bytes > maxBytes) return result
        result.push(value)
      }
    }
    return result
  }

  /** Stored entries here and there, in the order asked for; undefined for what is not here. */
  async readMany(places: readonly { log: LogId; seq: number }[]): Promise<(Uint8Array | undefined)[]> {
    const found = places.map(({ log, seq }) => this.#recent.get(`${log}:${seq}`))
    const missing = places.filter((_, i) => found[i] === undefined)
    if (missing.length === 0) return found
    const rows = await this.#store.getMany(missing.map(({ log, seq }) => this.#keys.entry(deviceIdBytes(log), seq)))
    let next = 0
    return found.map((bytes) => bytes ?? rows[next++])
  }

  /** The stored bytes of an entry were replaced: its body was purged, or has come. */
  replaced(device: DeviceId, seq: number): void {
    const bytes = this.#recent.get(`${device}:${seq}`)
    if (bytes === undefined) return
    this.#recent.delete(`${device}:${seq}`)
    this.#recentBytes -= bytes.length
  }

  /** The id of a stored entry, computed from the start of its chunk; undefined when it is not here. */
  async idAt(device: DeviceId, seq: number): Promise<Uint8Array | undefined> {
    const state = this.state(device)
    if (seq < this.startOf(device) || seq >= state.nextSeq) return undefined
    if (seq === state.nextSeq - 1) return state.prevId
    const bytes = deviceIdBytes(this.deviceOf(device))
    const { start, prevId } = await this.#base(device, seq)
    let id = prevId
    for (const [i, entry] of (await this.read(device, start, seq + 1)).entries()) {
      if (id === undefined) return undefined
      id = this.idOf(bytes, start + i, id, decodeEntry(entry))
    }
    return id
  }

  /** What stands for the id before the first entry. */
  firstId(device: DeviceId): Uint8Array {
    return startChain(this.#hash, this.#conversation, deviceIdBytes(device)).prevId
  }

  /** The id of these parts at this place. */
  idOf(device: Uint8Array, seq: number, prevId: Uint8Array, { headerBytes, body, purgedBodyHash }: EntryParts): Uint8Array {
    const bodyHash = body === undefined ? purgedBodyHash! : this.#hash(body)
    return entryId(this.#hash, { conversation: this.#conversation, device, seq, prevId, headerBytes, bodyHash })
  }

  /** The clock of an entry: times are differences inside a chunk, so the chunk is read from its start. */
  async clockAt(device: DeviceId, seq: number): Promise<Hlc> {
    const { start, hlc: before } = await this.#base(device, seq)
    let hlc = before
    for (const [i, bytes] of (await this.read(device, start, seq + 1)).entries()) {
      const { header } = decodeEntry(bytes)
      hlc = { ms: standsAlone(start + i, header.kind) ? header.time : hlc.ms + header.time, ctr: header.ctr }
    }
    return hlc
  }

  /** The control entry as it travels alone. */
  static carrier(entry: LogEntry): ControlCarrier {
    return { device: deviceIdBytes(entry.device), seq: entry.seq, prevId: entry.prevId, entry: entry.bytes }
  }

  #seal(
    epoch: Epoch,
    draft: Draft,
    device: Uint8Array,
    seq: number,
    headerBytes: Uint8Array,
    random: (length: number) => Uint8Array,
  ): Uint8Array {
    const key = draft.kind === EntryKind.control ? epoch.controlKey : epoch.messageKey(device)
    return sealBody(key, random(24), bodyAad(this.#conversation, device, seq, headerBytes), draft.payload)
  }

  #rows(device: Uint8Array, entries: readonly LogEntry[], state: ChainState): StoreOperation[] {
    const operations: StoreOperation[] = []
    let epoch = this.epochAt(deviceIdOf(device), entries[0]!.seq - 1)
    const sealed = completeUpTo(state.nextSeq)
    for (const entry of entries) {
      operations.push({
        type: 'put',
        key: this.#keys.entry(device, entry.seq),
        value: entry.seq < sealed ? sealEntry(entry.bytes, entry.seq) : entry.bytes,
      })
      if (entry.seq % CHUNK_ENTRIES === 0)
        operations.push({ type: 'put', key: this.#keys.anchor(device, entry.seq / CHUNK_ENTRIES), value: entry.prevId })
      const next = epochAfter(epoch, entry)
      if (entry.seq === 0 || !sameEpoch(next, epoch)) {
        operations.push({ type: 'put', key: this.#keys.epochOf(device, entry.seq), value: next ?? new Uint8Array(0) })
      }
      epoch = next
    }
    operations.push({ type: 'put', key: this.#keys.head(device), value: encodeChainState(state) })
    return operations
  }

  #commit(device: Uint8Array, entries: readonly LogEntry[], state: ChainState): void {
    const id = deviceIdOf(device)
    for (const entry of entries) {
      this.#remember(entry)
      const epoch = epochAfter(this.epochAt(id, entry.seq - 1), entry)
      if (entry.seq === 0 || !sameEpoch(epoch, this.epochAt(id, entry.seq - 1))) this.#noteEpoch(id, entry.seq, epoch)
    }
    this.#setHead(device, state)
  }

  #remember({ log, seq, bytes }: LogEntry): void {
    // A copy: what came from a peer is a view on the whole message that brought it.
    this.#recent.set(`${log}:${seq}`, bytes.slice())
    this.#recentBytes += bytes.length
    for (const [name, oldest] of this.#recent) {
      if (this.#recentBytes <= RECENT_BYTES) break
      this.#recent.delete(name)
      this.#recentBytes -= oldest.length
    }
  }

  #noteEpoch(device: DeviceId, seq: number, epoch: Uint8Array | undefined): void {
    const changes = this.#epochChanges.get(device)
    if (changes === undefined) this.#epochChanges.set(device, [{ seq, epoch }])
    else changes.push({ seq, epoch })
  }

  #setHead(device: Uint8Array, state: ChainState): void {
    const log = deviceIdOf(device)
    this.#heads.set(log, { log, logBytes: device.slice(), device: this.deviceOf(log), state })
  }

  #latestClock(): Hlc {
    let latest: Hlc = { ms: 0, ctr: 0 }
    for (const { state } of this.#heads.values()) if (compareHlc(state.hlc, latest) > 0) latest = state.hlc
    return latest
  }

  /** Heads of others that moved since the own last entry, the 16 latest, sorted by device. */
  #deps(own: DeviceId): Dep[] {
    const devices = new Set<DeviceId>()
    return (
      [...this.#news]
        .map((log) => this.#heads.get(log)!)
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
}

/** Entries kept in memory after they came: some hundred short messages. */
const RECENT_BYTES = 262_144
/** Chunks of forked logs whose ids are kept: a page lies in a few. */
const MAX_CHUNK_IDS = 16
/** Rows fetched from the store at a time. */
const READ_BATCH = 256

/** Entries before this number are in complete chunks. */
const completeUpTo = (nextSeq: number): number => nextSeq - (nextSeq % CHUNK_ENTRIES)

function epochAfter(before: Uint8Array | undefined, entry: LogEntry): Uint8Array | undefined {
  const { epoch } = entry.parts.header
  return epoch === 'same' ? before : epoch === 'clear' ? undefined : epoch
}

function sameEpoch(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : compareBytes(a, b) === 0
}
