/**
 * Arbitrary valid structures, one generator each, as values and as bytes.
 */
import fc from 'fast-check'
import { EntryKind, HISTORY_POLICIES, MAX_TIME_MS, ROLES, compareBytes, encodeEntry, encodeHeader } from '../../src/index.ts'
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

/** The beginning of any chunk but the first. */
const chunkStart = fc.integer({ min: 1, max: 0xff_ffff }).map((chunk) => chunk * 256)
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
  const cuts = fc.array(fc.tuple(bytesOf(32), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 1, max: 20 })), { maxLength: 3 })
  return fc
    .record({
      text: fc.string({ unit: 'binary', maxLength: 60 }),
      metadata: arbitraryFlatMap(),
      reply: fc.option(bytesOf(36), { nil: undefined }),
      cuts,
      forward: fc.option(
        fc.record({ author: fc.string({ unit: 'grapheme', maxLength: 8 }), sentAt: fc.integer({ min: 0, max: MAX_TIME_MS }) }),
        { nil: undefined },
      ),
      attachments: fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 3 }),
    })
    .map(({ cuts, ...rest }) => {
      const isEmpty = rest.text === '' && Object.keys(rest.metadata).length === 0 && rest.attachments.length === 0
      const post = isEmpty ? { ...rest, text: '.' } : rest
      let end = 0
      const mentions = cuts.flatMap(([user, gap, length]) => {
        const from = end + gap
        end = from + length
        return end <= post.text.length ? [{ user, from, to: end }] : []
      })
      return { ...post, mentions }
    })
}

export function arbitraryEdit(): fc.Arbitrary<EditPayload> {
  return fc.tuple(arbitraryPost(), bytesOf(36)).map(([post, target]) => ({ target, ...post }))
}

const box = fc.uint8Array({ minLength: 1, maxLength: 256 })

/** Ids in order, none twice. */
function ascending<T>(items: readonly T[], idOf: (item: T) => Uint8Array): T[] {
  return items
    .toSorted((a, b) => compareBytes(idOf(a), idOf(b)))
    .filter((item, i, all) => i === 0 || compareBytes(idOf(all[i - 1] as T), idOf(item)) !== 0)
}

export function arbitraryControl(): fc.Arbitrary<ControlPayload> {
  const after = fc.array(bytesOf(16), { maxLength: 4 }).map((ids) => ascending(ids, (id) => id))
  const pin = fc.record({ log: bytesOf(16), nextSeq: u32, head: bytesOf(8) })
  const pins = fc.array(pin, { maxLength: 3 }).map((list) => ascending(list, ({ log }) => log))
  const history = fc.constantFrom(...HISTORY_POLICIES)
  const cert = fc.uint8Array({ minLength: 1, maxLength: 300 })
  const epochBoxes = fc.array(fc.record({ epoch: bytesOf(16), box }), { maxLength: 3 })
  const deviceBoxes = fc.array(fc.record({ device: bytesOf(16), box }), { maxLength: 5 })
  return fc.oneof(
    fc.record({
      op: fc.constant('grant' as const),
      user: bytesOf(32),
      role: fc.constantFrom(ROLES.reader, ROLES.writer, ROLES.moderator, ROLES.admin),
      certs: fc.array(cert, { maxLength: 2 }),
      pins,
      after,
    }),
    fc.record({ op: fc.constant('remove' as const), user: bytesOf(32), pins, after }),
    fc.record({ op: fc.constant('leave' as const), pins, after }),
    fc.record({ op: fc.constant('policy' as const), history, after }),
    fc.record({ op: fc.constant('revoke' as const), invite: bytesOf(36), after }),
    fc.record({ op: fc.constant('device-add' as const), cert, boxes: epochBoxes, after }),
    fc.record({ op: fc.constant('device-remove' as const), pin, after }),
    fc.record({ op: fc.constant('reseal' as const), epoch: bytesOf(16), boxes: deviceBoxes }),
    fc.record({ op: fc.constantFrom('hide' as const, 'pin' as const), target: bytesOf(36), on: fc.boolean(), after }),
    fc.record({ op: fc.constant('direct' as const), peer: bytesOf(32), cert, epochCommitment: bytesOf(32), boxes: deviceBoxes }),
    fc.record({
      op: fc.constant('genesis' as const),
      founderCert: cert,
      salt: bytesOf(32),
      epochCommitment: bytesOf(32),
      history,
    }),
    fc.record({
      op: fc.constant('epoch' as const),
      gen: u32,
      parents: fc.array(bytesOf(16), { maxLength: 4 }),
      commitment: bytesOf(32),
      boxes: deviceBoxes,
      back: fc.array(fc.record({ parent: bytesOf(16), ctl: box, msg: fc.option(box, { nil: undefined }) }), { maxLength: 3 }),
      after,
    }),
    fc.record({
      op: fc.constant('invite' as const),
      publicKey: bytesOf(32),
      role: fc.constantFrom(ROLES.reader, ROLES.writer, ROLES.moderator),
      maxUses: fc.integer({ min: 1, max: 1_000_000 }),
      expiresMs: fc.integer({ min: 0, max: MAX_TIME_MS }),
      after,
    }),
    fc.record({
      op: fc.constant('admit' as const),
      invite: bytesOf(36),
      cert,
      proof: bytesOf(64),
      boxes: epochBoxes,
      from: u32,
      after,
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
    fc.record({
      type: fc.constant('got' as const),
      handle,
      heads: fc.array(fc.oneof(fc.record({ device, nextSeq: u32 }), fc.record({ device, nextSeq: u32, from: chunkStart })), few),
    }),
    fc.record({ type: fc.constant('anchor' as const), handle, device, seq: u32, id: bytesOf(32) }),
    fc.record({ type: fc.constant('slots' as const), handle, slots: fc.array(fc.uint8Array({ maxLength: 60 }), few) }),
    fc.record({ type: fc.constant('presence' as const), handle, packet: fc.uint8Array({ maxLength: 60 }) }),
    fc.record({ type: fc.constant('unheard' as const), handle, devices: fc.array(device, few) }),
  )
}
