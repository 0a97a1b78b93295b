/** Removing people: what they read, what they write, and what everybody else is told. */
import { compareHlc } from '@parley/protocol'
import { createManualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import type { Conversation } from '../src/index.ts'
import { allTexts, createGroupOn, createSharedGroup, createWorld, heard, textsOf, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const replicaOf = (conversation: Conversation) => (conversation as LiveConversation).replica

test('somebody who was removed reads nothing that is written afterwards, and what they wrote before stays', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await his.sendMessage({ text: 'from bob' })
  await until(async () => (await allTexts(hers)).length === 1 && (await allTexts(theirs)).length === 1)
  const removed = heard(theirs, 'memberRemoved')
  await hers.removeMember(bob.me.id)
  await until(() => his.state === 'removed' && theirs.getMembers().length === 2)
  expect(hers.getMembers()).toEqual([alice.me.id, carol.me.id])
  expect(removed).toEqual([[bob.me.id]])
  expect(theirs.formerMembers()).toMatchObject([{ id: bob.me.id, name: 'bob', by: alice.me.id, how: 'removed' }])
  expect(his.formerMembers()).toMatchObject([{ id: bob.me.id, by: alice.me.id, how: 'removed' }])
  await hers.sendMessage({ text: 'without bob' })
  await until(async () => (await allTexts(theirs)).length === 2)
  expect(await textsOf(theirs)).toEqual(['from bob', 'without bob'])
  expect(await textsOf(his)).toEqual(['from bob'])
  // Of what is said about the conversation he hears up to his removal, and nothing that came after it; a new link changes nothing.
  await hers.setTitle('Without bob')
  const last = replicaOf(hers).controls.endOf(bob.me.deviceId)!
  world.network.disconnect('alice', 'bob')
  await bob.connect('memory:alice')
  await until(() => alice.inspect().links.some(({ user, conversations }) => user === bob.me.id && conversations.length === 1))
  await until(async () => theirs.getTitle() === 'Without bob')
  expect(his.getTitle()).toBe('Picnic')
  expect(
    replicaOf(his)
      .controls.entries()
      .filter(({ hlc }) => compareHlc(hlc, last) > 0),
  ).toEqual([])
  expect(replicaOf(his).epochs.all()).toHaveLength(1)
  await expect(his.sendMessage({ text: 'still here?' })).rejects.toMatchObject({ code: 'NotAMember' })
})

test('leaving: the others are told, the conversation stays readable, and a new invite brings one back', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await his.sendMessage({ text: 'hello' })
  await until(async () => (await allTexts(hers)).length === 1)
  await his.leave()
  expect([his.state, his.role, await textsOf(his)]).toEqual(['left', undefined, ['hello']])
  await until(() => hers.getMembers().length === 1)
  expect(hers.formerMembers()).toMatchObject([{ id: bob.me.id, how: 'left' }])
  await hers.sendMessage({ text: 'alone' })
  expect(await bob.join(await hers.invite())).toBe(his)
  await his.admitted()
  await until(async () => (await allTexts(his)).length === 2)
  expect(await textsOf(his)).toEqual(['hello', 'alone'])
  await his.sendMessage({ text: 'back' })
  await until(async () => (await allTexts(hers)).length === 3)
  expect(hers.getMembers()).toEqual([alice.me.id, bob.me.id])
  expect(hers.formerMembers()).toEqual([])
})

test('who left while nobody heard it, and comes back by a new invite, is in again', async () => {
  const clock = createManualClock()
  const slow = createWorld(clock)
  const [alice, bob] = [await slow.peer('alice'), await slow.peer('bob')]
  const [hers, his] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
  slow.network.partition(['alice'], ['bob'])
  await his.leave()
  await bob.join(await hers.invite())
  expect([his.state, hers.getMembers().length]).toEqual(['joining', 2])
  slow.network.heal()
  const passes = async (check: () => boolean | Promise<boolean>): Promise<boolean> => {
    for (let second = 0; second < 60 && !(await check()); second++) {
      await clock.advance(1_000)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return check()
  }
  expect(await passes(() => his.state === 'member' && hers.getMembers().length === 2)).toBe(true)
  let isSent = false
  const sending = his.sendMessage({ text: 'back' }).then(() => (isSent = true))
  expect(await passes(async () => isSent && (await allTexts(hers)).length === 1)).toBe(true)
  await sending
  const closing = slow.close()
  await clock.advance(1_000)
  await closing
})

test.for(['the same link', 'another link'])(
  'who left, forgot the conversation and comes back by %s while still connected, is in again and writes',
  async (by) => {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const group = await alice.createGroup({ title: 'Picnic' })
    const link = await group.invite({ uses: 2 })
    const first = await bob.join(link)
    await first.admitted()
    await first.sendMessage({ text: 'hello' })
    await until(() => group.getLastMessage()?.text === 'hello')
    await first.leave()
    await bob.forget(first.getId())
    const again = await bob.join(by === 'the same link' ? link : await group.invite())
    await again.admitted()
    await again.sendMessage({ text: 'back' })
    await until(async () => (await allTexts(group)).length === 2)
    await until(async () => (await allTexts(again)).length === 2)
    expect([await textsOf(group), await textsOf(again), group.getMembers().length]).toEqual([['hello', 'back'], ['hello', 'back'], 2])
    expect(alice.inspect().links).toHaveLength(1)
  },
)
