/** Invite links: who is let in, by whom, and what the others are told. */
import { encodeInviteLink, parseInviteLink } from '@parley/protocol'
import { createManualClock, createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { createSharedGroup, createWorld, heard, passUntil, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const code = (conversation: Conversation): unknown => (conversation.refusal as { code?: string } | undefined)?.code

test('a link with several uses lets in as many people, also by a member who did not make it', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await hers.sendMessage({ text: 'before' })
  const link = await hers.invite({ uses: 2 })
  await until(() => his.getLastMessage() !== undefined)
  await until(() => bob.inspect().links[0]!.conversations.length === 1 && his.syncState.phase === 'live')
  await alice.close()
  const carol = await world.peer('carol')
  const theirs = await carol.join(link)
  await theirs.admitted()
  await until(async () => (await theirs.getMessages()).totalMessages === 1)
  expect(theirs.getMembers()).toEqual([alice.me.id, bob.me.id, carol.me.id])
  const dave = await world.peer('dave')
  const last = await dave.join(link)
  await last.admitted()
  const erin = await world.peer('erin')
  const late = await erin.join(link)
  await expect(late.admitted()).rejects.toMatchObject({ code: 'InviteUsedUp' })
  expect([late.state, code(late)]).toEqual(['refused', 'InviteUsedUp'])
  await expect(late.sendMessage({ text: 'x' })).rejects.toMatchObject({ code: 'InviteUsedUp' })
})

test('a link that has expired by the clock of the members is refused with InviteExpired', async () => {
  const clock = createManualClock()
  const still = createWorld(clock)
  const alice = await still.peer('alice')
  const group = await alice.createGroup({ title: 'Tea' })
  const link = await group.invite({ expiresInMs: 60_000 })
  await clock.advance(61_000)
  const bob = await still.peer('bob')
  const his = await bob.join(link)
  const states = heard(his, 'state')
  await passUntil(clock, () => his.state === 'refused')
  expect([code(his), states]).toEqual(['InviteExpired', [['refused']]])
  // A later join with a good link works, in the same conversation object.
  expect(await bob.join(await group.invite())).toBe(his)
  expect([his.state, his.refusal]).toEqual(['joining', undefined])
  await passUntil(clock, () => his.state === 'member')
  expect(his.getTitle()).toBe('Tea')
  await still.close()
})

test('a joiner who finds members by the topic alone is told of an expired link, too', async () => {
  const alice = await world.peer('alice')
  const group = await alice.createGroup()
  const link = await group.invite({ expiresInMs: 1, hints: [] })
  const bob = await world.peer('bob')
  const his = await bob.join(link)
  await expect(his.admitted()).rejects.toMatchObject({ code: 'InviteExpired' })
})

test.each(['', 'x', 'parley://join', 'parley://join#', 'parley://join#AAAA', 'parley://join#!!'])(
  '%j is no link: join refuses it with InviteInvalid',
  async (link) => {
    const bob = await world.peer('bob')
    await expect(bob.join(link)).rejects.toMatchObject({ code: 'InviteInvalid' })
    expect(bob.conversations).toEqual([])
  },
)

test('a cut or changed link: its bytes are refused at once, a wrong secret gets no answer, and a good link works afterwards', async () => {
  const alice = await world.peer('alice')
  const group = await alice.createGroup({ title: 'Tea' })
  const link = await group.invite()
  const bob = await world.peer('bob')
  await expect(bob.join(link.slice(0, -9))).rejects.toMatchObject({ code: 'InviteInvalid' })
  const parsed = parseInviteLink(link)
  const wrong = encodeInviteLink('parley://join', { ...parsed, seed: parsed.seed.with(0, parsed.seed[0]! ^ 1) })
  const his = await bob.join(wrong)
  await until(() => bob.inspect().links.length === 1 && bob.inspect().links[0]!.bytesIn > 0)
  await new Promise((resolve) => setTimeout(resolve, 50))
  // Whoever cannot prove an invite learns nothing, not even that it was refused.
  expect([his.state, his.getMembers(), his.getTitle()]).toEqual(['joining', [], ''])
  expect(alice.inspect().links[0]).toMatchObject({ user: undefined, conversations: [] })
  expect(await bob.join(link)).toBe(his)
  await his.admitted()
  expect(his.getTitle()).toBe('Tea')
})

test('a link to a conversation that nobody there knows stays unanswered', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const group = await alice.createGroup()
  const parsed = parseInviteLink(await group.invite())
  const unknown = encodeInviteLink('parley://join', { ...parsed, conversation: parsed.conversation.with(0, parsed.conversation[0]! ^ 1) })
  const his = await bob.join(unknown)
  await until(() => bob.inspect().links.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(his.state).toBe('joining')
  expect(alice.inspect().rejected).toEqual({})
})

test('joining while nobody is online: kept over a restart, and let in once a member comes', async () => {
  const [aliceDisk, bobDisk] = [createMemoryDisk(), createMemoryDisk()]
  const first = await world.peer('alice', { store: createMemoryStore({ disk: aliceDisk }) })
  const group = await first.createGroup({ title: 'Tea' })
  const link = await group.invite()
  await group.sendMessage({ text: 'waiting for you' })
  await first.close()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk: bobDisk }) })
  expect((await bob.join(link)).state).toBe('joining')
  await bob.close()
  const again = await world.peer('bob', { store: createMemoryStore({ disk: bobDisk }) })
  const his = again.conversations[0]!
  expect(his.state).toBe('joining')
  await world.peer('alice', { store: createMemoryStore({ disk: aliceDisk }) })
  await his.admitted()
  await until(async () => (await his.getMessages()).totalMessages === 1)
  expect(his.getTitle()).toBe('Tea')
})

