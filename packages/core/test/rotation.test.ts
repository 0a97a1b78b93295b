/** New keys: when they are made, who gets them, and that nobody who is in is left behind. */
import type { CryptoProvider } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { equalBytes } from '@parley/protocol'
import { createManualClock, createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Clock, Conversation } from '../src/index.ts'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import { trusting } from '../src/replica/control-verifier.ts'
import {
  allTexts,
  createGroupOn,
  createSharedGroup,
  createWorld,
  passUntil,
  systemClock,
  until,
  type PeerInit,
  type World,
} from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const replicaOf = (conversation: Conversation) => (conversation as LiveConversation).replica
const epochsOf = (conversation: Conversation) => [...replicaOf(conversation).controls.membership.epochs.values()]

test('two admins remove somebody each at once: nobody of the two reads on, and the next to write makes the key', async () => {
  const names = ['alice', 'bob', 'carol', 'dave']
  const [alice, bob, carol, dave] = await Promise.all(names.map((name) => world.peer(name)))
  const [hers, his, theirs, daves] = await createSharedGroup(alice!, bob!, carol!, dave!)
  await hers!.setRole(bob!.me.id, 'admin')
  await until(() => his!.role === 'admin' && theirs!.getMembers().length === 4)
  world.network.partition(['alice'], ['bob'], ['carol', 'dave'])
  await hers!.removeMember(carol!.me.id)
  await his!.removeMember(dave!.me.id)
  world.network.heal()
  await until(() => hers!.getMembers().length === 2 && his!.getMembers().length === 2)
  // Each had given the new key to the one whom the other removed.
  expect(epochsOf(hers!).map(({ isUsable }) => isUsable)).toEqual([false, false, false])
  await hers!.sendMessage({ text: 'the two of us' })
  await until(async () => (await allTexts(his!)).length === 1)
  expect(epochsOf(his!).filter(({ isUsable }) => isUsable)).toHaveLength(1)
  await until(() => theirs!.state === 'removed' && daves!.state === 'removed')
  expect([await allTexts(theirs!), await allTexts(daves!)]).toEqual([[], []])
})

test('two admins remove each other at once: the senior one stays, for everybody', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await hers.setRole(bob.me.id, 'admin')
  await hers.setRole(carol.me.id, 'admin')
  await until(() => his.role === 'admin' && theirs.role === 'admin' && theirs.members()[1]!.role === 'admin')
  world.network.partition(['alice', 'bob'], ['carol'])
  await his.removeMember(carol.me.id)
  // She was made admin after him: her word does not hold against his, heard or not.
  await expect(theirs.removeMember(bob.me.id)).rejects.toMatchObject({ code: 'NotAllowed' })
  world.network.heal()
  await until(() => theirs.state === 'removed' && hers.getMembers().length === 2)
  expect(hers.getMembers()).toEqual([alice.me.id, bob.me.id])
  expect(his.getMembers()).toEqual([alice.me.id, bob.me.id])
  await expect(his.removeMember(alice.me.id)).rejects.toMatchObject({ code: 'NotAllowed' })
})

test('[S11] a late message from an earlier epoch, by somebody who is in, is shown', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await until(() => his.getMembers().length === 3)
  world.network.partition(['alice', 'carol'], ['bob'])
  await his.sendMessage({ text: 'written offline' })
  await hers.removeMember(carol.me.id)
  await hers.sendMessage({ text: 'new key' })
  world.network.heal()
  await until(async () => (await allTexts(hers)).length === 2 && (await allTexts(his)).length === 2)
  expect(await allTexts(hers)).toEqual(['written offline', 'new key'])
  expect(theirs.state).toBe('removed')
})

test('[S12] a device that was offline through twenty rotations finds the others by itself, catches up, and talks on', async () => {
  const [disk, hersDisk] = [createMemoryDisk(), createMemoryDisk()]
  const alice = await world.peer('alice', { store: createMemoryStore({ disk: hersDisk }) })
  const bob = await world.peer('bob', { store: createMemoryStore({ disk }) })
  let [hers] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await until(() => replicaOf(hers).controls.profile(bob.me.id).name === 'bob')
  await bob.close()
  for (let i = 0; i < 20; i++) {
    await hers.invite()
    await hers.revokeInvite(hers.invites()[0]!.id)
    await hers.sendMessage({ text: `under key ${i}` })
  }
  expect(epochsOf(hers)).toHaveLength(21)
  // She is not where he left her, and what both look for at the meeting points has changed twenty times.
  await alice.close()
  const moved = await world.peer('alice', {
    store: createMemoryStore({ disk: hersDisk }),
    transports: [world.network.transport('elsewhere')],
  })
  hers = moved.conversations[0]!
  const again = await world.peer('bob', { store: createMemoryStore({ disk }) })
  const his = again.conversations[0]!
  await until(async () => (await his.getMessages()).totalMessages === 20 && (await allTexts(his)).every((text) => text !== ''))
  expect(await allTexts(his)).toEqual(await allTexts(hers))
  await his.sendMessage({ text: 'here again' })
  await until(async () => (await hers.getMessages()).totalMessages === 21)
  expect(replicaOf(his).epochs.current!.id).toEqual(replicaOf(hers).epochs.current!.id)
})

