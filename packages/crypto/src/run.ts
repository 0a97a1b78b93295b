/**
 * Runs: consecutive entries of one log. A run is checked by following its hash chain and then one signature, the last; a signature on an
 * entry covers everything before it, since an entry's id covers the id of the one before.
 */
import {
  ChainWalk,
  ID_BYTES,
  decodeFrom,
  encodeEntry,
  mustSign,
  ParleyError,
  Reject,
  signedHead,
  type ChainState,
  type EntryList,
  type EntryKind,
  type EntryParts,
  type Hlc,
  type StoredEntry,
} from '@parley/protocol'
import type { SigningKey } from './device-keys.ts'
import type { CryptoProvider, SignatureJob } from './provider.ts'
import { yieldToEventLoop } from './yield.ts'

/**
 * Work between two yields, in hashed bytes: about 2 ms of pure JavaScript on a desktop (measured: 28 ns for each, small entries and all), and
 * within 8 ms on a phone that is four times as slow. Counted, not timed: this package knows no clock, and the same run yields at the same
 * places everywhere.
 */
const SLICE_BYTES = 65_536
/** What following an entry costs beyond hashing its bytes, in the same unit: the rest of the preimage of its id, and the decoding. */
const ENTRY_COST = 160
/** Entries decoded alone between two yields: about 2 ms. */
const DECODED_PER_SLICE = 4_096
/** Hashed bytes in the last slice beyond which the signatures wait for the next: both together would be too long for one. */
const SIGNATURES_APART_BYTES = SLICE_BYTES / 4
/** Signatures checked between two yields: 3 to 4 ms of pure JavaScript on a desktop, and 2 more when the key is new. */
const SIGNATURES_PER_SLICE = 2

/** Whose log it is. `conversation` 32 bytes, `device` 16 bytes, `signKey` the device's Ed25519 public key from its certificate. */
export interface RunAuthor {
  conversation: Uint8Array
  device: Uint8Array
  signKey: Uint8Array
}

/** An entry that a signature covers. `bytes` is what was given in; `id` 32 bytes. */
export interface VerifiedEntry {
  bytes: Uint8Array
  parts: EntryParts
  seq: number
  id: Uint8Array
  hlc: Hlc
}

/** What of a run is certain. */
export interface VerifiedRun {
  /** The entries up to and including the last one that carries a signature. */
  entries: VerifiedEntry[]
  /** The chain after them; the given state when there are none. */
  state: ChainState
  /** How many entries came behind. Nothing is known about them: not even their chain was followed. */
  rest: number
}

/** How a run is checked. */
export interface VerifyRunOptions {
  /**
   * `last` (the default): the one signature that implies all others. `required`: also those that the format demands (chunk ends and control
   * entries), for a holder who will hand these entries on alone.
   */
  signatures?: 'last' | 'required'
  /** Called between slices of the work; lets the event loop turn unless told. */
  yieldNow?: () => Promise<void>
  /** Ends the work at the next slice. */
  signal?: AbortSignal | undefined
}

/**
 * Checks `entries`, which go on from `state`, and returns what is certain.
 * @throws {Reject} BadSignature when a checked signature does not hold or a required one is missing (also after a byte was changed anywhere
 * before it); BadChain, BadClock, BadShape, NotCanonical, LimitExceeded when an entry is wrong in itself. Then nothing of the run is certain.
 * @throws {ParleyError} Aborted when `signal` says so before the work is done.
 */
export async function verifyRun(
  provider: CryptoProvider,
  author: RunAuthor,
  state: ChainState,
  entries: EntryList,
  { signatures = 'last', yieldNow = yieldToEventLoop, signal }: VerifyRunOptions = {},
): Promise<VerifiedRun> {
  throwIfAborted(signal)
  const nextSlice = async (): Promise<void> => {
    await yieldNow()
    throwIfAborted(signal)
  }
  let end = lastSigned(entries, entries.length)
  while (end < 0) {
    await nextSlice()
    end = lastSigned(entries, -end)
  }
  const walk = new Walk(provider, author, state, signatures)
  for (let at = walk.follow(entries, 0, end); at < end; at = walk.follow(entries, at, end)) await nextSlice()
  for (let at = 0; at < walk.jobs.length; at += SIGNATURES_PER_SLICE) {
    if (at > 0 || walk.spent > SIGNATURES_APART_BYTES) await nextSlice()
    if (!(await areValid(provider, walk.jobs.slice(at, at + SIGNATURES_PER_SLICE))))
      throw new Reject('BadSignature', 'A signature does not hold.')
    throwIfAborted(signal)
  }
  return { entries: walk.verified, state: walk.state, rest: entries.length - end }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new ParleyError('Aborted', 'checking the entries was aborted', { cause: signal.reason })
}

