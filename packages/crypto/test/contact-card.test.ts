import { encodeContactCard, MAX_CARD_HINTS, parseContactCard, ParleyError, userIdBytes, type ContactCard } from '@parley/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createContactCard, deviceLinkKeys, inboxKeys, readContactCard } from '../src/index.ts'
import { nodeProvider } from '../src/provider.node.ts'
import { bytesOf, flipBit, hex } from './bytes.ts'
import { addedBy, rootOf, type FamilyDevice } from './family.ts'

const provider = nodeProvider()
const secret = bytesOf('card secret', 16)
const hints = ['wss://meet.parley.example/signal']
/** Characters that a QR code of version 40 holds in byte mode at error correction L (ISO/IEC 18004, table 7). */
const QR_BYTES = 2_953
const invalid = expect.objectContaining({ code: 'CardInvalid' }) as Error

let [alice, phone, tablet, bob] = [] as unknown as [FamilyDevice, FamilyDevice, FamilyDevice, FamilyDevice]
beforeAll(async () => {
  alice = await rootOf(provider, 'alice')
  phone = await addedBy(provider, alice, 'phone')
  tablet = await addedBy(provider, phone, 'tablet')
  bob = await rootOf(provider, 'bob')
})

const cardOf = (signer: FamilyDevice, certs: readonly Uint8Array[] = signer.chain): Promise<string> =>
  createContactCard(signer, { certs, name: 'Alice', secret, hints })
/** The card with fields replaced, the signature left as it was. */
const altered = async (change: Partial<ContactCard>): Promise<string> =>
  encodeContactCard({ ...parseContactCard(await cardOf(phone)), ...change })

describe('contact cards', () => {
  test('say whose they are, with every device', async () => {
    const card = await readContactCard(provider, ` ${await cardOf(phone, tablet.chain)}\n`)
    expect(card).toEqual({
      userId: alice.cert.userId,
      devices: [alice.cert, phone.cert, tablet.cert],
      signer: phone.cert,
      name: 'Alice',
      secret,
      hints,
    })
  })

  test('fit a QR code with up to four devices and four ordinary hints', async () => {
    const small = await cardOf(alice)
    expect(small.length).toBe(SMALL_CARD_CHARACTERS)
    const recovery = await addedBy(provider, alice, 'recovery', { isRecovery: true })
    const certs = [alice, phone, tablet, recovery].map(({ cert }) => cert.bytes)
    const four = Array.from({ length: MAX_CARD_HINTS }, (_, i) => `wss://rendezvous-${i}.parley.example:4433/signal`)
    const large = await createContactCard(alice, { certs, name: 'Alice of the wonderful and rather long name', secret, hints: four })
    expect(large.length).toBe(LARGE_CARD_CHARACTERS)
    expect(LARGE_CARD_CHARACTERS).toBeLessThan(QR_BYTES)
  })

  test('any changed field is noticed', async () => {
    const changes: Partial<ContactCard>[] = [
      { user: userIdBytes(bob.cert.userId) },
      { name: 'Mallory' },
      { secret: bytesOf('other', 16) },
      { hints: ['wss://evil.example'] },
      { hints: [] },
      { signer: 0 },
      { certs: [alice.cert.bytes, phone.cert.bytes, tablet.cert.bytes] },
      { certs: [phone.cert.bytes, alice.cert.bytes] },
      { certs: [phone.cert.bytes], signer: 0 },
      { certs: [bob.cert.bytes], signer: 0 },
      { signature: bytesOf('signature', 64) },
    ]
    for (const change of changes) await expect(readContactCard(provider, await altered(change))).rejects.toThrow(invalid)
    await expect(readContactCard(provider, await altered({}))).resolves.toMatchObject({ name: 'Alice' })
  })

  test('nobody makes a card for another', async () => {
    await expect(createContactCard(bob, { certs: alice.chain, name: 'Alice', secret, hints })).rejects.toMatchObject({
      code: 'InvalidArgument',
    })
    const theirs = parseContactCard(await cardOf(bob))
    const forged = encodeContactCard({ ...theirs, certs: [alice.cert.bytes], user: userIdBytes(alice.cert.userId) })
    await expect(readContactCard(provider, forged)).rejects.toThrow(invalid)
  })

  test('a name or hint beyond its bounds is not put on a card', async () => {
    for (const change of [
      { name: 'x'.repeat(257) },
      { name: 'ü'.repeat(129) },
      { hints: [''] },
      { secret: secret.subarray(1) },
      { certs: [] },
    ]) {
      await expect(createContactCard(alice, { certs: alice.chain, name: 'Alice', secret, hints, ...change })).rejects.toMatchObject({
        code: 'InvalidArgument',
      })
    }
  })

  test('does not depend on the text that it came in, and every changed character is noticed', async () => {
    const text = await cardOf(alice)
    for (let at = 'parley-card:'.length; at < text.length; at += 13) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      await expect(readContactCard(provider, changed)).rejects.toThrow(invalid)
    }
  })

  test('hostile texts get the one error', async () => {
    const text = await cardOf(alice)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: text.length }), fc.nat({ max: 12 }), fc.string({ maxLength: 12 }), async (at, removed, inserted) => {
        const changed = text.slice(0, at) + inserted + text.slice(at + removed)
        if (changed.trim() === text) return
        await expect(readContactCard(provider, changed)).rejects.toBeInstanceOf(ParleyError)
        await expect(readContactCard(provider, changed)).rejects.toThrow(invalid)
      }),
      { numRuns: 150, seed: 20_260_101 },
    )
  })
})

/** One device, one hint. */
const SMALL_CARD_CHARACTERS = 496
/** Four devices, four hints, a long name. */
const LARGE_CARD_CHARACTERS = 1_826

describe('meeting keys', () => {
  test('differ with the secret, the user and the use', async () => {
    const all = [
      inboxKeys(alice.cert.userId, secret),
      inboxKeys(alice.cert.userId, flipBit(secret, 3)),
      inboxKeys(bob.cert.userId, secret),
      deviceLinkKeys({ seed: bytesOf('seed', 32), user8: userIdBytes(alice.cert.userId).slice(0, 8) }),
      deviceLinkKeys({ seed: bytesOf('seed', 32), user8: userIdBytes(bob.cert.userId).slice(0, 8) }),
      deviceLinkKeys({ seed: secret, user8: userIdBytes(alice.cert.userId).slice(0, 8) }),
    ].flatMap(({ proof, topic, topicSecret }) => [proof, topic, topicSecret])
    expect(new Set(all.map(hex)).size).toBe(18)
    for (const key of all) expect(key).toHaveLength(32)
  })
})
