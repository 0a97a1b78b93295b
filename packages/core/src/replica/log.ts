/** The logs of one conversation: verified entries of every device, append-only, in the store. The truth that everything else is folded from. */
import { sealBody, signRun, verifyRun, type CryptoProvider, type SigningKey, type UnsignedEntry } from '@parley/crypto'
import {
  bodyAad,
  CHUNK_ENTRIES,
  compareBytes,
  compareHlc,
  decodeChainState,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeChainState,
  encodeHeader,
  EntryKind,
  entryId,
  MAX_FUTURE_SKEW_MS,
  nextHlc,
  readU32be,
  Reject,
  sealEntry,
  standsAlone,
  startChain,
  type ChainState,
  type ControlCarrier,
  type Dep,
  type DeviceId,
  type EntryParts,
  type Hlc,
} from '@parley/protocol'
import type { Epoch } from './epochs.ts'
import type { Keyspace } from './keyspace.ts'
import type { Store, StoreOperation } from '../store.ts'

/** A verified entry on its way from the log to the folds. */
export interface LogEntry {
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
  readonly device: DeviceId
  readonly deviceBytes: Uint8Array
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

interface Author {
  readonly device: DeviceId
  readonly key: SigningKey
}

export class ConversationLog {
  readonly #conversation: Uint8Array
  readonly #crypto: CryptoProvider
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads = new Map<DeviceId, DeviceHead>()
  /** Epochs by device as [first seq, epoch id or undefined for clear], ascending. */
  readonly #epochChanges = new Map<DeviceId, { seq: number; epoch: Uint8Array | undefined }[]>()
  /** The entries that came last, for whoever reads them at once: folds, events, the view. */
  readonly #recent = new Map<string, Uint8Array>()
  #recentBytes = 0
  /** Devices whose head moved since this device's last entry. */
  readonly #news = new Set<DeviceId>()

  constructor(options: { conversation: Uint8Array; crypto: CryptoProvider; keys: Keyspace; store: Store }) {
    this.#conversation = options.conversation
    this.#crypto = options.crypto
    this.#keys = options.keys
    this.#store = options.store
  }

  /** Reads the heads and epoch changes; nothing of the entries. */
  async open(): Promise<void> {
    for (const { key, value } of await this.#store.range(this.#keys.heads())) {
      const deviceBytes = key.slice(key.length - 16)
      this.#setHead(deviceBytes, decodeChainState(value))
    }
    for (const { key, value } of await this.#store.range(this.#keys.epochsOf())) {
      const device = deviceIdOf(key.slice(key.length - 20, key.length - 4))
      this.#noteEpoch(device, readU32be(key.subarray(key.length - 4)), value.length === 0 ? undefined : value)
    }
  }

  /** All heads, by device bytes. */
  heads(): DeviceHead[] {
    return [...this.#heads.values()].sort((a, b) => compareBytes(a.deviceBytes, b.deviceBytes))
  }

  /** How many entries of that device are here. */
  nextSeq(device: DeviceId): number {
    return this.#heads.get(device)?.state.nextSeq ?? 0
  }

  state(device: DeviceId): ChainState {
    return this.#heads.get(device)?.state ?? startChain(this.#hash, this.#conversation, deviceIdBytes(device))
  }

  readonly #hash = (bytes: Uint8Array): Uint8Array => this.#crypto.sha256(bytes)

  /** The epoch (id) that seals the entry at `seq`; undefined when it is in clear. */
  epochAt(device: DeviceId, seq: number): Uint8Array | undefined {
    const changes = this.#epochChanges.get(device) ?? []
    for (let i = changes.length - 1; i >= 0; i--) if (changes[i]!.seq <= seq) return changes[i]!.epoch
    return undefined
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
      return { device: author.device, seq: entry.seq, id: entry.id, prevId: entry.prevId, hlc: entry.hlc, parts: decodeEntry(bytes), bytes }
    })
    await this.#store.write([...alongside(entries), ...this.#rows(device, entries, state)], { durability: 'strict' })
    this.#commit(device, entries, state)
    this.#news.clear()
    return entries
  }

