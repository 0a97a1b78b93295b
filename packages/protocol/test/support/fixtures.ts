/**
 * What the tests of this package share: a real SHA-256, alice's and bob's devices, logs that obey the chain, and hostile bytes.
 */
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { EntryKind, encodeEntry, encodeHeader, extendChain, decodeEntry, mustSign, standsAlone, startChain, utf8 } from '../../src/index.ts'
import type { ChainState, EntryRun, Hash } from '../../src/index.ts'

export const hash: Hash = sha256
export const conversation = hash(utf8('a conversation'))
export const alice = hash(utf8('alice')).slice(0, 16)
export const bob = hash(utf8('bob')).slice(0, 16)
export const carol = hash(utf8('carol')).slice(0, 16)
export const epoch = hash(utf8('an epoch')).slice(0, 16)
/** Milliseconds since 1970 at which the logs of the tests begin. */
export const START_MS = 1_790_000_000_000

/** How a property runs: few cases from a fixed seed by default; PARLEY_FUZZ=10 runs ten times as many from a random one, printed on failure. */
export function cases(count: number): { numRuns: number; seed?: number } {
  const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env
  const factor = Number(environment?.['PARLEY_FUZZ'] ?? 0)
  return factor > 0 ? { numRuns: Math.ceil(count * factor) } : { numRuns: count, seed: 20_260_101 }
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

/** Valid bytes with one to four small injuries. */
export function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const mutation: fc.Arbitrary<Mutation> = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom('flip', 'flip', 'flip', 'insert', 'remove', 'cut', 'repeat'),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x18, 0x1b, 0x5b, 0x7f, 0x80, 0x9b, 0x9f, 0xf6, 0xf7, 0xff)),
    length: fc.integer({ min: 1, max: 8 }),
  })
  return fc.tuple(valid, fc.array(mutation, { minLength: 1, maxLength: 4 })).map(([bytes, mutations]) => mutations.reduce(mutate, bytes))
}

function mutate(bytes: Uint8Array, { at, kind, byte, length }: Mutation): Uint8Array {
  const place = at % (bytes.length + 1)
  const before = bytes.slice(0, place)
  const after = bytes.slice(place)
  switch (kind) {
    case 'flip':
      return Uint8Array.of(...before, ...(after.length === 0 ? [] : [byte, ...after.slice(1)]))
    case 'insert':
      return Uint8Array.of(...before, byte, ...after)
    case 'remove':
      return Uint8Array.of(...before, ...after.slice(length))
    case 'repeat':
      return Uint8Array.of(...before, ...after.slice(0, length), ...after)
    case 'cut':
      return before
  }
}
