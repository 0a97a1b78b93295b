/**
 * Runs: consecutive entries of one log. A run is checked by following its hash chain and then one signature, the last; a signature on an
 * entry covers everything before it, since an entry's id covers the id of the one before.
 */
import {
  decodeEntry,
  encodeEntry,
  extendChain,
  mustSign,
  Reject,
  signedHead,
  type ChainState,
  type EntryKind,
  type EntryParts,
  type Hlc,
} from '@parley/protocol'
import type { SigningKey } from './device-keys.ts'
import type { CryptoProvider, SignatureJob } from './provider.ts'
import { yieldToEventLoop } from './yield.ts'

/** Entries hashed between two yields: a few milliseconds of pure JavaScript. */
const ENTRIES_PER_SLICE = 512

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
}

/**
 * Checks `entries`, which go on from `state`, and returns what is certain.
 * @throws {Reject} BadSignature when a checked signature does not hold or a required one is missing (also after a byte was changed anywhere
 * before it); BadChain, BadClock, BadShape, NotCanonical, LimitExceeded when an entry is wrong in itself. Then nothing of the run is certain.
 */
export async function verifyRun(
  provider: CryptoProvider,
  author: RunAuthor,
  state: ChainState,
  entries: readonly Uint8Array[],
  { signatures = 'last', yieldNow = yieldToEventLoop }: VerifyRunOptions = {},
): Promise<VerifiedRun> {
  const { conversation, device, signKey } = author
  const hash = (bytes: Uint8Array): Uint8Array => provider.sha256(bytes)
  const end = lastSigned(entries)
  const verified: VerifiedEntry[] = []
  const jobs: SignatureJob[] = []
  let chain = state
  for (let i = 0; i < end; i++) {
    if (i > 0 && i % ENTRIES_PER_SLICE === 0) await yieldNow()
    const bytes = entries[i] as Uint8Array
    const parts = decodeEntry(bytes)
    const seq = chain.nextSeq
    chain = extendChain(hash, conversation, device, chain, parts)
    verified.push({ bytes, parts, seq, id: chain.prevId, hlc: chain.hlc })
    const required = mustSign(seq, parts.header.kind)
    if (required && parts.signature === undefined) throw new Reject('BadSignature', 'A required signature is missing.')
    if (parts.signature !== undefined && (i === end - 1 || (required && signatures === 'required'))) {
      jobs.push({ publicKey: signKey, message: signedHead(conversation, device, seq, chain.prevId), signature: parts.signature })
    }
  }
  const verdicts = await provider.verifyMany(jobs)
  if (verdicts.includes(false)) throw new Reject('BadSignature', 'A signature does not hold.')
  return { entries: verified, state: chain, rest: entries.length - end }
}

/** How many entries there are up to and including the last signed one. Decodes from the end, as a rule one entry. */
function lastSigned(entries: readonly Uint8Array[]): number {
  let end = entries.length
  while (end > 0 && decodeEntry(entries[end - 1] as Uint8Array).signature === undefined) end--
  return end
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
