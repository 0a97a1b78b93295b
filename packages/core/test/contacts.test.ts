/** The book of contacts, and the card that one gives away. */
import { createContactCard, createDeviceCert, createDeviceSecrets, deviceKeysOf, verifyDeviceCert } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { parseContactCard, encodeContactCard } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ContactBook, MAX_RELATIONS } from '../src/contacts/contact-book.ts'
import { contactKey } from '../src/replica/keyspace.ts'
import { createWorld, heard, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const provider = nodeProvider()
const random = seededRandom(77)

test('the card says who it is and where they are found; it follows the name', async () => {
  const bob = await world.peer('bob')
  const card = parseContactCard(await bob.contactCard())
  expect([card.name, card.hints]).toEqual(['bob', ['memory:bob']])
  await bob.setProfile({ name: 'Robert' })
  expect(parseContactCard(await bob.contactCard()).name).toBe('Robert')
  // The secret stays: a card that was given away goes on to work.
  expect(parseContactCard(await bob.contactCard()).secret).toEqual(card.secret)
  await bob.renewContactCard()
  expect(parseContactCard(await bob.contactCard()).secret).not.toEqual(card.secret)
})

test('added twice is once, with what the newer card says; removed is gone; a restart changes nothing', async () => {
  const disk = createMemoryDisk()
  const [alice, bob] = [await world.peer('alice', { store: createMemoryStore({ disk }) }), await world.peer('bob')]
  let changes = 0
  alice.on('contacts', () => void changes++)
  const added = await alice.addContact(`\n ${await bob.contactCard()} \n`)
  expect(Object.isFrozen(added)).toBe(true)
  await bob.setProfile({ name: 'Robert' })
  const again = await alice.addContact(await bob.contactCard())
  expect([again.id, again.name, again.addedAt]).toEqual([bob.me.id, 'Robert', added.addedAt])
  expect([alice.contacts.length, changes]).toEqual([1, 2])
  await alice.block(bob.me.id)
  expect(alice.contacts).toMatchObject([{ isBlocked: true }])
  await alice.close()
  const later = await world.peer('alice', { store: createMemoryStore({ disk }) })
  expect(later.contacts).toEqual([{ ...again, isBlocked: true }])
  await later.removeContact(bob.me.id)
  expect([later.contacts, later.isBlocked(bob.me.id)]).toEqual([[], true])
  await later.unblock(bob.me.id)
  await expect(later.createConversation({ with: bob.me.id })).rejects.toMatchObject({ code: 'ContactUnknown' })
})

test('a card with the certificate of somebody else, or changed in anything, is refused with CardInvalid', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const card = parseContactCard(await bob.contactCard())
  const keys = deviceKeysOf(
    provider,
    createDeviceSecrets((n) => random.bytes(n)),
  )
  const bytes = await createDeviceCert(provider, keys, { createdMs: 1, salt16: random.bytes(16) })
  const cert = (await verifyDeviceCert(provider, bytes))!
  const { certs, name, secret, hints } = card
  const own = { name, secret, hints }
  const foreign = parseContactCard(await createContactCard({ keys, cert }, { ...own, certs: [bytes] }))
  const forged = [
    { ...card, certs: [bytes] },
    { ...card, certs: [...certs, bytes] },
    { ...card, user: foreign.user },
    { ...foreign, user: card.user },
    { ...foreign, certs },
    { ...card, name: 'alice' },
    { ...card, secret: card.secret.with(0, card.secret[0]! ^ 1) },
    { ...card, hints: ['memory:mallory'] },
    { ...card, signature: foreign.signature },
  ]
  for (const bad of forged) await expect(alice.addContact(encodeContactCard(bad))).rejects.toMatchObject({ code: 'CardInvalid' })
  expect(alice.contacts).toEqual([])
  await alice.addContact(encodeContactCard(card))
})

test('ids that are none are refused', async () => {
  const alice = await world.peer('alice')
  const none = 'x' as never
  const calls: (() => Promise<unknown>)[] = [
    () => alice.block(none),
    () => alice.unblock(none),
    () => alice.removeContact(none),
    () => alice.createConversation({ with: none }),
  ]
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'InvalidArgument' })
  await alice.close()
  await expect(alice.addContact('x')).rejects.toMatchObject({ code: 'Closed' })
})

test('the book is bounded', async () => {
  const bob = await world.peer('bob')
  const store = createMemoryStore()
  const context = { store, crypto: provider, random, me: { userId: bob.me.id } } as never
  const row = Uint8Array.of(0x84, 0x01, 0x60, 0xf6, 0x00)
  await store.write(Array.from({ length: MAX_RELATIONS }, () => ({ type: 'put' as const, key: contactKey(random.bytes(32)), value: row })))
  const book = new ContactBook(context)
  await book.load()
  expect(book.contacts()).toHaveLength(MAX_RELATIONS)
  await expect(book.setBlocked(bob.me.id, true)).rejects.toMatchObject({ code: 'TooLarge' })
})

test('a blocked person’s edits, reactions and presence make no event either', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await alice.addContact(await bob.contactCard())
  await bob.addContact(await alice.contactCard())
  const hers = await alice.createConversation({ with: bob.me.id })
  await until(() => bob.conversation(hers.getId())?.state === 'member')
  const his = bob.conversation(hers.getId())!
  const before = await hers.sendMessage({ text: 'one' })
  await until(() => his.getLastMessage()?.text === 'one')
  await bob.block(alice.me.id)
  const calls = [
    heard(his, 'messageUpdated'),
    heard(his, 'reaction'),
    heard(his, 'typing'),
    heard(his, 'memberStatus'),
    heard(his, 'message'),
  ]
  await hers.updateMessage(before.id, { text: 'two' })
  await hers.react(before.id, '👍')
  hers.startTyping()
  await hers.sendMessage({ text: 'three' })
  await until(() => his.getLastMessage()?.text === 'three')
  await until(async () => (await his.getMessage(before.id))?.reactions.length === 1)
  expect(calls).toEqual([[], [], [], [], []])
  expect(his.getLastMessage()).toMatchObject({ isBlocked: true })
})
