/** One device, two histories: a profile that was copied or restored. Both are kept, everybody shows the same, and the key is frozen. */
import { nodeProvider } from '@parley/crypto/node'
import { createMemoryDisk, createMemoryStore, type MemoryDisk } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

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
    messages.push(...(await conversation.getMessages(page)).messages.map((m) => [m.id, m.text, m.author.id, m.sentAt, m.editedAt !== undefined]))
  return { totalMessages, messages, members: conversation.getMembers(), metadata: conversation.getMetadata(), title: conversation.getTitle() }
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

/** Another disk with the same rows. Nobody may have the first one open. */
async function copyDisk(disk: MemoryDisk): Promise<MemoryDisk> {
  const copy = createMemoryDisk()
  const [from, to] = [createMemoryStore({ disk }), createMemoryStore({ disk: copy })]
  const rows = await from.range({ gte: new Uint8Array(0), lt: new Uint8Array(40).fill(0xff) })
  await to.write(rows.map(({ key, value }) => ({ type: 'put', key, value })), { durability: 'strict' })
  await from.close()
  await to.close()
  return copy
}

async function stop(peer: Parley): Promise<void> {
  await peer.close()
  world.peers.splice(world.peers.indexOf(peer), 1)
}

const groupOf = (peer: Parley): Conversation => peer.conversations[0]!
const say = (conversation: Conversation, ...texts: string[]): Promise<unknown> => Promise.all(texts.map((text) => conversation.sendMessage({ text })))
const isFrozen = async (conversation: Conversation): Promise<boolean> =>
  conversation.sendMessage({ text: 'frozen?' }).then(
    () => false,
    (error: { code?: string }) => error.code === 'ProfileForked',
  )

/** A founder, a member `alice` whose profile is on a disk of its own, and others. */
async function createGroup(names: readonly string[]): Promise<{ founder: Conversation; others: Conversation[]; alice: Parley; disk: MemoryDisk }> {
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
async function copyApart(
  disk: MemoryDisk,
  left: readonly string[],
  right: readonly string[],
): Promise<{ one: Parley; two: Parley }> {
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
  for (const peer of world.peers) expect(peer.inspect().rejected).toEqual({})
})

void nodeProvider
void describe
