/**
 * What the core reads of a peer beyond link messages: identities, join requests, presence packets, seen slots. Injured bytes, and bytes that a
 * member signed and sealed in bad faith: either a rejection, or a value that keeps its type. Nothing else is ever thrown.
 * PARLEY_FUZZ=10 runs ten times as many cases, from a random seed unless PARLEY_SEED names one.
 */
import { deriveKey, inviteKey, sealBody, x25519Shared } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { concatBytes, encodeCbor, Reject, utf8, type CborValue } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import handshake from '../../../test/vectors/handshake.json' with { type: 'json' }
import signals from '../../../test/vectors/signals.json' with { type: 'json' }
import { Handshake, proofsOf, type Proof } from '../src/network/handshake.ts'
import { readPresence, readSlot } from '../src/conversation/signals.ts'
import { certOf, contextOf, replicaOf, unhex } from './vectors-cast.ts'

const provider = nodeProvider()
const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
const factor = Number(environment['PARLEY_FUZZ'] ?? 0)
const seed = factor > 0 ? Number(environment['PARLEY_SEED'] ?? Math.floor(Math.random() * 2 ** 31)) : 20_260_101
const cases = (count: number) => ({ numRuns: factor > 0 ? Math.ceil(count * factor) : count, seed })

/** Recorded bytes with up to three of them changed, some left out or put in. */
function injured(hexText: string): fc.Arbitrary<Uint8Array> {
  const bytes = unhex(hexText)
  const injury = fc.record({ at: fc.nat({ max: bytes.length }), out: fc.nat({ max: 2 }), put: fc.uint8Array({ maxLength: 2 }) })
  return fc
    .array(injury, { maxLength: 3 })
    .map((injuries) => injuries.reduce((all, { at, out, put }) => concatBytes(all.subarray(0, at), put, all.subarray(at + out)), bytes))
}

/** Values that are close to what is expected, and others. */
const items: fc.Arbitrary<CborValue> = fc.oneof(
  fc.constantFrom<CborValue>(null, true, false, 0, 1, -1, 2 ** 53 - 1, '', [], new Uint8Array(0)),
  fc.constantFrom(8, 16, 44, 63, 64, 65).map((length) => new Uint8Array(length)),
  fc.constant<CborValue>(unhex(handshake.vectors.alice.cert)),
  fc.integer(),
  fc.array(fc.boolean(), { maxLength: 3 }),
)

/** True when read, false when rejected. */
async function isRead<T>(read: () => Promise<T>, check: (value: T) => void): Promise<boolean> {
  try {
    check(await read())
    return true
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  }
}

async function signalsHere() {
  const { vectors } = signals
  const members = [await certOf(provider, vectors.author.cert), await certOf(provider, vectors.other)]
  return { context: await contextOf(provider, vectors.author), replica: replicaOf({ ...vectors, members }) }
}

test('presence packets and slots: injured', async () => {
  const { context, replica } = await signalsHere()
  const readings = { presence: 0, slot: 0 }
  const property = fc.asyncProperty(
    fc.oneof(injured(signals.vectors.presence.packet), injured(signals.vectors.slot.packet), fc.uint8Array({ maxLength: 60 })),
    async (bytes) => {
      if (await isRead(() => readPresence(context, replica, bytes), checkPresence)) readings.presence++
      if (await isRead(() => readSlot(context, replica, bytes), checkSlot)) readings.slot++
    },
  )
  await fc.assert(property, cases(1_200))
  expect(readings.presence).toBeGreaterThan(0)
  expect(readings.slot).toBeGreaterThan(0)
})

test('presence packets and slots: signed and sealed by a member in bad faith', async () => {
  const { context, replica } = await signalsHere()
  const { current } = replica.epochs
  const { presenceKey, id } = current as NonNullable<typeof current>
  const nonce = new Uint8Array(24)
  const make = async (tag: string, rest: readonly CborValue[], plain: Uint8Array): Promise<Uint8Array> => {
    const fields: CborValue[] = [id, context.me.deviceBytes, ...rest]
    const aad = concatBytes(utf8(tag), replica.bytes, encodeCbor(fields))
    const sealed = sealBody(presenceKey, nonce, aad, plain)
    return encodeCbor([...fields, sealed, await context.me.keys.signing.sign(concatBytes(aad, sealed))])
  }
  const plaintext = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    items.map(encodeCbor),
    fc.constant(encodeCbor([true, false])),
    fc.constant(new Uint8Array(44)),
  )
  let presences = 0
  let slots = 0
  const property = fc.asyncProperty(fc.array(items, { minLength: 3, maxLength: 3 }), plaintext, async ([first, second, third], plain) => {
    const session = first instanceof Uint8Array && first.length === 16 ? first.slice(8) : (first as CborValue)
    const presence = await make('parley/1/presence', [session, second as CborValue, third as CborValue], plain)
    if (await isRead(() => readPresence(context, replica, presence), checkPresence)) presences++
    const slot = await make('parley/1/seen', [second as CborValue], plain)
    if (await isRead(() => readSlot(context, replica, slot), checkSlot)) slots++
  })
  await fc.assert(property, cases(800))
  expect(presences).toBeGreaterThan(0)
  expect(slots).toBeGreaterThan(0)
})