test('a revoked link admits nobody, and says so; those who came by it stay', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const hers = await alice.createGroup()
  const link = await hers.invite({ uses: 2, role: 'reader' })
  const his = await bob.join(link)
  await his.admitted()
  expect(his.role).toBe('reader')
  await expect(his.sendMessage({ text: 'may I?' })).rejects.toMatchObject({ code: 'NotAllowed' })
  expect(hers.invites()).toMatchObject([{ role: 'reader', uses: 2, used: 1, state: 'open', by: alice.me.id, link }])
  await until(() => his.invites().length === 1)
  expect(his.invites()[0]!.link).toBeUndefined()
  await expect(his.revokeInvite(his.invites()[0]!.id)).rejects.toMatchObject({ code: 'NotAllowed' })
  await hers.revokeInvite(hers.invites()[0]!.id)
  expect(hers.invites()[0]!.state).toBe('revoked')
  const theirs = await carol.join(link)
  await expect(theirs.admitted()).rejects.toMatchObject({ code: 'InviteInvalid' })
  expect(hers.getMembers()).toEqual([alice.me.id, bob.me.id])
})

test('history from the admission on: a newcomer knows the members, and reads nothing of before', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await hers.setHistory('joined')
  await hers.sendMessage({ text: 'before carol' })
  await until(async () => his.history === 'joined' && (await allTexts(his)).length === 1)
  const theirs = await carol.join(await hers.invite())
  await theirs.admitted()
  await until(() => his.getMembers().length === 3 && theirs.members().length === 3)
  await hers.sendMessage({ text: 'welcome' })
  await theirs.sendMessage({ text: 'thank you' })
  await until(async () => (await allTexts(his)).length === 3 && (await allTexts(theirs)).length === 2)
  expect(await allTexts(theirs)).toEqual(['welcome', 'thank you'])
  expect(theirs.members().map(({ name }) => name)).toEqual(['alice', 'bob', 'carol'])
  expect(
    replicaOf(theirs)
      .epochs.all()
      .filter(({ secret }) => secret.msg !== undefined),
  ).toHaveLength(1)
})

test('a key is used for thirty days, and then the next to write makes another', async () => {
  let days = 0
  const clock: Clock = { now: () => Date.now() + days * 86_400_000, setTimeout: (f, ms) => systemClock.setTimeout(f, ms) }
  const [alice, bob] = [await world.peer('alice', { clock }), await world.peer('bob', { clock })]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  days = 29
  await hers.sendMessage({ text: 'old key' })
  expect(epochsOf(hers)).toHaveLength(1)
  days = 31
  await hers.sendMessage({ text: 'new key' })
  expect(epochsOf(hers)).toHaveLength(2)
  await until(async () => (await his.getMessages()).totalMessages === 2)
  expect(await allTexts(his)).toEqual(['old key', 'new key'])
})

test('whoever was given a key that does not open asks the others, and gets it from any of them', async () => {
  const honest = nodeProvider()
  const victim: { key?: Uint8Array } = {}
  const crypto: CryptoProvider = {
    ...trusting(honest),
    verify: (job) => honest.verify(job),
    verifyMany: (jobs) => honest.verifyMany(jobs),
    encapsulate: async (secret: Uint8Array, publicKey: Uint8Array) => {
      const made = await honest.encapsulate(secret, publicKey)
      return made !== undefined && victim.key !== undefined && equalBytes(publicKey, victim.key)
        ? { ...made, shared: new Uint8Array(32) }
        : made
    },
  }
  const mallory = await world.peer('mallory', { crypto } as PeerInit)
  const [bob, carol] = [await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(mallory, bob, carol)) as [Conversation, Conversation, Conversation]
  await until(() => his.getMembers().length === 3)
  victim.key = replicaOf(hers).controls.certOf(carol.me.deviceId)!.agreeKey
  await hers.invite()
  await hers.revokeInvite(hers.invites()[0]!.id)
  await hers.sendMessage({ text: 'not for carol' })
  await until(async () => (await allTexts(his)).length === 1)
  await carol.connect('memory:bob')
  await until(async () => (await allTexts(theirs)).length === 1)
  expect(await allTexts(theirs)).toEqual(['not for carol'])
  expect(replicaOf(theirs).missingEpochs()).toEqual([])
})

test('after somebody has left, those who stay hear of one another though nobody writes', async () => {
  const clock = createManualClock()
  const quiet = createWorld(clock)
  const [alice, bob, carol] = [await quiet.peer('alice'), await quiet.peer('bob'), await quiet.peer('carol')]
  const [hers, his, theirs] = (await createGroupOn(clock, alice, bob, carol)) as [Conversation, Conversation, Conversation]
  let hasLeft = false
  const leaving = theirs.leave().then(() => (hasLeft = true))
  await passUntil(clock, () => hasLeft && hers.getMembers().length === 2 && his.getMembers().length === 2)
  await leaving
  expect(replicaOf(hers).controls.membership.currentEpoch).toBeUndefined()
  // Twice as long as it takes for somebody who is silent to be offline.
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(hers.members().map(({ status }) => status)).toEqual(['ONLINE', 'ONLINE'])
  expect(his.members().map(({ status }) => status)).toEqual(['ONLINE', 'ONLINE'])
  expect(replicaOf(theirs).epochs.current).toBeUndefined()
  const closing = quiet.close()
  await clock.advance(1_000)
  await closing
})
