/** Removing somebody, over libp2p and TCP: what the one who was removed still hears, and that the others go on. */
import type { Conversation } from '@parley/core'
import { libp2pTransport } from '@parley/transport-libp2p'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { allTexts, createSharedGroup, createWorld, until, type World } from '../../packages/core/test/support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const onTcp = () => ({ transports: [libp2pTransport({ listen: ['/ip4/127.0.0.1/tcp/0'] })] })

test('three people over TCP: one is removed, hears so, and nothing more; with a new invite they read what they missed', async () => {
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((name) => world.peer(name, onTcp())))
  const [hers, his, theirs] = (await createSharedGroup(alice!, bob!, carol!)) as [Conversation, Conversation, Conversation]
  await his.sendMessage({ text: 'before' })
  await until(async () => (await allTexts(hers)).length === 1 && (await allTexts(theirs)).length === 1)
  await hers.removeMember(bob!.me.id)
  await until(() => his.state === 'removed' && theirs.getMembers().length === 2)
  await theirs.sendMessage({ text: 'without bob' })
  await until(async () => (await allTexts(hers)).length === 2)
  expect(await allTexts(his)).toEqual(['before'])
  await bob!.join(await hers.invite())
  await his.admitted()
  await until(async () => (await allTexts(his)).length === 2)
  await his.sendMessage({ text: 'back' })
  await until(async () => (await allTexts(theirs)).length === 3)
  expect(await allTexts(theirs)).toEqual(['before', 'without bob', 'back'])
})

test('over TCP somebody comes and goes three times, and the others have a new key each time', async () => {
  const [alice, bob] = [await world.peer('alice', onTcp()), await world.peer('bob', onTcp())]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await hers.sendMessage({ text: 'first' })
  await until(async () => (await allTexts(his)).length === 1)
  const carol = await world.peer('carol', onTcp())
  for (let i = 0; i < 3; i++) {
    const theirs = await carol.join(await hers.invite())
    await theirs.admitted()
    await until(() => hers.getMembers().length === 3)
    await hers.removeMember(carol.me.id)
    await until(() => theirs.state === 'removed')
    await hers.sendMessage({ text: `after removal ${i}` })
  }
  await until(async () => (await allTexts(his)).length === 4)
  expect(await allTexts(his)).toEqual(['first', 'after removal 0', 'after removal 1', 'after removal 2'])
  expect(his.getMembers()).toEqual([alice.me.id, bob.me.id])
  expect(his.formerMembers()).toMatchObject([{ id: carol.me.id, how: 'removed' }])
})
