/** Who may do what: roles given, taken and overstepped; people added by name; leaving while nobody hears it. */
import { deviceKeysOf, issueDeviceCert, verifyDeviceCert } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { deviceIdOf, type EpochControl } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import type { Conversation } from '../src/index.ts'
import { storeKeyVault } from '../src/profile/key-vault.ts'
import { loadProfile } from '../src/profile/profile.ts'
import { allTexts, createSharedGroup, createWorld, heard, systemClock, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

test('a role changes for everybody: what was written before stays, and a reader writes nothing', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await his.sendMessage({ text: 'as a writer' })
  await until(async () => (await allTexts(hers)).length === 1)
  const changed = heard(his, 'memberChanged')
  await hers.setRole(bob.me.id, 'reader')
  await until(() => his.role === 'reader')
  expect(changed).toEqual([[bob.me.id]])
  await expect(his.sendMessage({ text: 'as a reader' })).rejects.toMatchObject({ code: 'NotAllowed' })
  await expect(his.setTitle('Mine')).rejects.toMatchObject({ code: 'NotAllowed' })
  await his.seen()
  await hers.setRole(bob.me.id, 'admin')
  await until(() => his.role === 'admin')
  await his.sendMessage({ text: 'as an admin' })
  await until(async () => (await allTexts(hers)).length === 2)
  expect(await allTexts(hers)).toEqual(['as a writer', 'as an admin'])
  expect(hers.members().map(({ name, role }) => [name, role])).toEqual([
    ['alice', 'founder'],
    ['bob', 'admin'],
  ])
})

test('who may not, hears NotAllowed, and nothing is written', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation]
  await until(() => his.getMembers().length === 3)
  const refused = { code: 'NotAllowed' }
  await expect(his.removeMember(carol.me.id)).rejects.toMatchObject(refused)
  await expect(his.setRole(carol.me.id, 'admin')).rejects.toMatchObject(refused)
  await expect(his.invite()).rejects.toMatchObject(refused)
  await expect(his.addMember(alice.me.id)).rejects.toMatchObject(refused)
  await expect(his.setHistory('joined')).rejects.toMatchObject(refused)
  await expect(hers.removeMember(alice.me.id)).rejects.toMatchObject(refused)
  await expect(hers.setRole(bob.me.id, 'founder' as never)).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(hers.invite({ role: 'admin' as never })).rejects.toMatchObject({ code: 'InvalidArgument' })
  const nobody = `${'a'.repeat(51)}q` as never
  await expect(hers.removeMember(nobody)).rejects.toMatchObject({ code: 'NotAMember' })
  await expect(hers.addMember(nobody)).rejects.toMatchObject({ code: 'ContactUnknown' })
  await expect(hers.revokeInvite(`${'a'.repeat(57)}q` as never)).rejects.toMatchObject({
    code: expect.stringMatching(/NotFound|InvalidArgument/),
  })
  await expect(alice.forget(hers.getId())).rejects.toMatchObject(refused)
})

test('a contact is added by name, reads everything, and can be removed and added again', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await alice.addContact(await bob.contactCard())
  await bob.addContact(await alice.contactCard())
  const hers = await alice.createGroup({ title: 'Tea' })
  await hers.sendMessage({ text: 'before bob' })
  await alice.connect('memory:bob')
  await hers.addMember(bob.me.id)
  // He has not said yet what he is called; his card has.
  expect(hers.members().map(({ name }) => name)).toEqual(['alice', 'bob'])
  await until(() => bob.conversations.length === 1)
  const his = bob.conversations[0]!
  if (his.state === 'request') await his.accept()
  await until(async () => his.state === 'member' && (await allTexts(his)).length === 1)
  await his.sendMessage({ text: 'thank you' })
  await until(async () => (await allTexts(hers)).length === 2)
  await hers.removeMember(bob.me.id)
  await until(() => his.state === 'removed')
  await hers.sendMessage({ text: 'meanwhile' })
  await hers.addMember(bob.me.id)
  await until(async () => his.state === 'member' && (await allTexts(his)).length === 3)
  await his.sendMessage({ text: 'back' })
  await until(async () => (await allTexts(hers)).length === 4)
  expect(await allTexts(his)).toEqual(['before bob', 'thank you', 'meanwhile', 'back'])
})

test('a further device of a member comes in with every key, and once it is lost nothing is sealed for it any more', async () => {
  const store = createMemoryStore()
  const [alice, bob] = [await world.peer('alice', { store }), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [LiveConversation, LiveConversation]
  const crypto = nodeProvider()
  const keys = deviceKeysOf(crypto, { signSecret: new Uint8Array(32).fill(7), agreeSecret: new Uint8Array(32).fill(8) })
  const parts = { store, crypto, clock: systemClock, random: seededRandom(1), logger: silentLogger() }
  const { identity } = await loadProfile({ ...parts, vault: storeKeyVault(parts) }, undefined)
  const issuer = { keys: identity.keys, cert: hers.replica.controls.certOf(alice.me.deviceId)! }
  const bytes = await issueDeviceCert(crypto, issuer, keys, { createdMs: 1 })
  const cert = (await verifyDeviceCert(crypto, bytes, hers.replica.controls.certOf))!
  await hers.replica.changeMembership((writes) => writes.addDevice(cert))
  await until(() => his.members()[0]!.devices.length === 2)
  expect(his.members()[0]!.devices).toEqual([alice.me.deviceId, cert.deviceId])
  const { epochs, currentEpoch } = his.replica.controls.membership
  expect([...epochs.values()].map(({ isUsable }) => isUsable)).toEqual([true])
  await hers.replica.changeMembership((writes) => writes.removeDevice(cert.deviceId))
  await until(() => his.members()[0]!.devices.length === 1)
  await his.sendMessage({ text: 'not for the lost one' })
  expect(his.replica.epochs.current!.id).not.toEqual(currentEpoch)
  const opener = hers.replica.controls.entries().findLast(({ payload }) => payload?.op === 'epoch')!.payload as EpochControl
  expect(opener.boxes.map(({ device }) => deviceIdOf(device))).toEqual([bob.me.deviceId])
})

test('leaving while nobody is there is heard later, also after a restart; then the copy can be deleted', async () => {
  const disk = createMemoryDisk()
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob', { store: createMemoryStore({ disk }) })]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await hers.sendMessage({ text: 'stay' })
  await until(async () => (await allTexts(his)).length === 1)
  world.network.partition(['alice'], ['bob'])
  await his.leave()
  await bob.close()
  world.network.heal()
  const again = await world.peer('bob', { store: createMemoryStore({ disk }) })
  await again.connect('memory:alice')
  await until(() => hers.getMembers().length === 1)
  expect(hers.formerMembers()).toMatchObject([{ id: bob.me.id, how: 'left' }])
  const left = again.conversations[0]!
  expect([left.state, await allTexts(left)]).toEqual(['left', ['stay']])
  await again.forget(left.getId())
  expect(again.conversations).toEqual([])
})
