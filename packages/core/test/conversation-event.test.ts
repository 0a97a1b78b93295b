/** Each conversation that comes to be among `conversations` is told once, however it came. */
import { createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Parley } from '../src/index.ts'
import { createWorld, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

/** Ids of the conversations that `parley` tells of from now on; each is listed by then. */
function told(parley: Parley): string[] {
  const ids: string[] = []
  parley.on('conversation', (conversation) => {
    expect(parley.conversations).toContain(conversation)
    ids.push(conversation.getId())
  })
  return ids
}

test('made, joined, accepted; not a request, nor what was there before, nor what only changed; again after it was forgotten', async () => {
  const disk = createMemoryDisk()
  const [alice, bob] = [await world.peer('alice', { store: createMemoryStore({ disk }) }), await world.peer('bob')]
  const [hers, his] = [told(alice), told(bob)]
  const group = await alice.createGroup({ title: 'Picnic' })
  const joined = await bob.join(await group.invite())
  await joined.admitted()
  await joined.sendMessage({ text: 'thank you' })
  await until(() => group.getLastMessage()?.text === 'thank you')
  expect([hers, his]).toEqual([[group.getId()], [group.getId()]])

  await alice.addContact(await bob.contactCard())
  const direct = await alice.createConversation({ with: bob.me.id })
  await until(() => bob.requests.length === 1)
  expect([hers.at(-1), his.length]).toEqual([direct.getId(), 1])
  await bob.requests[0]!.accept()
  await until(() => his.at(-1) === direct.getId())

  await joined.leave()
  await bob.forget(joined.getId())
  await (await bob.join(await group.invite())).admitted()
  expect(his).toEqual([group.getId(), direct.getId(), group.getId()])

  await alice.close()
  const later = await world.peer('alice', { store: createMemoryStore({ disk }) })
  const since = told(later)
  await later.conversation(group.getId())!.sendMessage({ text: 'still here' })
  expect([later.conversations.length, since]).toEqual([2, []])
})
