/**
 * Contacts, requests, groups and their members with the real command line: processes, profiles on disk, and libp2p over TCP between them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Person } from './parley-process.ts'
import type { Line, ParleyProcess } from './parley-process.ts'

/** Every command is a process that starts Node and the engine, on a machine that may be busy. */
const TIMEOUT = 120_000

let folder: string
let alice: Person
let bob: Person

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-cli-'))
  alice = new Person(join(folder, 'alice'))
  bob = new Person(join(folder, 'bob'))
  await alice.run('id', '--name', 'Alice')
  await bob.run('id', '--name', 'Bob')
})
afterEach(async () => {
  await Promise.all([alice.endAll(), bob.endAll()])
  await rm(folder, { recursive: true })
})

/** What happens to a person who is online, in all conversations. */
async function tailing(person: Person): Promise<ParleyProcess> {
  const tail = person.start('tail')
  await tail.noted('Watching')
  return tail
}

/** Once an event with these facts was printed. */
function happened(tail: ParleyProcess, facts: Record<string, unknown>): Promise<Line> {
  return tail.line((line) => Object.entries(facts).every(([key, value]) => JSON.stringify(line[key]) === JSON.stringify(value)))
}

test('from a card to a chat: asked, accepted, written both ways, marked, blocked', { timeout: TIMEOUT }, async () => {
  await alice.goOnline()
  await bob.goOnline()
  const [hers, his] = [await tailing(alice), await tailing(bob)]
  const { card, userId: aliceId } = (await alice.one('id')) as unknown as { card: string; userId: string }
  const { id, title } = (await bob.one('direct', card)) as unknown as { id: string; title: string }
  expect(title).toBe('Alice')
  await bob.run('send', 'Alice', 'do you remember me?')

  await happened(hers, { event: 'request', conversation: id, title: 'Bob', kind: 'direct' })
  expect(await alice.run('list')).toEqual([])
  expect(await alice.one('requests')).toMatchObject({ id, title: 'Bob', kind: 'direct' })
  expect(await alice.one('accept', 'Bob')).toEqual({ id, title: 'Bob', state: 'member' })
  const asked = (await happened(hers, { event: 'message', conversation: id })) as unknown as { message: { id: string; text: string } }
  expect(asked.message.text).toBe('do you remember me?')

  await alice.run('send', 'Bob', 'I do')
  const answer = (await happened(his, { event: 'message', conversation: id })) as unknown as { message: { id: string } }
  expect((await bob.one('react', 'Alice', answer.message.id, '👍')) as object).toMatchObject({ reactions: [{ emoji: '👍' }] })
  await happened(hers, { event: 'reaction', messageId: answer.message.id })
  expect((await alice.one('pin', 'Bob', answer.message.id)) as object).toMatchObject({ isPinned: true })
  await happened(his, { event: 'pinned', messageId: answer.message.id, on: true })
  expect((await bob.one('pinned', 'Alice')) as object).toMatchObject({ text: 'I do', reactions: [{ emoji: '👍' }] })

  expect(await alice.one('contacts')).toMatchObject({ name: 'Bob', isBlocked: false })
  expect(await bob.one('direct', aliceId)).toEqual({ id, title: 'Alice' })
  expect(await bob.refusal('leave', 'Alice')).toBe('NotAGroup')
  expect(await bob.refusal('direct', 'Carol')).toBe('ContactUnknown')
  expect(await alice.one('block', 'Bob')).toMatchObject({ isBlocked: true })
})

test('a contact is added to a group, given a role, and removed; doctor and peers say how he is reached', { timeout: TIMEOUT }, async () => {
  await alice.goOnline()
  await bob.goOnline()
  const { card } = (await alice.one('id')) as unknown as { card: string }
  const { card: bobsCard, userId: bobId } = (await bob.one('id')) as unknown as { card: string; userId: string }
  await alice.run('add-contact', bobsCard)
  await bob.run('add-contact', card)
  const [hers, his] = [await tailing(alice), await tailing(bob)]

  const { id } = (await alice.one('new', 'Hike')) as unknown as { id: string }
  expect(await alice.one('add', 'Hike', 'Bob')).toMatchObject({ id: bobId, role: 'writer' })
  await happened(hers, { event: 'memberStatus', conversation: id, memberId: bobId, status: 'ONLINE' })
  await bob.run('send', 'Hike', 'here I am')
  await happened(hers, { event: 'message', conversation: id })
  expect(await alice.one('role', 'Hike', 'Bob', 'moderator')).toMatchObject({ id: bobId, role: 'moderator' })
  await happened(his, { event: 'memberChanged', memberId: bobId })

  const doctor = (await alice.one('doctor')) as unknown as { people: { paths: { transport: string }[] }[]; conversations: object[] }
  expect(doctor.people).toMatchObject([{ id: bobId, name: 'Bob', status: 'ONLINE' }])
  // Both may have dialled: then the second link stands by.
  for (const { transport } of doctor.people[0]?.paths ?? []) expect(transport).toBe('libp2p')
  expect(doctor.people[0]?.paths.length).toBeGreaterThan(0)
  expect(doctor.conversations).toMatchObject([{ id, state: 'member', syncState: { phase: 'live', peers: 1 }, undelivered: 0, unheard: [] }])
  const [link] = await alice.run('peers')
  expect(link).toMatchObject({ transport: 'libp2p', user: bobId })

  expect(await bob.refusal('remove', 'Hike', 'Alice')).toBe('NotAllowed')
  expect(await alice.one('remove', 'Hike', 'Bob')).toMatchObject({ id: bobId, how: 'removed' })
  await happened(his, { event: 'state', conversation: id, state: 'removed' })
  expect(await bob.refusal('send', 'Hike', 'still here?')).toBe('NotAMember')
  expect(((await bob.one('messages', 'Hike')) as unknown as { totalMessages: number }).totalMessages).toBe(1)
  expect(await alice.run('members', 'Hike', '--former')).toMatchObject([
    { name: 'Alice', role: 'founder' },
    { name: 'Bob', how: 'removed' },
  ])
  expect(await bob.one('forget', 'Hike')).toEqual({ id, forgotten: true })
  expect(await bob.run('list')).toEqual([])
})

test('a link is used up, another is revoked, and whoever came by one leaves', { timeout: TIMEOUT }, async () => {
  await alice.goOnline()
  await alice.run('new', 'Hike')
  const { link } = (await alice.one('invite', 'Hike', '--role', 'reader')) as unknown as { link: string }
  expect(await bob.one('join', link, '--wait', '60s')).toMatchObject({ title: 'Hike', state: 'member' })
  expect(await bob.refusal('send', 'Hike', 'may I?')).toBe('NotAllowed')
  const [used] = (await alice.run('invites', 'Hike')) as unknown as { id: string }[]
  expect(used).toMatchObject({ role: 'reader', uses: 1, used: 1, state: 'used', link })
  const second = (await alice.one('invite', 'Hike')) as unknown as { link: string }
  expect(await alice.one('revoke', 'Hike', second.link)).toMatchObject({ state: 'revoked' })

  const hers = await tailing(alice)
  expect(await bob.one('leave', 'Hike', '--wait', '60s')).toMatchObject({ title: 'Hike', state: 'left' })
  await happened(hers, { event: 'memberRemoved' })
  expect(await alice.run('members', 'Hike', '--former')).toMatchObject([{ name: 'Alice' }, { name: 'Bob', how: 'left' }])
})
