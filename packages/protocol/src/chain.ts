/**
 * The chain: what is known after an entry of a log, and the rule by which the next one may follow.
 */
import { hashInto } from './bytes.ts'
import type { Hash, HashInto } from './bytes.ts'
import { encodeCbor } from './cbor.ts'
import { CborReader } from './cbor-reader.ts'
import { EntryKind, StoredEntry, decodeEntry, encodeEntry } from './entry.ts'
import type { EntryHeader, EntryParts } from './entry.ts'
import { ID_BYTES, LogIds, firstPrevId } from './entry-id.ts'
import type { IdInput } from './entry-id.ts'
import { Reject } from './errors.ts'
import { HLC_ZERO, MAX_HLC_CTR } from './hlc.ts'
import type { Hlc } from './hlc.ts'
import { CHUNK_ENTRIES, MAX_SEQ, MAX_TIME_MS } from './limits.ts'

/** A log up to, and not including, `nextSeq`. */
export interface ChainState {
  readonly nextSeq: number
  /** Id (32 bytes) of the last entry, or `firstPrevId` in an empty log. */
  readonly prevId: Uint8Array
  /** Clock of the last entry. */
  readonly hlc: Hlc
  readonly posts: number
  readonly deletes: number
  readonly controls: number
  /** Epoch (16 bytes) of the last entry; undefined when its body is in clear, or the log is empty: the next one must name its epoch. */
  readonly epoch: Uint8Array | undefined
}

/** Classes for the sake of the collector, as in the codec of entries. */
class State implements ChainState {
  readonly nextSeq: number
  readonly prevId: Uint8Array
  readonly hlc: Hlc
  readonly posts: number
  readonly deletes: number
  readonly controls: number
  readonly epoch: Uint8Array | undefined

  constructor(
    nextSeq: number,
    prevId: Uint8Array,
    hlc: Hlc,
    posts: number,
    deletes: number,
    controls: number,
    epoch: Uint8Array | undefined,
  ) {
    this.nextSeq = nextSeq
    this.prevId = prevId
    this.hlc = hlc
    this.posts = posts
    this.deletes = deletes
    this.controls = controls
    this.epoch = epoch
  }
}

class Clock implements Hlc {
  readonly ms: number
  readonly ctr: number

  constructor(ms: number, ctr: number) {
    this.ms = ms
    this.ctr = ctr
  }
}

/** The state of an empty log. */
export function startChain(hash: Hash, conversation: Uint8Array, device: Uint8Array): ChainState {
  const prevId = firstPrevId(hash, conversation, device)
  return { nextSeq: 0, prevId, hlc: HLC_ZERO, posts: 0, deletes: 0, controls: 0, epoch: undefined }
}

/**
 * The state after one more entry; its `prevId` is the id of that entry. Signatures are not looked at. For many entries use `ChainWalk`.
 * @throws {Reject} BadClock when the entry is not later than the one before, BadChain when a counter or the epoch does not follow.
 */
export function extendChain(hash: Hash, conversation: Uint8Array, device: Uint8Array, state: ChainState, parts: EntryParts): ChainState {
  const walk = new ChainWalk(hashInto(hash), conversation, device, state)
  walk.extend(parts)
  return walk.state()
}

/** Follows a log entry by entry, without a state for each. What it gives out stays as it is when it goes on. */
export class ChainWalk {
  readonly #ids: LogIds
  #nextSeq: number
  /** Where the id of the last entry lies. */
  #prev: Uint8Array
  #prevAt = 0
  /** The clock of the last entry: numbers, for a clock is made of each entry and needed of few. */
  #ms: number
  #ctr: number
  #posts: number
  #deletes: number
  #controls: number
  #epoch: Uint8Array | undefined

  /** `conversation` and `device` must not change while this is in use. */
  constructor(hash: HashInto, conversation: Uint8Array, device: Uint8Array, state: ChainState) {
    this.#ids = new LogIds(hash, conversation, device)
    this.#nextSeq = state.nextSeq
    this.#prev = state.prevId
    this.#ms = state.hlc.ms
    this.#ctr = state.hlc.ctr
    this.#posts = state.posts
    this.#deletes = state.deletes
    this.#controls = state.controls
    this.#epoch = state.epoch
  }

  /** Sequence number of the next entry. */
  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Id of the last entry, 32 bytes, in an array of its own. */
  get prevId(): Uint8Array {
    return this.#prev.slice(this.#prevAt, this.#prevAt + ID_BYTES)
  }

