/**
 * The entry: one operation by one device. Stored as CBOR [header, body, signature]; never changed, except that the body may be replaced
 * by its hash. The id covers the hash of the body, so that the chain holds either way.
 */
import { compareBytes, concatBytes, utf8, viewOf } from './bytes.ts'
import type { Hash } from './bytes.ts'
import { cborHeadLength, encodeCbor, writeCborHead } from './cbor.ts'
import { CBOR_MAJOR, CborReader } from './cbor-reader.ts'
import type { IdInput } from './entry-id.ts'
import { ParleyError, Reject } from './errors.ts'
import { MAX_HLC_CTR } from './hlc.ts'
import { MAX_BODY_BYTES, MAX_DEPS, MAX_ENTRY_BYTES, MAX_HEADER_BYTES, MAX_SEQ, MAX_TIME_MS } from './limits.ts'
import { varUint } from './varint.ts'

/** What an entry does. Pin, hide, checkpoint and collab are reserved: they decode, and no fold reads them yet. */
export const EntryKind = { post: 0, edit: 1, delete: 2, react: 3, pin: 4, hide: 5, control: 16, checkpoint: 17, collab: 18 } as const
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind]

/** A head of another device, newly seen by the author. */
export interface Dep {
  /** First 8 bytes of the device id. */
  readonly device8: Uint8Array
  readonly seq: number
  /** First 8 bytes of the entry id. */
  readonly entry8: Uint8Array
}

/** What order, counting and key lookup need without opening the body. */
export interface EntryHeader {
  readonly kind: EntryKind
  /** Milliseconds: since 1970 at a chunk start and in control entries, otherwise since the device's previous entry. */
  readonly time: number
  readonly ctr: number
  /** Id (16 bytes) of the epoch whose key seals the body; `same` as in the previous entry; `clear` when the body is not sealed. */
  readonly epoch: Uint8Array | 'same' | 'clear'
  /** At most 16, ascending by device. */
  readonly deps: readonly Dep[]
  /** Posts of this device up to and including this entry; `deletes` likewise. */
  readonly posts: number
  readonly deletes: number
  /** Control entries likewise, in control entries; 0 in others, which do not carry it. */
  readonly controls: number
}

/** A decoded entry. All bytes are views on the stored entry. */
export interface EntryParts {
  readonly header: EntryHeader
  readonly headerBytes: Uint8Array
  /** Sealed or clear; undefined when purged. */
  readonly body: Uint8Array | undefined
  /** SHA-256 of the body that was purged; undefined when the body is there. */
  readonly purgedBodyHash: Uint8Array | undefined
  /** Ed25519 over `signedHead`; undefined when a later entry's signature covers this one. */
  readonly signature: Uint8Array | undefined
}

/**
 * Classes, not literals, here and for whatever else is made once an entry: where objects of a literal have outlived one collection, V8 makes
 * later ones old at once, and every run that is checked then stays until the next full collection (measured: 1.5 times the time).
 */
class Header implements EntryHeader {
  readonly kind: EntryKind
  readonly time: number
  readonly ctr: number
  readonly epoch: EntryHeader['epoch']
  readonly deps: readonly Dep[]
  readonly posts: number
  readonly deletes: number
  readonly controls: number

  constructor(
    kind: EntryKind,
    time: number,
    ctr: number,
    epoch: EntryHeader['epoch'],
    deps: readonly Dep[],
    posts: number,
    deletes: number,
    controls: number,
  ) {
    this.kind = kind
    this.time = time
    this.ctr = ctr
    this.epoch = epoch
    this.deps = deps
    this.posts = posts
    this.deletes = deletes
    this.controls = controls
  }
}

/**
 * Knows where its parts lie and makes a view on one when asked: following a log needs only that of the body, and a view takes as long as
 * reading the whole header. Whoever keeps entries keeps no views.
 */
export class StoredEntry implements EntryParts, IdInput {
  readonly header: EntryHeader
  /** What the entry lies in. The header is `headerStart` to `headerEnd`. */
  readonly headerSource: Uint8Array
  readonly headerStart: number
  readonly headerEnd: number
  /** Where the entry begins and ends. */
  readonly #start: number
  readonly #end: number
  /** Where the content, a body or the hash of one, begins and ends. */
  readonly #contentStart: number
  readonly #contentEnd: number
  readonly #isPurged: boolean

  constructor(
    header: EntryHeader,
    headerSource: Uint8Array,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
    contentStart: number,
    contentEnd: number,
    isPurged: boolean,
  ) {
    this.header = header
    this.headerSource = headerSource
    this.#start = start
    this.#end = end
    this.headerStart = headerStart
    this.headerEnd = headerEnd
    this.#contentStart = contentStart
    this.#contentEnd = contentEnd
    this.#isPurged = isPurged
  }