/** One alone, as a live update brings it, is checked in less time than a pool of threads takes to be woken. */
async function areValid(provider: CryptoProvider, jobs: readonly SignatureJob[]): Promise<boolean> {
  const [only] = jobs
  if (only !== undefined && jobs.length === 1) return provider.verify(only)
  return !(await provider.verifyMany(jobs)).includes(false)
}

/** A class for the sake of the collector, as in the codec of entries. */
class Verified implements VerifiedEntry {
  readonly parts: StoredEntry
  readonly seq: number
  /** Where its id lies. */
  readonly ids: Uint8Array
  readonly idAt: number
  /** Milliseconds of its clock, of which one is made when asked for. */
  readonly ms: number

  constructor(parts: StoredEntry, seq: number, ids: Uint8Array, idAt: number, ms: number) {
    this.parts = parts
    this.seq = seq
    this.ids = ids
    this.idAt = idAt
    this.ms = ms
  }

  get bytes(): Uint8Array {
    return this.parts.bytes
  }

  /** In an array of its own: who keeps it does not keep all others. */
  get id(): Uint8Array {
    return this.ids.slice(this.idAt, this.idAt + ID_BYTES)
  }

  get hlc(): Hlc {
    return { ms: this.ms, ctr: this.parts.header.ctr }
  }
}

/** Follows the chain, a slice at a time, and notes which signatures are to be checked. */
class Walk {
  readonly verified: VerifiedEntry[] = []
  readonly jobs: SignatureJob[] = []
  /** What the last slice has cost, in hashed bytes. */
  spent = 0
  readonly #chain: ChainWalk
  readonly #author: RunAuthor
  readonly #all: boolean
  /** The ids of all entries, one after the other. */
  #ids: Uint8Array | undefined

  constructor(provider: CryptoProvider, author: RunAuthor, state: ChainState, signatures: 'last' | 'required') {
    this.#chain = new ChainWalk((bytes, target, at) => provider.sha256Into(bytes, target, at), author.conversation, author.device, state)
    this.#author = author
    this.#all = signatures === 'required'
  }

  /** The chain after what was followed so far. */
  get state(): ChainState {
    return this.#chain.state()
  }

  /** Goes on from `entries[from]` until the slice is full; returns where it stopped, `end` at the latest. */
  follow(entries: EntryList, from: number, end: number): number {
    const { conversation, device, signKey } = this.#author
    const chain = this.#chain
    const ids = (this.#ids ??= new Uint8Array(end * ID_BYTES))
    let spent = 0
    let i = from
    for (; i < end && spent < SLICE_BYTES; i++) {
      const parts = decodeFrom(entries, i)
      spent += parts.length + ENTRY_COST
      const seq = chain.nextSeq
      chain.extend(parts, ids, i * ID_BYTES)
      const entry = new Verified(parts, seq, ids, i * ID_BYTES, chain.ms)
      this.verified.push(entry)
      const isRequired = mustSign(seq, parts.header.kind)
      if (isRequired && !parts.isSigned) throw new Reject('BadSignature', 'A required signature is missing.')
      if (i < end - 1 && !(isRequired && this.#all)) continue
      const { signature } = parts
      if (signature !== undefined) {
        this.jobs.push({ publicKey: signKey, message: signedHead(conversation, device, seq, entry.id), signature })
      }
    }
    this.spent = spent
    return i
  }
}

/**
 * How many entries there are up to and including the last signed one. Looks from `end` backwards, as a rule at one entry; when the slice is
 * full before it is found, the place where to go on, negated.
 */
function lastSigned(entries: EntryList, end: number): number {
  for (let left = end; left > 0; left--) {
    if (end - left === DECODED_PER_SLICE) return -left
    if (decodeFrom(entries, left - 1).isSigned) return left
  }
  return 0
}

/** An entry of our own, chained but not yet signed. `id` as `entryId` gives it. */
export interface UnsignedEntry {
  seq: number
  id: Uint8Array
  kind: EntryKind
  headerBytes: Uint8Array
  body: Uint8Array
}

/**
 * Signs an emission, consecutive entries of our own log: the last one, and those that the format demands. Returns the stored form of each,
 * in order.
 */
export function signRun(
  key: SigningKey,
  { conversation, device }: Omit<RunAuthor, 'signKey'>,
  entries: readonly UnsignedEntry[],
): Promise<Uint8Array[]> {
  return Promise.all(
    entries.map(async ({ seq, id, kind, headerBytes, body }, index) => {
      const signs = index === entries.length - 1 || mustSign(seq, kind)
      const signature = signs ? await key.sign(signedHead(conversation, device, seq, id)) : undefined
      return encodeEntry(headerBytes, body, signature)
    }),
  )
}
