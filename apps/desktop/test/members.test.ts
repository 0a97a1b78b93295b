/** Who is in a group: adding, removing, roles, links, leaving. */
import { beforeEach, expect, test } from 'vitest'
import { objectsOf, setUpCli } from './cli.ts'
import { bob } from './fake-conversation.ts'

const cli = setUpCli()
const { json, refusal } = cli
const self = { id: 'alice-id', name: 'Alice', role: 'founder', status: 'ONLINE', devices: ['device'] }
const him = { id: 'bob-id', name: 'Bob', role: 'writer', status: 'OFFLINE', devices: [] }
const gone = { ...bob, by: 'alice-id', how: 'removed', at: 0 }

beforeEach(async () => {
  await json('add-contact', 'parley-card:bob')
  await json('new', 'Hike')
})

test('a contact is added, gets a role, is removed, and remembered by whom', async () => {
  expect(await json('add', 'Hike', 'Bob')).toEqual({ code: 0, objects: [him] })
  expect((await json('members', 'Hike')).objects).toEqual([self, him])
  expect(await json('role', 'Hike', 'Bob', 'admin')).toEqual({ code: 0, objects: [{ ...him, role: 'admin' }] })
  expect(await json('remove', 'Hike', 'Bob')).toEqual({ code: 0, objects: [gone] })
  expect((await json('members', 'Hike')).objects).toEqual([self])
  expect((await json('members', 'Hike', '--former')).objects).toEqual([self, gone])
  expect(await cli.text('members', 'Hike', '--former')).toContain('removed by Alice, Thursday 1 January 1970')
  // Back again, though a contact no more.
  await json('remove-contact', 'Bob')
  expect((await json('add', 'Hike', 'Bob')).code).toBe(0)
})

test('what cannot be is refused by its code', async () => {
  expect(await refusal('add', 'Hike', 'Carol')).toBe('ContactUnknown')
  expect(await refusal('remove', 'Hike', 'Bob')).toBe('NotAMember')
  expect(await refusal('role', 'Hike', 'Bob', 'admin')).toBe('NotAMember')
  expect(await refusal('role', 'Hike', 'Alice', 'founder')).toBe('InvalidArgument')
  expect(await refusal('members', 'Dinner')).toBe('NotFound')
  cli.conversation('Hike').role = 'writer'
  expect(await refusal('add', 'Hike', 'Bob')).toBe('NotAllowed')
  expect(await refusal('invite', 'Hike')).toBe('NotAllowed')
})

test('a group begins with contacts', async () => {
  expect(await json('new', 'Picnic', '--member', 'Bob', '--history', 'joined')).toEqual({
    code: 0,
    objects: [{ id: 'Picnic-id', title: 'Picnic' }],
  })
  expect((await json('members', 'Picnic')).objects).toEqual([self, him])
  expect(await refusal('new', 'Tea', '--member', 'Carol')).toBe('ContactUnknown')
})

test('links are made for a role, listed, and revoked by id or by themselves', async () => {
  expect(await json('invite', 'Hike', '--role', 'reader', '--uses', '3')).toEqual({ code: 0, objects: [{ link: 'parley://join#0' }] })
  await json('invite', 'Hike')
  const [second, first] = (await json('invites', 'Hike')).objects
  expect([second, first]).toMatchObject([
    { id: 'invite-1', role: 'writer', uses: 1, used: 0, state: 'open', link: 'parley://join#1' },
    { id: 'invite-0', role: 'reader', uses: 3, used: 0, state: 'open', by: 'alice-id' },
  ])
  expect(await json('revoke', 'Hike', 'invite-0')).toEqual({ code: 0, objects: [{ ...first, state: 'revoked' }] })
  expect((await json('revoke', 'Hike', 'parley://join#1')).objects).toMatchObject([{ id: 'invite-1', state: 'revoked' }])
  expect(await cli.text('invites', 'Hike')).toBe('0 of 1 used  writer  revoked  invite-1\n0 of 3 used  reader  revoked  invite-0')
  expect(await refusal('revoke', 'Hike', 'invite-9')).toBe('NotFound')
})

test('a group is left, then forgotten; a direct conversation is not left', async () => {
  expect(await refusal('forget', 'Hike')).toBe('NotAllowed')
  expect(await json('leave', 'Hike')).toEqual({ code: 0, objects: [{ id: 'Hike-id', title: 'Hike', state: 'left' }] })
  expect(await cli.text('list')).toContain('[left]')
  expect(await json('forget', 'Hike')).toEqual({ code: 0, objects: [{ id: 'Hike-id', forgotten: true }] })
  expect((await json('list')).objects).toEqual([])
  await json('direct', 'Bob', '--wait', '0')
  expect(await refusal('leave', 'Bob')).toBe('NotAGroup')
})

test('tail tells of it, with names also of those who are gone', async () => {
  const asObjects = cli.parley(['--json', 'tail', 'Hike'])
  while (asObjects.err.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const asText = cli.parley(['tail', 'Hike'])
  const hike = cli.conversation('Hike')
  while (hike.emitter.count('memberRemoved') !== 2) await new Promise((resolve) => setImmediate(resolve))
  await json('add', 'Hike', 'Bob')
  await json('role', 'Hike', 'Bob', 'moderator')
  hike.emitter.emit('memberChanged', 'bob-id')
  await json('remove', 'Hike', 'Bob')
  hike.emitter.emit('state', 'removed')
  const events = ['memberAdded', 'memberChanged', 'memberRemoved'].map((event) => ({ event, conversation: 'Hike-id', memberId: 'bob-id' }))
  expect(objectsOf(await asObjects.lines(4))).toEqual([...events, { event: 'state', conversation: 'Hike-id', state: 'removed' }])
  expect(await asText.lines(4)).toEqual(['Bob came in', 'Bob is moderator', 'Bob was removed by Alice', 'you were removed'])
})
