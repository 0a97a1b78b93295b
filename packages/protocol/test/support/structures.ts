/**
 * Arbitrary valid structures, one generator each, as values and as bytes.
 */
import fc from 'fast-check'
import { EntryKind, MAX_TIME_MS, ROLES, compareBytes, encodeEntry, encodeHeader } from '../../src/index.ts'
import type {
  ChainState,
  ControlPayload,
  Dep,
  EditPayload,
  EntryHeader,
  FlatChange,
  FlatMap,
  InviteLink,
  LinkMessage,
  PostPayload,
} from '../../src/index.ts'

const u32 = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff }))

/** Exactly `length` bytes. */
export function bytesOf(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length })
}

export function arbitraryHeader(): fc.Arbitrary<EntryHeader> {
  const dep: fc.Arbitrary<Dep> = fc.record({ device8: bytesOf(8), seq: u32, entry8: bytesOf(8) })
  return fc
    .record({
      kind: fc.constantFrom(...Object.values(EntryKind)),
      time: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: MAX_TIME_MS })),
      ctr: fc.integer({ min: 0, max: 65_535 }),
      epoch: fc.oneof(fc.constant('same' as const), fc.constant('clear' as const), bytesOf(16)),
      deps: fc
        .uniqueArray(dep, { maxLength: 16, selector: ({ device8 }) => device8.join() })
        .map((deps) => deps.sort((a, b) => compareBytes(a.device8, b.device8))),
      posts: u32,
      deletes: u32,
      controls: u32,
    })
    .map((header) => (header.kind === EntryKind.control ? header : { ...header, controls: 0 }))
}

interface ArbitraryEntry {
  header: EntryHeader
  body: Uint8Array
  signature: Uint8Array | undefined
  bytes: Uint8Array
}

export function arbitraryEntry(): fc.Arbitrary<ArbitraryEntry> {
  return fc
    .record({
      header: arbitraryHeader(),
      body: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      signature: fc.option(bytesOf(64), { nil: undefined }),
    })
    .map((parts) => ({ ...parts, bytes: encodeEntry(encodeHeader(parts.header), parts.body, parts.signature) }))
}

export function arbitraryChainState(): fc.Arbitrary<ChainState> {
  return fc.record({
    nextSeq: u32,
    prevId: bytesOf(32),
    hlc: fc.record({ ms: fc.integer({ min: 0, max: MAX_TIME_MS }), ctr: fc.integer({ min: 0, max: 65_535 }) }),
    posts: u32,
    deletes: u32,
    controls: u32,
    epoch: fc.option(bytesOf(16), { nil: undefined }),
  })
}

const key = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
  fc.constantFrom('__proto__', 'constructor', '1', 'a', 'b'),
)
const flatValue = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0),
)

export function arbitraryFlatMap(): fc.Arbitrary<FlatMap> {
  return fc.array(fc.tuple(key, flatValue), { maxLength: 6 }).map((rows) => Object.fromEntries(rows))
}

function arbitraryFlatChange(): fc.Arbitrary<FlatChange> {
  return fc.array(fc.tuple(key, fc.oneof(flatValue, fc.constant(null))), { maxLength: 6 }).map((rows) => Object.fromEntries(rows))
}

export function arbitraryPost(): fc.Arbitrary<PostPayload> {
  return fc
    .record({
      text: fc.string({ unit: 'binary', maxLength: 60 }),
      metadata: arbitraryFlatMap(),
      reply: fc.option(bytesOf(36), { nil: undefined }),
    })
    .map((post) => (post.text === '' && Object.keys(post.metadata).length === 0 ? { ...post, text: '.' } : post))
}

export function arbitraryEdit(): fc.Arbitrary<EditPayload> {
  return fc.tuple(arbitraryPost(), bytesOf(36)).map(([post, target]) => ({ target, ...post }))
}

const box = fc.uint8Array({ minLength: 1, maxLength: 256 })