function checkPresence(packet: Awaited<ReturnType<typeof readPresence>>): void {
  expect(packet.device).toHaveLength(26)
  expect(packet.session).toHaveLength(8)
  expect(Number.isSafeInteger(packet.counter) && packet.counter >= 0 && Number.isSafeInteger(packet.ms) && packet.ms >= 0).toBe(true)
  expect([typeof packet.online, typeof packet.typing]).toEqual(['boolean', 'boolean'])
}

function checkSlot(slot: Awaited<ReturnType<typeof readSlot>>): void {
  expect(slot.device).toHaveLength(26)
  expect(slot.key).toHaveLength(44)
  expect(Number.isSafeInteger(slot.version) && slot.version >= 0).toBe(true)
}

/** Both ends of the recorded handshake, and how alice's end would seal anything that bob can open. */
async function met() {
  const { alice, bob, binding, ...vectors } = handshake.vectors
  const hers = new Handshake(await contextOf(provider, alice), unhex(binding))
  const his = new Handshake(await contextOf(provider, bob), unhex(binding))
  hers.meet(his.hello)
  his.meet(hers.hello)
  const { publicKey } = inviteKey(unhex(vectors.seed))
  const [member, invite] = proofsOf(replicaOf({ conversation: vectors.conversation, epoch: vectors.epoch, invites: [{ publicKey }] })) as [
    Proof,
    Proof,
  ]
  const shared = x25519Shared(unhex(alice.random[0] ?? ''), his.hello.ephemeral) ?? unhex('')
  const side = alice.hello < bob.hello ? 0 : 1
  const seal = (end: 'alice' | 'bob', proof: Proof, plain: Uint8Array): Uint8Array => {
    const key = deriveKey(proof.key, 'link', concatBytes(unhex(vectors.transcript), shared))
    return sealBody(key, new Uint8Array(24), Uint8Array.of(end === 'alice' ? side : 1 - side), plain)
  }
  return { hers, his, member, invite, seal }
}

test('identities and join requests: injured', async () => {
  const { hers, his, member, invite } = await met()
  let identities = 0
  let requests = 0
  const property = fc.asyncProperty(injured(handshake.vectors.identity), injured(handshake.vectors.request), async (identity, request) => {
    if (
      await isRead(
        () => his.readIdentity(member, identity),
        ({ session }) => expect(session).toHaveLength(8),
      )
    )
      identities++
    if (
      await isRead(
        () => hers.readRequest(invite, request),
        ({ joinProof }) => expect(joinProof).toHaveLength(64),
      )
    )
      requests++
  })
  await fc.assert(property, cases(1_200))
  expect(identities).toBeGreaterThan(0)
  expect(requests).toBeGreaterThan(0)
})

test('identities and join requests: sealed by one who holds the key, in bad faith', async () => {
  const { hers, his, member, invite, seal } = await met()
  const plaintext = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.array(items, { maxLength: 4 }).map(encodeCbor),
    fc.array(items, { minLength: 1, maxLength: 2 }).map((rest) => encodeCbor([unhex(handshake.vectors.bob.cert), ...rest])),
  )
  let requests = 0
  const property = fc.asyncProperty(plaintext, async (plain) => {
    // Nobody can sign for alice here, so no identity may pass.
    expect(
      await isRead(
        () => his.readIdentity(member, seal('alice', member, plain)),
        () => undefined,
      ),
    ).toBe(false)
    if (
      await isRead(
        () => hers.readRequest(invite, seal('bob', invite, plain)),
        ({ joinProof }) => expect(joinProof).toHaveLength(64),
      )
    )
      requests++
  })
  await fc.assert(property, cases(800))
  expect(requests).toBeGreaterThan(0)
})
