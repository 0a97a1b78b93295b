/**
 * What the core reads of people outside: knocks and rows of the contact book. Injured bytes, and bytes that somebody sealed in bad faith: either
 * refused in the way that is named, or a value that keeps its type.
 */
import { deriveKey, sealBody, x25519Shared } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { concatBytes, encodeCbor, ParleyError, Reject, userIdBytes, type CborValue } from '@parley/protocol'
import { createMemoryStore } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import vector from '../../../test/vectors/handshake.json' with { type: 'json' }
import { ContactBook } from '../src/contacts/contact-book.ts'
import { Handshake, type Proof } from '../src/network/handshake.ts'
import { contactKey } from '../src/replica/keyspace.ts'
import { contextOf, unhex } from './vectors-cast.ts'

const provider = nodeProvider()
const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
const factor = Number(environment['PARLEY_FUZZ'] ?? 0)
const seed = factor > 0 ? Number(environment['PARLEY_SEED'] ?? Math.floor(Math.random() * 2 ** 31)) : 20_260_101
const cases = (count: number) => ({ numRuns: factor > 0 ? Math.ceil(count * factor) : count, seed })
const { alice, bob, binding, transcript } = vector.vectors
const conversation = new Uint8Array(32).fill(7)
const proof: Proof = { kind: 'inbox', key: new Uint8Array(32).fill(9) }

/** Both ends of a link on which bob's card was shown. */
async function met() {
  const hers = new Handshake(await contextOf(provider, alice), unhex(binding))
  const his = new Handshake(await contextOf(provider, bob), unhex(binding))
  hers.meet(his.hello)
  his.meet(hers.hello)
  const shared = x25519Shared(unhex(alice.random[0] ?? ''), his.hello.ephemeral) ?? unhex('')
  const key = deriveKey(proof.key, 'link', concatBytes(unhex(transcript), shared))
  const side = Uint8Array.of(alice.hello < bob.hello ? 0 : 1)
  return { hers, his, seal: (plain: Uint8Array) => sealBody(key, new Uint8Array(24), side, plain) }
}

/** True when read, false when rejected. */
async function isRead(his: Handshake, sealed: Uint8Array): Promise<boolean> {
  try {
    const knock = await his.readKnock(proof, sealed)
    expect([knock.conversation.length, knock.hints.length <= 2, knock.hints.every((hint) => typeof hint === 'string')]).toEqual([
      32,
      true,
      true,
    ])
    return true
  } catch (error) {
    if (error instanceof Reject) return false
    throw error
  }
}

test('a knock is read as it was made, by the end that it was made for', async () => {
  const { hers, his } = await met()
  const sealed = await hers.knock(proof, conversation, ['memory:alice', '', 'x'.repeat(300), 'b', 'c'])
  const knock = await his.readKnock(proof, sealed)
  expect([knock.conversation, knock.hints, knock.cert.bytes]).toEqual([conversation, ['memory:alice', 'b'], unhex(alice.cert)])
  await expect(hers.readKnock(proof, sealed)).rejects.toMatchObject({ code: 'BadCipher' })
  await expect(his.readKnock({ ...proof, key: new Uint8Array(32) }, sealed)).rejects.toMatchObject({ code: 'BadCipher' })
})

test('knocks: injured', async () => {
  const { hers, his } = await met()
  const whole = await hers.knock(proof, conversation, ['memory:alice'])
  const injury = fc.record({ at: fc.nat({ max: whole.length }), out: fc.nat({ max: 2 }), put: fc.uint8Array({ maxLength: 2 }) })
  let read = 0
  const property = fc.asyncProperty(fc.array(injury, { maxLength: 2 }), async (injuries) => {
    const bytes = injuries.reduce((all, { at, out, put }) => concatBytes(all.subarray(0, at), put, all.subarray(at + out)), whole)
    if (await isRead(his, bytes)) read++
  })
  await fc.assert(property, cases(300))
  expect(read).toBeGreaterThan(0)
})

test('knocks: sealed by one who holds the card, in bad faith', async () => {
  const { his, seal } = await met()
  const cert = unhex(alice.cert)
  const chains = fc.oneof(
    fc.constant(encodeCbor([cert])),
    fc.constant(encodeCbor([cert, cert])),
    fc.constant(encodeCbor(Array.from({ length: 9 }, () => cert))),
    fc.constant(encodeCbor([unhex(bob.cert), cert])),
    fc.constant(encodeCbor([])),
    fc.uint8Array({ maxLength: 30 }),
  )
  const hints = fc.oneof(
    fc.constant(encodeCbor(['memory:alice'])),
    fc.constant(encodeCbor(['a', 'b', 'c'])),
    fc.constant(encodeCbor(['x'.repeat(257)])),
    fc.constant(encodeCbor([''])),
    fc.constant(encodeCbor([[['a']]])),
    fc.uint8Array({ maxLength: 20 }),
  )
  const ids = fc.constantFrom(conversation, conversation.subarray(1), new Uint8Array(0))
  const signatures = fc.constantFrom(new Uint8Array(64), new Uint8Array(63), new Uint8Array(0))
  const fields = fc.tuple(chains, ids, hints, signatures).map((items): CborValue => items)
  const plain = fc.oneof(fields.map(encodeCbor), fc.uint8Array({ maxLength: 60 }), fc.array(ids, { maxLength: 5 }).map(encodeCbor))
  // Nobody can sign for alice here, so none may pass.
  await fc.assert(
    fc.asyncProperty(plain, async (bytes) => {
      expect(await isRead(his, seal(bytes))).toBe(false)
    }),
    cases(400),
  )
})

test('rows of the contact book: damaged ones are said to be, and never read as something else', async () => {
  const rows = fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc
      .tuple(
        fc.oneof(fc.nat({ max: 9 }), fc.string()),
        fc.oneof(fc.string(), fc.constant(null)),
        fc.constantFrom(null, 'card', 5),
        fc.nat(),
      )
      .map((row) => encodeCbor(row)),
  )
  const context = await contextOf(provider, alice)
  let read = 0
  const property = fc.asyncProperty(rows, async (value) => {
    const store = createMemoryStore()
    const { userId } = (await contextOf(provider, bob)).me
    await store.write([{ type: 'put', key: contactKey(userIdBytes(userId)), value }])
    const book = new ContactBook({ ...context, store })
    try {
      await book.load()
      read++
      expect(book.contacts().every(({ name, addedAt }) => typeof name === 'string' && addedAt >= 0)).toBe(true)
    } catch (error) {
      expect(error).toBeInstanceOf(ParleyError)
    }
  })
  await fc.assert(property, cases(200))
  expect(read).toBeGreaterThan(0)
})
