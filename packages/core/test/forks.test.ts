/** One device, two histories: a profile that was copied or restored. Both are kept, everybody shows the same, and the key is frozen. */
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { copyDisk, createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** What somebody sees of a conversation, in full. */
async function seenBy(conversation: Conversation): Promise<unknown> {
  const { totalPages, totalMessages } = await conversation.getMessages()
  const messages: unknown[] = []
  for (let page = totalPages; page >= 1; page--)
    messages.push(
      ...(await conversation.getMessages(page)).messages.map((m) => [m.id, m.text, m.author.id, m.sentAt, m.editedAt !== undefined]),
    )
  return {
    totalMessages,
    messages,
    members: conversation.getMembers(),
    metadata: conversation.getMetadata(),
    title: conversation.getTitle(),
  }
}

const textsIn = async (conversation: Conversation): Promise<string[]> =>
  ((await seenBy(conversation)) as { messages: [string, string][] }).messages.map(([, text]) => text)

/** Waits until all see the same, with these texts among it. */
async function untilSame(conversations: readonly Conversation[], texts: readonly string[]): Promise<void> {
  await until(async () => {
    const [first, ...others] = await Promise.all(conversations.map(seenBy))
    const shown = await textsIn(conversations[0]!)
    return texts.every((text) => shown.includes(text)) && others.every((other) => JSON.stringify(other) === JSON.stringify(first))
  })
}

async function stop(peer: Parley): Promise<void> {
  await peer.close()
  world.peers.splice(world.peers.indexOf(peer), 1)
}

const groupOf = (peer: Parley): Conversation => peer.conversations[0]!
const say = (conversation: Conversation, ...texts: string[]): Promise<unknown> =>
  Promise.all(texts.map((text) => conversation.sendMessage({ text })))
const isFrozen = async (conversation: Conversation): Promise<boolean> =>
  conversation.sendMessage({ text: 'frozen?' }).then(
    () => false,
    (error: { code?: string }) => error.code === 'ProfileForked',
  )

/** A founder, a member `alice` whose profile is on a disk of its own, and others. */
async function createGroup(
  names: readonly string[],
): Promise<{ founder: Conversation; others: Conversation[]; alice: Parley; disk: MemoryDisk }> {
  const disk = createMemoryDisk()
  const alice = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const peers: Parley[] = []
  for (const name of names) peers.push(await world.peer(name))
  const [founder, hers, ...others] = await createSharedGroup(peers[0]!, alice, ...peers.slice(1))
  await until(() => founder!.members().every((m) => m.name !== ''))
  await say(hers!, 'before 1', 'before 2')
  await untilSame([founder!, hers!, ...others], ['before 1', 'before 2'])
  return { founder: founder!, others, alice, disk }
}

/** Starts both copies apart from each other, each with one half of the world. */
async function copyApart(disk: MemoryDisk, left: readonly string[], right: readonly string[]): Promise<{ one: Parley; two: Parley }> {
  const copy = await copyDisk(disk)
  world.network.partition([...left, 'alice'], [...right, 'alice again'])
  const one = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const two = await world.peer('alice again', { store: createMemoryStore({ disk: copy }) })
  return { one, two }
}

test('two members, each with the history of one copy: both keep both, show the same, and both copies are frozen', async () => {
  const { founder, others, alice, disk } = await createGroup(['bob', 'carol'])
  const [carols] = others as [Conversation]
  await stop(alice)
  const { one, two } = await copyApart(disk, ['bob'], ['carol'])
  await say(groupOf(one), 'one 1', 'one 2', 'one 3')
  await say(groupOf(two), 'two 1', 'two 2')
  await until(async () => (await textsIn(founder)).includes('one 3') && (await textsIn(carols)).includes('two 2'))
  await stop(one)
  await stop(two)
  world.network.heal()
  const all = ['before 1', 'before 2', 'one 1', 'one 2', 'one 3', 'two 1', 'two 2']
  await untilSame([founder, carols], all)
  expect((await textsIn(founder)).length).toBe(all.length)
  const again = await world.peer('alice', { store: createMemoryStore({ disk }) })
  await untilSame([founder, carols, groupOf(again)], all)
  await until(() => isFrozen(groupOf(again)))
  // The others go on.
  await say(founder, 'after')
  await untilSame([founder, carols, groupOf(again)], [...all, 'after'])
  // What was refused on the way is what honest peers cause.
  const innocent = new Set(['Forked', 'OutOfOrder', 'UnknownChunk'])
  for (const peer of world.peers) expect(Object.keys(peer.inspect().rejected).filter((code) => !innocent.has(code))).toEqual([])
})

test('five members, a fork in the middle of a long history, edits and deletions on both branches', { timeout: 60_000 }, async () => {
  const { founder, others, alice, disk } = await createGroup(['bob', 'carol', 'dave', 'erin'])
  const hers = groupOf(alice)
  await say(hers, ...Array.from({ length: 300 }, (_, i) => `common ${i}`))
  const kept = (await hers.getMessages()).messages
  await untilSame([founder, hers, ...others], ['common 299'])
  await stop(alice)
  const { one, two } = await copyApart(disk, ['bob', 'carol'], ['dave', 'erin'])
  const [first, second] = [groupOf(one), groupOf(two)]
  await say(first, ...Array.from({ length: 260 }, (_, i) => `one ${i}`))
  await say(second, ...Array.from({ length: 20 }, (_, i) => `two ${i}`))
  await first.updateMessage(kept[0]!.id, { text: 'edited by one' })
  await second.updateMessage(kept[1]!.id, { text: 'edited by two' })
  await first.deleteMessage(kept[2]!.id)
  await second.deleteMessage(kept[3]!.id)
  const own = (await second.getMessages()).messages.filter((m) => m.text.startsWith('two '))
  await second.deleteMessage(own.at(-1)!.id)
  await second.updateMessage(own.at(-2)!.id, { text: 'two edited' })
  const [carols, daves, erins] = others as [Conversation, Conversation, Conversation]
  await until(async () => (await textsIn(carols)).includes('edited by one') && (await textsIn(erins)).includes('two edited'))
  await founder.sendMessage({ text: 'meanwhile' })
  await stop(one)
  await stop(two)
  world.network.heal()
  const everybody = [founder, carols, daves, erins]
  await untilSame(everybody, ['edited by one', 'edited by two', 'two edited', 'one 259', 'two 0', 'meanwhile'])
  // 2 before, 300 in common, 260 and 20 on the branches, one more, less three deleted.
  expect((await founder.getMessages()).totalMessages).toBe(580)
  for (const gone of [kept[2]!, kept[3]!, own.at(-1)!])
    for (const conversation of everybody) expect(await conversation.getMessage(gone.id)).toBeUndefined()
  const again = await world.peer('alice', { store: createMemoryStore({ disk }) })
  await untilSame([...everybody, groupOf(again)], ['two 0'])
  await until(() => isFrozen(groupOf(again)))
})

test('three copies: three branches, everywhere', { timeout: 60_000 }, async () => {
  const { founder, others, alice, disk } = await createGroup(['bob', 'carol', 'dave'])
  const [carols, daves] = others as [Conversation, Conversation]
  await stop(alice)
  const third = await copyDisk(disk)
  const { one, two } = await copyApart(disk, ['bob'], ['carol'])
  world.network.partition(['bob', 'alice'], ['carol', 'alice again'], ['dave', 'alice too'])
  const three = await world.peer('alice too', { store: createMemoryStore({ disk: third }) })
  await say(groupOf(one), 'one 1', 'one 2')
  await say(groupOf(two), 'two 1')
  await say(groupOf(three), 'three 1', 'three 2', 'three 3')
  await until(async () => (await textsIn(daves)).includes('three 3') && (await textsIn(carols)).includes('two 1'))
  await until(async () => (await textsIn(founder)).includes('one 2'))
  for (const peer of [one, two, three]) await stop(peer)
  world.network.heal()
  await untilSame([founder, carols, daves], ['one 1', 'one 2', 'two 1', 'three 1', 'three 2', 'three 3'])
})

test(
  'a copy that branched off a branch, and who held more of it than its proof says: nothing that was shown is lost',
  { timeout: 60_000 },
  async () => {
    const { founder, others, alice, disk } = await createGroup(['bob', 'carol', 'dave'])
    const [carols, daves] = others as [Conversation, Conversation]
    await stop(alice)
    const first = await copyDisk(disk)
    world.network.partition(['alice', 'bob'], ['alice again', 'carol', 'dave'])
    const one = await world.peer('alice', { store: createMemoryStore({ disk }) })
    const two = await world.peer('alice again', { store: createMemoryStore({ disk: first }) })
    await say(groupOf(one), 'one 1')
    await say(groupOf(two), 'two 1', 'two 2')
    await until(async () => (await textsIn(carols)).includes('two 2') && (await textsIn(daves)).includes('two 2'))
    await stop(one)
    await stop(two)
    // The second copy is copied itself: dave goes on with one, carol with the other.
    const second = await copyDisk(first)
    world.network.partition(['alice again', 'carol'], ['alice too', 'dave'], ['bob'])
    const left = await world.peer('alice again', { store: createMemoryStore({ disk: first }) })
    const right = await world.peer('alice too', { store: createMemoryStore({ disk: second }) })
    await say(groupOf(left), 'left 1')
    await say(groupOf(right), 'right 1', 'right 2')
    await until(async () => (await textsIn(carols)).includes('left 1') && (await textsIn(daves)).includes('right 2'))
    await stop(left)
    await stop(right)
    // The fork at the root is proved first, by two who hold only the left part of the rest.
    world.network.partition(['bob', 'carol'], ['dave'])
    await untilSame([founder, carols], ['one 1', 'two 2', 'left 1'])
    world.network.heal()
    await untilSame([founder, carols, daves], ['one 1', 'two 1', 'two 2', 'left 1', 'right 1', 'right 2'])
  },
)

test('what was written apart from everybody is kept when the copy itself meets a member', { timeout: 60_000 }, async () => {
  const { founder, alice, disk } = await createGroup(['bob'])
  await stop(alice)
  const { one, two } = await copyApart(disk, ['bob'], [])
  await say(groupOf(one), 'one 1')
  await until(async () => (await textsIn(founder)).includes('one 1'))
  await say(groupOf(two), 'two 1', 'two 2')
  await stop(one)
  world.network.heal()
  await untilSame([founder, groupOf(two)], ['one 1', 'two 1', 'two 2'])
  await until(() => isFrozen(groupOf(two)))
})

test('a restart keeps the branches; one who joins later gets them all', { timeout: 60_000 }, async () => {
  const bobs = createMemoryDisk()
  const disk = createMemoryDisk()
  const bob = await world.peer('bob', { store: createMemoryStore({ disk: bobs }) })
  const alice = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const carol = await world.peer('carol')
  const [his, hers, carols] = (await createSharedGroup(bob, alice, carol)) as [Conversation, Conversation, Conversation]
  await say(hers, ...Array.from({ length: 270 }, (_, i) => `common ${i}`))
  await untilSame([his, hers, carols], ['common 269'])
  await stop(alice)
  const { one, two } = await copyApart(disk, ['bob'], ['carol'])
  await say(groupOf(one), ...Array.from({ length: 300 }, (_, i) => `one ${i}`))
  await say(groupOf(two), 'two 1')
  await until(async () => (await textsIn(his)).includes('one 299') && (await textsIn(carols)).includes('two 1'))
  await stop(one)
  await stop(two)
  world.network.heal()
  await untilSame([his, carols], ['one 299', 'two 1'])
  const before = await seenBy(his)
  await stop(bob)
  const again = await world.peer('bob', { store: createMemoryStore({ disk: bobs }) })
  expect(await seenBy(groupOf(again))).toEqual(before)
  const dave = await world.peer('dave')
  const joined = await dave.join(await groupOf(again).invite())
  await joined.admitted()
  await untilSame([groupOf(again), carols, joined], ['one 299', 'two 1', 'common 0'])
  await until(() => joined.syncState.phase === 'live')
})

test('the founder forks: invitations, admissions and metadata of both branches stay', { timeout: 60_000 }, async () => {
  const disk = createMemoryDisk()
  const alice = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const [bob, carol] = [await world.peer('bob'), await world.peer('carol')]
  const [hers, his, carols] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await say(hers, 'before')
  await untilSame([hers, his, carols], ['before'])
  await stop(alice)
  const copy = await copyDisk(disk)
  world.network.partition(['alice', 'bob', 'dave'], ['alice again', 'carol', 'erin'])
  const one = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const two = await world.peer('alice again', { store: createMemoryStore({ disk: copy }) })
  await groupOf(one).setTitle('One')
  await groupOf(two).setMetadata({ place: 'two' })
  await groupOf(two).setMetadata({ time: 'late' })
  const dave = await world.peer('dave')
  const daves = await dave.join(await groupOf(one).invite())
  await daves.admitted()
  const erin = await world.peer('erin')
  const erins = await erin.join(await groupOf(two).invite())
  await erins.admitted()
  await say(daves, 'dave is here')
  await say(erins, 'erin is here')
  await untilSame([groupOf(one), his, daves], ['dave is here'])
  await untilSame([groupOf(two), carols, erins], ['erin is here'])
  await stop(one)
  await stop(two)
  world.network.heal()
  await untilSame([his, carols, daves, erins], ['before', 'dave is here', 'erin is here'])
  expect(his.getTitle()).toBe('One')
  expect(his.getMetadata()).toEqual({ place: 'two', time: 'late' })
  expect(his.getMembers().length).toBe(5)
  const again = await world.peer('alice', { store: createMemoryStore({ disk }) })
  await untilSame([his, carols, daves, erins, groupOf(again)], ['erin is here'])
})

test('both copies online at once, with two members between them', { timeout: 60_000 }, async () => {
  const { founder, others, alice, disk } = await createGroup(['bob', 'carol'])
  const [carols] = others as [Conversation]
  await stop(alice)
  const { one, two } = await copyApart(disk, ['bob'], ['carol'])
  await say(groupOf(one), 'one 1', 'one 2')
  await say(groupOf(two), 'two 1')
  await until(async () => (await textsIn(founder)).includes('one 2') && (await textsIn(carols)).includes('two 1'))
  world.network.heal()
  await untilSame([founder, carols, groupOf(one), groupOf(two)], ['one 1', 'one 2', 'two 1'])
  await until(async () => (await isFrozen(groupOf(one))) && (await isFrozen(groupOf(two))))
  await say(carols, 'after')
  await untilSame([founder, carols, groupOf(one), groupOf(two)], ['after'])
})

describe('prevention', () => {
  test('a restored profile catches up with its own log before it writes, and does not fork', async () => {
    const { founder, alice, disk } = await createGroup(['bob'])
    await stop(alice)
    const old = await copyDisk(disk)
    const newer = await world.peer('alice', { store: createMemoryStore({ disk }) })
    await say(groupOf(newer), 'newer 1', 'newer 2')
    await until(async () => (await textsIn(founder)).includes('newer 2'))
    await stop(newer)
    const restored = await world.peer('alice', { store: createMemoryStore({ disk: old }) })
    const hers = groupOf(restored)
    await until(() => hers.syncState.peers === 1)
    await say(hers, 'restored')
    await untilSame([founder, hers], ['newer 1', 'newer 2', 'restored'])
    expect(await isFrozen(hers)).toBe(false)
  })

  test('offline, the first message is there at once', async () => {
    const { alice, disk } = await createGroup(['bob'])
    await stop(alice)
    world.network.partition(['alice'], ['bob'])
    const again = await world.peer('alice', { store: createMemoryStore({ disk }) })
    await say(groupOf(again), 'alone')
    expect(await textsIn(groupOf(again))).toContain('alone')
  })
})