export function arbitraryControl(): fc.Arbitrary<ControlPayload> {
  return fc.oneof(
    fc.record({
      op: fc.constant('genesis' as const),
      founderCert: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      salt: bytesOf(32),
      epochCommitment: bytesOf(32),
    }),
    fc.record({
      op: fc.constant('epoch' as const),
      gen: u32,
      parents: fc.array(bytesOf(16), { maxLength: 4 }),
      commitment: bytesOf(32),
      boxes: fc.array(fc.record({ device: bytesOf(16), box }), { maxLength: 5 }),
      back: fc.array(fc.record({ parent: bytesOf(16), wrapped: box }), { maxLength: 3 }),
    }),
    fc.record({
      op: fc.constant('invite' as const),
      publicKey: bytesOf(32),
      role: fc.constantFrom(...Object.values(ROLES)),
      maxUses: fc.integer({ min: 1, max: 1_000_000 }),
      expiresMs: fc.integer({ min: 0, max: MAX_TIME_MS }),
    }),
    fc.record({
      op: fc.constant('admit' as const),
      invite: bytesOf(36),
      cert: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      proof: bytesOf(64),
      boxes: fc.array(fc.record({ epoch: bytesOf(16), box }), { maxLength: 3 }),
    }),
    fc.record({
      op: fc.constant('metadata' as const),
      scope: fc.constantFrom('application' as const, 'conversation' as const),
      values: arbitraryFlatChange(),
    }),
    fc.record({
      op: fc.constant('profile' as const),
      name: fc.string({ unit: 'grapheme', maxLength: 20 }),
      avatar: fc.string({ unit: 'grapheme', maxLength: 20 }),
    }),
  )
}

export function arbitraryInviteLink(): fc.Arbitrary<InviteLink> {
  return fc.record({
    conversation: bytesOf(32),
    seed: bytesOf(32),
    hints: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 8 }),
  })
}

export function arbitraryLinkMessage(): fc.Arbitrary<LinkMessage> {
  const handle = bytesOf(8)
  const device = bytesOf(16)
  const tag = bytesOf(16)
  const few = { maxLength: 4 }
  return fc.oneof(
    fc.record({ type: fc.constant('hello' as const), nonce: bytesOf(32), ephemeral: bytesOf(32) }),
    fc.record({ type: fc.constant('proofs' as const), tags: fc.array(tag, few) }),
    fc.record({ type: fc.constantFrom('identify' as const, 'join' as const), tag, sealed: fc.uint8Array({ maxLength: 60 }) }),
    fc.record({ type: fc.constant('refuse' as const), tag, code: fc.constantFrom('InviteInvalid' as const, 'InviteExpired' as const) }),
    fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), nonce: u32 }),
    fc.record({ type: fc.constant('bye' as const) }),
    fc.record({ type: fc.constant('sum' as const), handle, sum: bytesOf(16) }),
    fc.record({
      type: fc.constant('have' as const),
      handle,
      heads: fc.array(fc.record({ device, nextSeq: u32, head: bytesOf(8), controls: u32 }), few),
    }),
    fc.record({
      type: fc.constant('want' as const),
      handle,
      controls: fc.array(fc.record({ device, from: u32 }), few),
      ranges: fc.array(fc.record({ device, from: u32, to: u32 }), few),
    }),
    fc.record({
      type: fc.constant('controls' as const),
      handle,
      entries: fc.array(fc.record({ device, seq: u32, prevId: bytesOf(32), entry: fc.uint8Array({ maxLength: 60 }) }), few),
    }),
    fc.record({ type: fc.constant('update' as const), handle, bytes: fc.uint8Array({ maxLength: 60 }) }),
    fc.record({ type: fc.constant('got' as const), handle, heads: fc.array(fc.record({ device, nextSeq: u32 }), few) }),
    fc.record({ type: fc.constant('slots' as const), handle, slots: fc.array(fc.uint8Array({ maxLength: 60 }), few) }),
    fc.record({ type: fc.constant('presence' as const), handle, packet: fc.uint8Array({ maxLength: 60 }) }),
  )
}