  /** Clock of the last entry. */
  get hlc(): Hlc {
    return new Clock(this.#ms, this.#ctr)
  }

  /** The milliseconds of it. */
  get ms(): number {
    return this.#ms
  }

  /** All that is known here. */
  state(): ChainState {
    return new State(this.#nextSeq, this.prevId, this.hlc, this.#posts, this.#deletes, this.#controls, this.#epoch)
  }

  /**
   * Goes one entry further; stays where it is when that throws. The id of the entry is put into `ids` at `at`, where it must stay until the next one
   * is there. @throws {Reject} as extendChain.
   */
  extend(parts: EntryParts, ids: Uint8Array = new Uint8Array(ID_BYTES), at = 0): void {
    const { header } = parts
    const seq = this.#nextSeq
    if (seq > MAX_SEQ) throw new Reject('BadChain', 'log is full')
    const { ctr } = header
    const ms = standsAlone(seq, header.kind) ? header.time : this.#ms + header.time
    if (ms > MAX_TIME_MS || ms < this.#ms || (ms === this.#ms && ctr <= this.#ctr))
      throw new Reject('BadClock', 'clock does not go forward')
    const posts = this.#posts + (header.kind === EntryKind.post ? 1 : 0)
    const deletes = this.#deletes + (header.kind === EntryKind.delete ? 1 : 0)
    const isControl = header.kind === EntryKind.control
    const controls = this.#controls + (isControl ? 1 : 0)
    if (header.posts !== posts || header.deletes !== deletes || (isControl && header.controls !== controls)) {
      throw new Reject('BadChain', 'counters do not follow')
    }
    const epoch = epochAfter(seq, this.#epoch, header)
    this.#ids.put(ids, at, seq, this.#prev, this.#prevAt, parts instanceof StoredEntry ? parts : idInput(parts))
    this.#prev = ids
    this.#prevAt = at
    this.#nextSeq = seq + 1
    this.#ms = ms
    this.#ctr = ctr
    this.#posts = posts
    this.#deletes = deletes
    this.#controls = controls
    this.#epoch = epoch
  }
}

function idInput({ headerBytes, body, purgedBodyHash }: EntryParts): IdInput {
  return { headerSource: headerBytes, headerStart: 0, headerEnd: headerBytes.length, body, purgedBodyHash }
}

/** Whether the author must sign this very entry: every control entry, and the last of each chunk. */
export function mustSign(seq: number, kind: EntryKind): boolean {
  return kind === EntryKind.control || (seq + 1) % CHUNK_ENTRIES === 0
}

/** Longest entry that may stand in a complete chunk without a signature: 255 of them make less than 1 MiB, which a receiver can hold back. */
const MAX_UNSIGNED_ENTRY_BYTES = 4_096

/**
 * The entry as it stands in a chunk that is complete: the signature at the chunk's end covers it, so one that it need not carry is left out.
 * A long entry keeps its own: what waits for the end of its chunk must stay small.
 * Returns `bytes` when there is nothing to leave out. @throws {Reject} as decodeEntry.
 */
export function sealEntry(bytes: Uint8Array, seq: number): Uint8Array {
  const { header, headerBytes, body, purgedBodyHash, signature } = decodeEntry(bytes)
  if (signature === undefined || mustSign(seq, header.kind) || bytes.length > MAX_UNSIGNED_ENTRY_BYTES) return bytes
  return encodeEntry(headerBytes, body ?? { purged: purgedBodyHash! }, undefined)
}

/** Whether the entry gives its time and its epoch in full, so that it can be read without the one before. */
export function standsAlone(seq: number, kind: EntryKind): boolean {
  return kind === EntryKind.control || seq % CHUNK_ENTRIES === 0
}

/** The state as bytes, for the store: CBOR [nextSeq, prevId, ms, ctr, posts, deletes, controls, epoch or null]. */
export function encodeChainState(state: ChainState): Uint8Array {
  const { nextSeq, prevId, hlc, posts, deletes, controls, epoch } = state
  return encodeCbor([nextSeq, prevId, hlc.ms, hlc.ctr, posts, deletes, controls, epoch ?? null])
}

/** The state in exactly these bytes; byte fields are views. @throws {Reject} BadShape, NotCanonical. */
export function decodeChainState(bytes: Uint8Array): ChainState {
  const reader = new CborReader(bytes)
  reader.arrayOf(8)
  const state = {
    nextSeq: reader.uint(MAX_SEQ + 1),
    prevId: reader.fixedBytes(32),
    hlc: { ms: reader.uint(MAX_TIME_MS), ctr: reader.uint(MAX_HLC_CTR) },
    posts: reader.uint(MAX_SEQ + 1),
    deletes: reader.uint(MAX_SEQ + 1),
    controls: reader.uint(MAX_SEQ + 1),
    epoch: reader.nullNext() ? undefined : reader.fixedBytes(16),
  }
  reader.end()
  return state
}

function epochAfter(seq: number, before: Uint8Array | undefined, header: EntryHeader): Uint8Array | undefined {
  if (header.epoch === 'clear') {
    if (header.kind !== EntryKind.control) throw new Reject('BadChain', 'only control entries may be in clear')
    return undefined
  }
  // A copy: a view would keep the whole update alive in which the entry came.
  if (header.epoch !== 'same') return header.epoch.slice()
  if (before === undefined || standsAlone(seq, header.kind)) throw new Reject('BadChain', 'entry must name its epoch')
  return before
}
