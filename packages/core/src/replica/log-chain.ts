/** Ids, clocks and chain states of stored entries. They are not stored with each: they are computed from the start of a chunk. */
import {
  CHUNK_ENTRIES,
  decodeEntry,
  deviceIdBytes,
  entryId,
  EntryKind,
  equalBytes,
  extendChain,
  standsAlone,
  type ChainState,
  type DeviceId,
  type EntryParts,
  type Hash,
  type Hlc,
} from '@parley/protocol'
import type { Store } from '../store.ts'
import type { LogId } from './forks.ts'
import type { Keyspace } from './keyspace.ts'
import type { LogHeads } from './log-heads.ts'
import { READ_BATCH, type LogReader } from './log-reader.ts'

/** Chunks of forked logs whose ids are kept: a page lies in a few. */
const MAX_CHUNK_IDS = 16

export class LogChain {
  readonly #conversation: Uint8Array
  readonly #hash: Hash
  readonly #keys: Keyspace
  readonly #store: Store
  readonly #heads: LogHeads
  readonly #reader: LogReader
  /** Ids of the entries of a chunk, as 32 bytes each, of those chunks of forked logs that were looked at last. */
  readonly #chunkIds = new Map<string, Promise<Uint8Array[]>>()

  constructor(options: { conversation: Uint8Array; hash: Hash; keys: Keyspace; store: Store; heads: LogHeads; reader: LogReader }) {
    this.#conversation = options.conversation
    this.#hash = options.hash
    this.#keys = options.keys
    this.#store = options.store
    this.#heads = options.heads
    this.#reader = options.reader
  }

  /** Where the entry of a message is. Ids are looked at only where a device has several entries with that number. */
  async locate(device: DeviceId, seq: number, entry16: Uint8Array): Promise<LogId | undefined> {
    if (!this.#heads.isBranched) return seq < this.#heads.nextSeq(device) ? device : undefined
    const logs = this.#heads.logsOf(device).filter((log) => seq >= this.#heads.startOf(log) && seq < this.#heads.nextSeq(log))
    if (logs.length === 1 && logs[0] === device) return device
    for (const log of logs) {
      const chunk = Math.floor(seq / CHUNK_ENTRIES)
      const ids = await this.#idsOfChunk(log, chunk)
      const id = ids[seq - Math.max(chunk * CHUNK_ENTRIES, this.#heads.startOf(log))]
      if (id !== undefined && equalBytes(id.subarray(0, 16), entry16)) return log
    }
    return undefined
  }

  /** The chain before the entry at `seq`; undefined when the log does not reach it. */
  async stateAt(log: LogId, seq: number): Promise<ChainState | undefined> {
    const state = this.#heads.state(log)
    if (seq === state.nextSeq) return state
    if (seq > state.nextSeq || seq < this.#heads.startOf(log)) return undefined
    const device = deviceIdBytes(this.#heads.deviceOf(log))
    const { start, prevId } = await this.#base(log, seq)
    const entries = (await this.#reader.read(log, start, seq + 1)).map(decodeEntry)
    const first = entries[0]?.header
    if (first === undefined || prevId === undefined) return this.#heads.startState(log)
    let at = this.#heads.startState(log)
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
        epoch: this.#heads.epochAt(log, start - 1),
      }
    }
    for (const parts of entries.slice(0, seq - start)) at = extendChain(this.#hash, this.#conversation, device, at, parts)
    return at
  }

  /** The id before the entry at `seq`, which begins a chunk; undefined when it is not here, or on a branch. */
  async anchor(log: LogId, seq: number): Promise<Uint8Array | undefined> {
    const isHere = !this.#heads.hasBranch(log) && seq >= this.#heads.startOf(log) && seq < this.#heads.nextSeq(log)
    return isHere ? (await this.#base(log, seq)).prevId : undefined
  }

  /** The id of a stored entry, computed from the start of its chunk; undefined when it is not here. */
  async idAt(device: DeviceId, seq: number): Promise<Uint8Array | undefined> {
    const state = this.#heads.state(device)
    if (seq < this.#heads.startOf(device) || seq >= state.nextSeq) return undefined
    if (seq === state.nextSeq - 1) return state.prevId
    const bytes = deviceIdBytes(this.#heads.deviceOf(device))
    const { start, prevId } = await this.#base(device, seq)
    let id = prevId
    for (const [i, entry] of (await this.#reader.read(device, start, seq + 1)).entries()) {
      if (id === undefined) return undefined
      id = this.idOf(bytes, start + i, id, decodeEntry(entry))
    }
    return id
  }

  /** The clock of an entry: times are differences inside a chunk, so the chunk is read from its start. */
  async clockAt(device: DeviceId, seq: number): Promise<Hlc> {
    const { start, hlc: before } = await this.#base(device, seq)
    let hlc = before
    for (const [i, bytes] of (await this.#reader.read(device, start, seq + 1)).entries()) {
      const { header } = decodeEntry(bytes)
      hlc = { ms: standsAlone(start + i, header.kind) ? header.time : hlc.ms + header.time, ctr: header.ctr }
    }
    return hlc
  }

  /** The id of these parts at this place. */
  idOf(device: Uint8Array, seq: number, prevId: Uint8Array, { headerBytes, body, purgedBodyHash }: EntryParts): Uint8Array {
    const bodyHash = body === undefined ? purgedBodyHash! : this.#hash(body)
    return entryId(this.#hash, { conversation: this.#conversation, device, seq, prevId, headerBytes, bodyHash })
  }

  /** Entries lie elsewhere now. */
  forget(): void {
    this.#chunkIds.clear()
  }

  #idsOfChunk(log: LogId, chunk: number): Promise<Uint8Array[]> {
    const name = `${log}:${chunk}:${this.#heads.nextSeq(log) >= (chunk + 1) * CHUNK_ENTRIES ? 'all' : this.#heads.nextSeq(log)}`
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
    for (const [i, entry] of (await this.#reader.read(log, start, (chunk + 1) * CHUNK_ENTRIES)).entries()) {
      if (id === undefined) return ids
      id = this.idOf(deviceIdBytes(this.#heads.deviceOf(log)), start + i, id, decodeEntry(entry))
      ids.push(id)
    }
    return ids
  }

  /** From where ids and clocks of a chunk are computed: its first entry in this log, and what comes before that. */
  async #base(log: LogId, seq: number): Promise<{ start: number; prevId: Uint8Array | undefined; hlc: Hlc }> {
    const branch = this.#heads.branch(log)
    const start = seq - (seq % CHUNK_ENTRIES)
    if (branch !== undefined && start <= branch.branch.seq)
      return { start: branch.branch.seq, prevId: branch.start.prevId, hlc: branch.start.hlc }
    return { start, prevId: await this.#store.get(this.#keys.anchor(deviceIdBytes(log), start / CHUNK_ENTRIES)), hlc: { ms: 0, ctr: 0 } }
  }

  /** How many control entries come before `seq`: the next one says it. */
  async #controlsBefore(log: LogId, seq: number): Promise<number> {
    for (let at = seq; at < this.#heads.nextSeq(log); at += READ_BATCH) {
      for (const bytes of await this.#reader.read(log, at, at + READ_BATCH)) {
        const { header } = decodeEntry(bytes)
        if (header.kind === EntryKind.control) return header.controls - 1
      }
    }
    return this.#heads.state(log).controls
  }
}