  /**
   * Verifies entries of a peer from where this log ends. `entries[0]` has sequence number `seq`; what is known already is skipped.
   * Nothing is written yet: the caller writes `operations` and then calls `commit`.
   * @throws {Reject} OutOfOrder when a gap lies before them, or what `verifyRun` finds.
   */
  async verify(device: Uint8Array, signKey: Uint8Array, seq: number, entries: readonly Uint8Array[], now: number): Promise<Ingested> {
    const id = deviceIdOf(device)
    const state = this.state(id)
    if (seq > state.nextSeq) throw new Reject('OutOfOrder', 'a gap lies before these entries')
    const fresh = entries.slice(state.nextSeq - seq)
    const run = await verifyRun(this.#crypto, { conversation: this.#conversation, device, signKey }, state, fresh, {
      signatures: 'required',
    })
    const accepted: LogEntry[] = []
    let prevId = state.prevId
    for (const entry of run.entries) {
      accepted.push({ device: id, seq: entry.seq, id: entry.id, prevId, hlc: entry.hlc, parts: entry.parts, bytes: entry.bytes })
      prevId = entry.id
    }
    if (accepted.some((e) => e.hlc.ms > now + MAX_FUTURE_SKEW_MS)) {
      return { entries: [], operations: [], head: state, held: accepted.length, unsigned: 0 }
    }
    return {
      entries: accepted,
      operations: accepted.length === 0 ? [] : this.#rows(device, accepted, run.state),
      head: run.state,
      held: 0,
      unsigned: run.rest,
    }
  }

  /** The verified entries are in the store now: move the head. */
  commit(device: Uint8Array, ingested: Ingested): void {
    if (ingested.entries.length === 0) return
    this.#commit(device, ingested.entries, ingested.head)
    this.#news.add(deviceIdOf(device))
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
  async readMany(places: readonly { device: DeviceId; seq: number }[]): Promise<(Uint8Array | undefined)[]> {
    const found = places.map(({ device, seq }) => this.#recent.get(`${device}:${seq}`))
    const missing = places.filter((_, i) => found[i] === undefined)
    if (missing.length === 0) return found
    const rows = await this.#store.getMany(missing.map(({ device, seq }) => this.#keys.entry(deviceIdBytes(device), seq)))
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
    if (seq < 0 || seq >= state.nextSeq) return undefined
    if (seq === state.nextSeq - 1) return state.prevId
    const bytes = deviceIdBytes(device)
    const start = seq - (seq % CHUNK_ENTRIES)
    let id = await this.#store.get(this.#keys.anchor(bytes, start / CHUNK_ENTRIES))
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
    const start = seq - (seq % CHUNK_ENTRIES)
    let hlc: Hlc = { ms: 0, ctr: 0 }
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

  #remember({ device, seq, bytes }: LogEntry): void {
    // A copy: what came from a peer is a view on the whole message that brought it.
    this.#recent.set(`${device}:${seq}`, bytes.slice())
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
    const id = deviceIdOf(device)
    this.#heads.set(id, { device: id, deviceBytes: device.slice(), state })
  }

  #latestClock(): Hlc {
    let latest: Hlc = { ms: 0, ctr: 0 }
    for (const { state } of this.#heads.values()) if (compareHlc(state.hlc, latest) > 0) latest = state.hlc
    return latest
  }

  /** Heads of others that moved since the own last entry, the 16 latest, sorted by device. */
  #deps(own: DeviceId): Dep[] {
    return [...this.#news]
      .filter((device) => device !== own)
      .map((device) => this.#heads.get(device)!)
      .sort((a, b) => compareHlc(b.state.hlc, a.state.hlc))
      .slice(0, 16)
      .sort((a, b) => compareBytes(a.deviceBytes.subarray(0, 8), b.deviceBytes.subarray(0, 8)))
      .map(({ deviceBytes, state }) => ({
        device8: deviceBytes.subarray(0, 8),
        seq: state.nextSeq - 1,
        entry8: state.prevId.subarray(0, 8),
      }))
  }
}

/** Entries kept in memory after they came: some hundred short messages. */
const RECENT_BYTES = 262_144
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