  /** Length of the stored entry. */
  get length(): number {
    return this.#end - this.#start
  }

  /** The stored entry. */
  get bytes(): Uint8Array {
    return this.length === this.headerSource.length ? this.headerSource : viewOf(this.headerSource, this.#start, this.#end)
  }

  get headerBytes(): Uint8Array {
    return viewOf(this.headerSource, this.headerStart, this.headerEnd)
  }

  get body(): Uint8Array | undefined {
    return this.#isPurged ? undefined : viewOf(this.headerSource, this.#contentStart, this.#contentEnd)
  }

  get purgedBodyHash(): Uint8Array | undefined {
    return this.#isPurged ? viewOf(this.headerSource, this.#contentStart, this.#contentEnd) : undefined
  }

  get isSigned(): boolean {
    // Behind the content stands one byte that says that there is no signature, or a head of two bytes and the signature.
    return this.#end > this.#contentEnd + 1
  }

  get signature(): Uint8Array | undefined {
    return this.isSigned ? viewOf(this.headerSource, this.#contentEnd + 2, this.#end) : undefined
  }
}

const HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const EPOCH_ID_BYTES = 16
const KINDS: ReadonlySet<number> = new Set(Object.values(EntryKind))
const NO_DEPS: readonly Dep[] = Object.freeze([])
const HEAD_TAG = utf8('parley/1/head')
const BODY_TAG = utf8('parley/1/body')

/** The bytes of a header. @throws {ParleyError} InvalidArgument when a field is out of its range, or deps are unsorted or too many. */
export function encodeHeader(header: EntryHeader): Uint8Array {
  const { kind, time, ctr, epoch, deps, posts, deletes, controls } = header
  const isControl = kind === EntryKind.control
  if (!isHeader(header)) throw new ParleyError('InvalidArgument', 'an entry header is out of range')
  return encodeCbor([
    kind,
    time,
    ctr,
    epoch === 'same' ? 0 : epoch === 'clear' ? null : epoch,
    deps.map((dep) => [dep.device8, dep.seq, dep.entry8]),
    posts,
    deletes,
    ...(isControl ? [controls] : []),
  ])
}

/** The header in exactly these bytes; byte fields are views. @throws {Reject} BadShape, NotCanonical, LimitExceeded. */
export function decodeHeader(bytes: Uint8Array): EntryHeader {
  return plainHeader(bytes, 0, bytes.length) ?? anyHeader(bytes)
}

function anyHeader(bytes: Uint8Array): EntryHeader {
  if (bytes.length > MAX_HEADER_BYTES) throw new Reject('LimitExceeded', 'header is too long')
  const reader = new CborReader(bytes)
  const items = reader.array()
  const kind = reader.uint() as EntryKind
  if (!KINDS.has(kind)) throw new Reject('BadShape', 'unknown kind of entry')
  const isControl = kind === EntryKind.control
  if (items !== (isControl ? 8 : 7)) throw new Reject('BadShape', 'header has another length than expected')
  const time = reader.uint(MAX_TIME_MS)
  const ctr = reader.uint(MAX_HLC_CTR)
  const epoch = readEpoch(reader)
  const deps = readDeps(reader)
  const posts = reader.uint(MAX_SEQ)
  const deletes = reader.uint(MAX_SEQ)
  const controls = isControl ? reader.uint(MAX_SEQ) : 0
  reader.end()
  return new Header(kind, time, ctr, epoch, deps, posts, deletes, controls)
}

/**
 * The stored form of an entry. `body` is the sealed or clear body, or the hash of a purged one.
 * @throws {ParleyError} TooLarge when the body or the header is beyond its limit, InvalidArgument for an empty body or a wrong length.
 */
export function encodeEntry(
  headerBytes: Uint8Array,
  body: Uint8Array | { readonly purged: Uint8Array },
  signature: Uint8Array | undefined,
): Uint8Array {
  const isPurged = !(body instanceof Uint8Array)
  const content = isPurged ? body.purged : body
  if (content.length > MAX_BODY_BYTES || headerBytes.length > MAX_HEADER_BYTES)
    throw new ParleyError('TooLarge', 'the content is too large for one message')
  if (content.length === 0 || (isPurged && content.length !== HASH_BYTES))
    throw new ParleyError('InvalidArgument', 'an entry needs a body or its hash')
  if (signature !== undefined && signature.length !== SIGNATURE_BYTES) throw new ParleyError('InvalidArgument', 'a signature has 64 bytes')
  const length =
    1 +
    (cborHeadLength(headerBytes.length) + headerBytes.length) +
    (isPurged ? 1 : 0) +
    (cborHeadLength(content.length) + content.length) +
    (signature === undefined ? 1 : 2 + SIGNATURE_BYTES)
  const entry = new Uint8Array(length)
  let at = writeCborHead(entry, 0, CBOR_MAJOR.array, 3)
  at = writeBytes(entry, at, headerBytes)
  if (isPurged) at = writeCborHead(entry, at, CBOR_MAJOR.array, 1)
  at = writeBytes(entry, at, content)
  if (signature === undefined) entry[at] = 0xf6
  else writeBytes(entry, at, signature)
  return entry
}

/** The parts of exactly one stored entry; byte fields are views. @throws {Reject} BadShape, NotCanonical, LimitExceeded. */
export function decodeEntry(bytes: Uint8Array): StoredEntry {
  return decodeEntryAt(bytes, 0, bytes.length)
}

/** The same for the entry that lies in `source` from `start` to `end`. */
export function decodeEntryAt(source: Uint8Array, start: number, end: number): StoredEntry {
  return plainEntry(source, start, end) ?? anyEntry(viewOf(source, start, end))
}

function anyEntry(bytes: Uint8Array): StoredEntry {
  if (bytes.length > MAX_ENTRY_BYTES) throw new Reject('LimitExceeded', 'entry is too long')
  const reader = new CborReader(bytes)
  reader.arrayOf(3)
  const headerBytes = reader.bytes(MAX_HEADER_BYTES)
  const headerEnd = bytes.length - reader.remaining
  const isPurged = reader.peek() === CBOR_MAJOR.array
  if (isPurged) reader.arrayOf(1)
  const content = isPurged ? reader.fixedBytes(HASH_BYTES) : reader.bytes(MAX_BODY_BYTES)
  if (content.length === 0) throw new Reject('BadShape', 'entry has an empty body')
  const end = bytes.length - reader.remaining
  if (!reader.nullNext()) reader.fixedBytes(SIGNATURE_BYTES)
  reader.end()
  const header = decodeHeader(headerBytes)
  return new StoredEntry(header, bytes, 0, bytes.length, headerEnd - headerBytes.length, headerEnd, end - content.length, end, isPurged)
}

/** The same entry with its body replaced by the hash of it; its id stays. Returns `bytes` when already purged. @throws {Reject} as decodeEntry. */
export function purgeEntry(bytes: Uint8Array, hash: Hash): Uint8Array {
  const { headerBytes, body, signature } = decodeEntry(bytes)
  return body === undefined ? bytes : encodeEntry(headerBytes, { purged: hash(body) }, signature)
}

/** The bytes that a device signs to vouch for its log up to and including the entry with this id at `seq`. */
export function signedHead(conversation: Uint8Array, device: Uint8Array, seq: number, id: Uint8Array): Uint8Array {
  return concatBytes(HEAD_TAG, conversation, device, varUint(seq), id)
}

/**
 * Additional data of the sealed body: a body opens only in its own place of its own log. The previous id is left out, so that a page can
 * open single entries without walking the chain; the entry id, which is signed, has it.
 */
export function bodyAad(conversation: Uint8Array, device: Uint8Array, seq: number, headerBytes: Uint8Array): Uint8Array {
  return concatBytes(BODY_TAG, conversation, device, varUint(seq), headerBytes)
}

/**
 * An entry with its body, read by offsets alone, which takes a third of the time. Accepts nothing that `anyEntry` does not accept; undefined
 * leaves the entry, and what is wrong with it, to `anyEntry`.
 */
function plainEntry(bytes: Uint8Array, start: number, end: number): StoredEntry | undefined {
  if (bytes[start] !== 0x83 || end - start > MAX_ENTRY_BYTES) return undefined
  const headerLength = argumentAt(bytes, start + 1, CBOR_MAJOR.bytes)
  if (headerLength < 0 || headerLength > MAX_HEADER_BYTES) return undefined
  const headerStart = start + 1 + cborHeadLength(headerLength)
  const headerEnd = headerStart + headerLength
  const bodyLength = argumentAt(bytes, headerEnd, CBOR_MAJOR.bytes)
  if (bodyLength < 1 || bodyLength > MAX_BODY_BYTES) return undefined
  const bodyStart = headerEnd + cborHeadLength(bodyLength)
  const bodyEnd = bodyStart + bodyLength
  // Each part begins where the one before ends: what ends here has read nothing beyond.
  const isSigned = bodyEnd + 2 + SIGNATURE_BYTES === end
  if (isSigned ? argumentAt(bytes, bodyEnd, CBOR_MAJOR.bytes) !== SIGNATURE_BYTES : bytes[bodyEnd] !== 0xf6 || bodyEnd + 1 !== end)
    return undefined
  const header = plainHeader(bytes, headerStart, headerEnd) ?? anyHeader(viewOf(bytes, headerStart, headerEnd))
  return new StoredEntry(header, bytes, start, end, headerStart, headerEnd, bodyStart, bodyEnd, false)
}

/** A header as most are: no control entry, the epoch as before, no heads. Accepts nothing that `anyHeader` does not accept. */
function plainHeader(bytes: Uint8Array, start: number, end: number): EntryHeader | undefined {
  const kind = bytes[start + 1] as number
  if (bytes[start] !== 0x87 || !(kind <= EntryKind.hide)) return undefined
  const timeAt = start + 2
  const time = argumentAt(bytes, timeAt, CBOR_MAJOR.uint)
  const ctrAt = timeAt + cborHeadLength(time)
  const ctr = argumentAt(bytes, ctrAt, CBOR_MAJOR.uint)
  const epochAt = ctrAt + cborHeadLength(ctr)
  // 0: the epoch as before. 0x80: an empty array of heads.
  if (time < 0 || ctr < 0 || ctr > MAX_HLC_CTR || bytes[epochAt] !== 0 || bytes[epochAt + 1] !== 0x80) return undefined
  const posts = argumentAt(bytes, epochAt + 2, CBOR_MAJOR.uint)
  const deletesAt = epochAt + 2 + cborHeadLength(posts)
  const deletes = argumentAt(bytes, deletesAt, CBOR_MAJOR.uint)
  // Each part begins where the one before ends: one that were not of the header would make it end elsewhere.
  if (posts < 0 || deletes < 0 || deletesAt + cborHeadLength(deletes) !== end) return undefined
  return new Header(kind as EntryKind, time, ctr, 'same', NO_DEPS, posts, deletes, 0)
}

/** The argument of the item of this type at `at`, when it is in its shortest form and of at most 32 bits; -1 otherwise, also at the end. */
function argumentAt(bytes: Uint8Array, at: number, major: number): number {
  const info = (bytes[at] as number) - (major << 5)
  if (info >= 0 && info < 24) return info
  // Bytes that are not there make NaN, which is no number of the range.
  let value = bytes[at + 1] as number
  if (info === 24) return value >= 24 ? value : -1
  value = value * 0x100 + (bytes[at + 2] as number)
  if (info === 25) return value >= 0x100 ? value : -1
  value = value * 0x1_0000 + (bytes[at + 3] as number) * 0x100 + (bytes[at + 4] as number)
  return info === 26 && value >= 0x1_0000 ? value : -1
}

function readEpoch(reader: CborReader): EntryHeader['epoch'] {
  if (reader.nullNext()) return 'clear'
  if (reader.peek() === CBOR_MAJOR.bytes) return reader.fixedBytes(EPOCH_ID_BYTES)
  reader.uint(0)
  return 'same'
}

function readDeps(reader: CborReader): readonly Dep[] {
  const count = reader.array()
  if (count === 0) return NO_DEPS
  if (count > MAX_DEPS) throw new Reject('LimitExceeded', 'header names too many heads')
  const deps: Dep[] = []
  for (let i = 0; i < count; i++) {
    reader.arrayOf(3)
    const dep = { device8: reader.fixedBytes(8), seq: reader.uint(MAX_SEQ), entry8: reader.fixedBytes(8) }
    const before = deps[i - 1]
    if (before !== undefined && compareBytes(before.device8, dep.device8) >= 0) throw new Reject('NotCanonical', 'heads are not in order')
    deps.push(dep)
  }
  return deps
}

function isHeader(header: EntryHeader): boolean {
  const { kind, time, ctr, epoch, deps, posts, deletes, controls } = header
  return (
    KINDS.has(kind) &&
    isUint(time, MAX_TIME_MS) &&
    isUint(ctr, MAX_HLC_CTR) &&
    (typeof epoch === 'string' || epoch.length === EPOCH_ID_BYTES) &&
    deps.length <= MAX_DEPS &&
    deps.every((dep, i) => isDep(dep) && (i === 0 || compareBytes((deps[i - 1] as Dep).device8, dep.device8) < 0)) &&
    isUint(posts, MAX_SEQ) &&
    isUint(deletes, MAX_SEQ) &&
    isUint(controls, kind === EntryKind.control ? MAX_SEQ : 0)
  )
}

function isDep(dep: Dep): boolean {
  return dep.device8.length === 8 && dep.entry8.length === 8 && isUint(dep.seq, MAX_SEQ)
}

function isUint(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}

function writeBytes(target: Uint8Array, offset: number, bytes: Uint8Array): number {
  const at = writeCborHead(target, offset, CBOR_MAJOR.bytes, bytes.length)
  target.set(bytes, at)
  return at + bytes.length
}
