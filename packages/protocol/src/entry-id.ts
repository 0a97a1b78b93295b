/**
 * The id of an entry: a hash over everything that fixes its place and its content. Following a long log, this and the hash of the body are
 * all there is to do, so the input is put together in one place and in place.
 */
import { concatBytes, hashInto, utf8 } from './bytes.ts'
import type { Hash, HashInto } from './bytes.ts'
import { MAX_HEADER_BYTES } from './limits.ts'
import { varUintLength, writeVarUint } from './varint.ts'

/** What an entry id is made of. Ids are whole: 32, 16 and 32 bytes. */
export interface EntryIdParts {
  readonly conversation: Uint8Array
  readonly device: Uint8Array
  readonly seq: number
  readonly prevId: Uint8Array
  readonly headerBytes: Uint8Array
  readonly bodyHash: Uint8Array
}

/** What of an entry its id is made of: the header as part of what it lies in, and the body or its hash. */
export interface IdInput {
  readonly headerSource: Uint8Array
  readonly headerStart: number
  readonly headerEnd: number
  readonly body: Uint8Array | undefined
  /** 32 bytes; undefined when the body is there. */
  readonly purgedBodyHash: Uint8Array | undefined
}

/** Bytes of an entry id. */
export const ID_BYTES = 32
const HASH_BYTES = 32
const ENTRY_TAG = utf8('parley/1/entry')
const LOG_TAG = utf8('parley/1/log')

/** The id of an entry, 32 bytes: it fixes everything before it in the log, the header, and the body by its hash. */
export function entryId(hash: Hash, parts: EntryIdParts): Uint8Array {
  const { conversation, device, seq, prevId, headerBytes, bodyHash } = parts
  const id = new Uint8Array(ID_BYTES)
  const ids = new LogIds(hashInto(hash), conversation, device)
  const header = { headerSource: headerBytes, headerStart: 0, headerEnd: headerBytes.length }
  ids.put(id, 0, seq, prevId, 0, { ...header, body: undefined, purgedBodyHash: bodyHash })
  return id
}

/** What stands for the previous entry's id in the first entry of a log, 32 bytes. */
export function firstPrevId(hash: Hash, conversation: Uint8Array, device: Uint8Array): Uint8Array {
  return hash(concatBytes(LOG_TAG, conversation, device))
}

/**
 * Where the input of an id is put together, its tag in place. One for all: an array of 150 bytes for each took longer than hashing it.
 * Only the hash ever sees it.
 */
const PREIMAGE = new Uint8Array(ENTRY_TAG.length + MAX_HEADER_BYTES + 256)
PREIMAGE.set(ENTRY_TAG)
/** The beginnings of it by their length: a log needs a few, and making one costs as much as filling it. */
const beginnings: (Uint8Array | undefined)[] = []

/** The ids of one log. What all its ids have in common is written once, as long as no other log comes between. */
export class LogIds {
  /** Whose conversation and device stand behind the tag at the moment. */
  static #owner: LogIds | undefined
  readonly #hash: HashInto
  readonly #conversation: Uint8Array
  readonly #device: Uint8Array
  /** Length of what all ids of the log have in common. */
  readonly #common: number

  /** `conversation` and `device` must not change while this is in use. */
  constructor(hash: HashInto, conversation: Uint8Array, device: Uint8Array) {
    this.#hash = hash
    this.#conversation = conversation
    this.#device = device
    this.#common = ENTRY_TAG.length + conversation.length + device.length
  }

  /** Puts the id of the entry that follows the one whose id lies in `prev` at `prevAt` into `target` at `offset`. Nothing is made on the way. */
  put(target: Uint8Array, offset: number, seq: number, prev: Uint8Array, prevAt: number, entry: IdInput): void {
    const { headerSource, headerStart, headerEnd, body, purgedBodyHash } = entry
    const headerLength = headerEnd - headerStart
    const own = varUintLength(seq) + ID_BYTES + varUintLength(headerLength) + headerLength + HASH_BYTES
    const preimage = this.#begin(this.#common + own)
    let at = writeVarUint(preimage, this.#common, seq)
    // So few bytes that a view and a copy take longer.
    for (let i = 0; i < ID_BYTES; i++) preimage[at++] = prev[prevAt + i] as number
    at = writeVarUint(preimage, at, headerLength)
    for (let i = headerStart; i < headerEnd; i++) preimage[at++] = headerSource[i] as number
    if (body === undefined) preimage.set(purgedBodyHash as Uint8Array, at)
    else this.#hash(body, preimage, at)
    this.#hash(preimage, target, offset)
  }

  /** `length` bytes that begin with what is common; the rest is for the caller to write, before the next call. */
  #begin(length: number): Uint8Array {
    if (length > PREIMAGE.length) {
      const preimage = new Uint8Array(length)
      preimage.set(ENTRY_TAG)
      this.#writeLog(preimage)
      return preimage
    }
    if (LogIds.#owner !== this) {
      this.#writeLog(PREIMAGE)
      LogIds.#owner = this
    }
    return (beginnings[length] ??= PREIMAGE.subarray(0, length))
  }

  #writeLog(target: Uint8Array): void {
    target.set(this.#conversation, ENTRY_TAG.length)
    target.set(this.#device, ENTRY_TAG.length + this.#conversation.length)
  }
}
