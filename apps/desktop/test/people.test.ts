/** Contacts, direct conversations, requests, and who is not to be heard. */
import { expect, test } from 'vitest'
import { objectsOf, setUpCli } from './cli.ts'
import { bob, FakeConversation } from './fake-conversation.ts'

const cli = setUpCli()
const { json, refusal } = cli
const contact = { ...bob, isBlocked: false, addedAt: 0 }

test('id prints the card to give away, and a new one makes the old ones useless', async () => {
  expect(await json('id')).toEqual({ code: 0, objects: [{ userId: 'alice-id', deviceId: 'device', card: 'parley-card:alice-1' }] })
  expect((await json('id', '--new-card')).objects).toMatchObject([{ card: 'parley-card:alice-2' }])
})

test('a card that cannot be followed says so, one with an address does not', async () => {
  const alone = cli.parley(['id'])
  await alone.done
  expect(alone.err.join()).toContain('names no address of yours')
  const reachable = cli.parley(['id', '--listen', '/ip4/127.0.0.1/tcp/0'])
  await reachable.done
  expect(reachable.err).toEqual([])
})

test('direct takes a card or somebody known, and always gives the same conversation', async () => {
  expect(await refusal('direct', 'Bob')).toBe('ContactUnknown')
  expect(await refusal('direct', 'parley-card:nonsense')).toBe('CardInvalid')
  const wanted = { code: 0, objects: [{ id: 'direct-bob-id', title: 'Bob' }] }
  for (const who of ['parley-card:bob', 'Bob', 'bob', 'bob-id']) expect(await json('direct', who, '--wait', '0')).toEqual(wanted)
})

test('direct waits until the other takes part', async () => {
  const { lines, err, done } = cli.parley(['--json', 'direct', 'parley-card:bob', '--wait', '20d'])
  await lines(1)
  const conversation = cli.conversation('Bob')
  conversation.present = conversation.present.map((member) => ({ ...member, devices: ['device' as never] }))
  conversation.emitter.emit('memberChanged', bob.id)
  expect([await done, err]).toEqual([0, []])
  expect(conversation.emitter.count('memberChanged')).toBe(0)
})

test('contacts are added by card, listed, and removed', async () => {
  expect(await refusal('add-contact', 'nonsense')).toBe('CardInvalid')
  expect(await json('add-contact', 'parley-card:bob')).toEqual({ code: 0, objects: [contact] })
  expect(await json('contacts')).toEqual({ code: 0, objects: [contact] })
  expect(await cli.text('contacts')).toBe('Bob               bob-id')
  expect(await json('remove-contact', 'Bob')).toEqual({ code: 0, objects: [{ id: 'bob-id', removed: true }] })
  expect(await json('contacts')).toEqual({ code: 0, objects: [] })
  expect(await refusal('remove-contact', 'Bob')).toBe('ContactUnknown')
})

test('block and unblock, by name or by an id that nobody here knows', async () => {
  await json('add-contact', 'parley-card:bob')
  expect(await json('block', 'Bob')).toEqual({ code: 0, objects: [{ id: 'bob-id', isBlocked: true }] })
  expect(await cli.text('contacts')).toContain('blocked')
  expect(await json('unblock', 'bob-id')).toEqual({ code: 0, objects: [{ id: 'bob-id', isBlocked: false }] })
  const stranger = 'a'.repeat(52)
  expect(await json('block', stranger)).toEqual({ code: 0, objects: [{ id: stranger, isBlocked: true }] })
  expect(await refusal('block', 'Mallory')).toBe('NotFound')
  expect(await refusal('block', 'Alice')).toBe('NotFound')
})

test('requests are shown, followed by tail, accepted or declined, and are no conversations before', async () => {
  const tail = cli.parley(['--json', 'tail'])
  while (tail.err.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const asked = new FakeConversation('asked-id', 'Bob')
  asked.kind = 'direct'
  asked.admit(bob)
  cli.engines.opened[0]?.ask(asked)
  expect(objectsOf(await tail.lines(1))).toEqual([{ event: 'request', conversation: 'asked-id', title: 'Bob', kind: 'direct' }])
  const members = [
    { id: 'alice-id', name: 'Alice' },
    { id: 'bob-id', name: 'Bob' },
  ]
  expect(await json('requests')).toEqual({ code: 0, objects: [{ id: 'asked-id', title: 'Bob', kind: 'direct', members }] })
  expect(await cli.text('requests')).toBe('asked-id  Bob asks to write to you')
  const refused = await json('send', 'Bob', 'hello')
  expect(refused.objects).toEqual([{ error: { code: 'NotFound', message: expect.stringContaining('`parley accept`') as string } }])
  expect(await json('accept', 'Bob')).toEqual({ code: 0, objects: [{ id: 'asked-id', title: 'Bob', state: 'member' }] })
  expect(await refusal('accept', 'Bob')).toBe('NotFound')

  cli.engines.opened[0]?.ask(new FakeConversation('more-id', 'Mallory'))
  expect(await json('decline', 'more-id')).toEqual({ code: 0, objects: [{ id: 'more-id', declined: true }] })
  expect(await refusal('decline', 'more-id')).toBe('NotFound')
  expect((await json('requests')).objects).toEqual([])
})
