/**
 * What the tests of this package share: a real SHA-256, alice's and bob's devices, logs that obey the chain, and hostile bytes.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import {
  EntryKind,
  concatBytes,
  encodeEntry,
  encodeHeader,
  extendChain,
  decodeEntry,
  mustSign,
  standsAlone,
  startChain,
  utf8,
} from '../../src/index.ts'
import type { ChainState, EntryRun, Hash } from '../../src/index.ts'

export const hash: Hash = sha256
export const conversation = hash(utf8('a conversation'))
export const alice = hash(utf8('alice')).slice(0, 16)
export const bob = hash(utf8('bob')).slice(0, 16)
export const carol = hash(utf8('carol')).slice(0, 16)
export const epoch = hash(utf8('an epoch')).slice(0, 16)
/** Milliseconds since 1970 at which the logs of the tests begin. */
export const START_MS = 1_790_000_000_000

const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
/** PARLEY_FUZZ=10 runs ten times as many cases, from a random seed unless PARLEY_SEED names one. Failures print theirs. */
const fuzzFactor = Number(environment['PARLEY_FUZZ'] ?? 0)
const seed = fuzzFactor > 0 ? Number(environment['PARLEY_SEED'] ?? Math.floor(Math.random() * 2 ** 31)) : 20_260_101

/** How a property runs: this many cases from a fixed seed, or the longer budget of the environment. */
export function cases(count: number): { numRuns: number; seed: number } {
  return { numRuns: fuzzFactor > 0 ? Math.ceil(count * fuzzFactor) : count, seed }
}

/** A log of posts that obeys the chain, signatures of the right length where they must be. */
export function logOf(device: Uint8Array, count: number, bodyBytes = 60): { entries: Uint8Array[]; states: ChainState[] } {
  const entries: Uint8Array[] = []
  const states: ChainState[] = [startChain(hash, conversation, device)]
  for (let seq = 0; seq < count; seq++) {
    const state = states[seq] as ChainState
    const alone = standsAlone(seq, EntryKind.post)
    const headerBytes = encodeHeader({
      kind: EntryKind.post,
      time: alone ? START_MS + seq * 1_000 : 1_000,
      ctr: 0,
      epoch: alone ? epoch : 'same',
      deps: [],
      posts: seq + 1,
      deletes: 0,
      controls: 0,
    })
    const body = new Uint8Array(bodyBytes).fill(seq % 251)
    const entry = encodeEntry(headerBytes, body, mustSign(seq, EntryKind.post) ? new Uint8Array(64).fill(9) : undefined)
    entries.push(entry)
    states.push(extendChain(hash, conversation, device, state, decodeEntry(entry)))
  }
  return { entries, states }
}

/** Runs of arbitrary small entries: up to three devices, whole logs from 0, some across a chunk boundary. */
export function arbitraryLogs(): fc.Arbitrary<EntryRun[]> {
  const entry = fc.uint8Array({ minLength: 0, maxLength: 20 })
  const log = fc.oneof(
    fc.array(entry, { minLength: 1, maxLength: 12 }),
    fc.tuple(fc.integer({ min: 250, max: 520 }), entry).map(([count, bytes]) => Array.from({ length: count }, () => bytes)),
  )
  return fc
    .tuple(log, fc.option(log), fc.option(log))
    .map((logs) =>
      logs.flatMap((entries, i) => (entries === null ? [] : [{ device: [alice, bob, carol][i] as Uint8Array, seq: 0, entries }])),
    )
}

type Mutation = { at: number; kind: 'flip' | 'insert' | 'remove' | 'cut' | 'repeat'; byte: number; length: number }

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('flip', 'flip', 'flip', 'insert', 'remove', 'cut', 'repeat'),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x18, 0x1b, 0x5b, 0x7f, 0x80, 0x9b, 0x9f, 0xf6, 0xf7, 0xff)),
    length: fc.integer({ min: 1, max: 8 }),
  }),
  { maxLength: 4 },
)

/** Valid bytes that injuries start from: making them anew for every case would cost ten times what the decoder does. */
const CORPUS = 300

/** Valid bytes, mostly with one to four small injuries. */
export function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const corpus = fc.sample(valid, { numRuns: CORPUS, seed })
  return fc.tuple(fc.nat({ max: CORPUS - 1 }), mutations).map(([index, list]) => list.reduce(mutate, corpus[index] as Uint8Array))
}

/** The same, and now and then bytes of pure chance. */
export function hostile(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) }, { weight: 7, arbitrary: mutated(valid) })
}

function mutate(bytes: Uint8Array, { at, kind, byte, length }: Mutation): Uint8Array {
  const place = at % (bytes.length + 1)
  const before = bytes.subarray(0, place)
  const after = bytes.subarray(place)
  switch (kind) {
    case 'flip':
      return after.length === 0 ? bytes : bytes.with(place, byte)
    case 'insert':
      return concatBytes(before, Uint8Array.of(byte), after)
    case 'remove':
      return concatBytes(before, after.subarray(length))
    case 'repeat':
      return concatBytes(before, after.subarray(0, length), after)
    case 'cut':
      return before
  }
}

/** Runs with arrays of their entries, as they are written down in tests. */
export function unpacked(runs: readonly EntryRun[]): EntryRun[] {
  return runs.map((run) => ({ ...run, entries: [...run.entries] }))
}