test('the same link twice at once is one conversation, a member who opens it again stays one', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const group = await alice.createGroup()
  const link = await group.invite()
  const [one, two] = await Promise.all([bob.join(link), bob.join(link)])
  expect(one).toBe(two)
  expect(bob.conversations.length).toBe(1)
  await one.admitted()
  expect((await bob.join(link)).state).toBe('member')
  expect((await alice.join(link)).state).toBe('member')
  expect(group.getMembers()).toEqual([alice.me.id, bob.me.id])
})

test('only the founder makes links; bounds of uses and expiry are checked', async () => {
  const [hers, his] = (await createSharedGroup(await world.peer('alice'), await world.peer('bob'))) as [Conversation, Conversation]
  await expect(his.invite()).rejects.toMatchObject({ code: 'NotAllowed' })
  for (const init of [{ uses: 0 }, { uses: 1.5 }, { expiresInMs: 0 }, { expiresInMs: Number.NaN }, { hints: ['x'.repeat(300)] }]) {
    await expect(hers.invite(init)).rejects.toMatchObject({ code: 'InvalidArgument' })
  }
})

test('a member whose clock is behind lets somebody in, and it holds for everybody', async () => {
  const behind = { now: () => Date.now() - 300_000, setTimeout: (callback: () => void, ms: number) => clearable(callback, ms) }
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob', { clock: behind })]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const link = await hers.invite()
  await until(() => his.syncState.phase === 'live' && hers.members()[1]!.name === 'bob')
  await alice.close()
  const carol = await world.peer('carol')
  const theirs = await carol.join(link)
  await theirs.admitted()
  expect(theirs.getMembers()).toEqual(his.getMembers())
  expect(theirs.getMembers()).toContain(carol.me.id)
})

test('a link for one, used on both sides of a cut: everybody agrees in the end on who is in, and nobody asks for ever', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const link = await hers.invite()
  await until(() => his.syncState.phase === 'live' && hers.syncState.phase === 'live')
  await until(() => hers.members().every((m) => m.name !== ''))
  world.network.partition(['alice', 'carol'], ['bob', 'dave'])
  const [carol, dave] = [await world.peer('carol'), await world.peer('dave')]
  const [one, two] = [await carol.join(link), await dave.join(link)]
  await Promise.all([one.admitted(), two.admitted()])
  await Promise.all([one.sendMessage({ text: 'carol' }), two.sendMessage({ text: 'dave' })])
  world.network.heal()
  await until(() => hers.getMembers().length === 3 && String(hers.getMembers()) === String(his.getMembers()))
  const inside = hers.getMembers().includes(carol.me.id) ? one : two
  const word = inside === one ? 'carol' : 'dave'
  for (const conversation of [hers, his]) await until(async () => (await textsWithout(conversation)) === word)
  await until(() => hers.getLastMessage()?.text === word && his.getLastMessage()?.text === word)
  // Who turned out to be one too many is told, and a good link lets them in.
  const outside = inside === one ? two : one
  await until(() => outside.state === 'refused')
  expect([code(outside), await textsWithout(outside)]).toEqual(['InviteUsedUp', ''])
  const before = trafficOf(alice, bob)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(trafficOf(alice, bob) - before).toBeLessThan(20_000)
})

const textsWithout = async (conversation: Conversation): Promise<string> =>
  (await conversation.getMessages()).messages.map((m) => m.text).join()
const trafficOf = (...peers: Parley[]): number =>
  peers.flatMap((p) => p.inspect().links).reduce((sum, l) => sum + l.bytesIn + l.bytesOut, 0)

function clearable(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, ms)
  return () => clearTimeout(timer)
}
