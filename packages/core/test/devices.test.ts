/** Several devices of one person: adding one, talking from both, and cutting a lost one off. */
import { createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation, Parley } from '../src/index.ts'
import { addDevice } from './device-world.ts'
import { allTexts, createSharedGroup, createWorld, heard, textsOf, until, type World } from './support.ts'

let world: World

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

test('a second device has everything of the first, and what either says is said by the user', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = await createSharedGroup(alice, bob)
  await hers!.sendMessage({ text: 'one' })
  await his!.sendMessage({ text: 'two' })
  const phone = await addDevice(world, alice, 'phone')
  expect(phone.me).toMatchObject({ id: alice.me.id, name: 'alice' })
  await until(() => phone.conversations.length === 1 && phone.conversations[0]!.state === 'member')
  const on = phone.conversations[0]!
  await until(async () => (await allTexts(on)).join() === 'one,two')
  const messages = heard(hers!, 'message')
  const sent = await on.sendMessage({ text: 'three' })
  await until(() => messages.length === 1)
  expect(messages[0]![0].author.id).toBe(alice.me.id)
  await hers!.updateMessage(sent.id, { text: 'three!' })
  await until(async () => (await textsOf(his!)).join() === 'one,two,three!' && (await textsOf(on)).join() === 'one,two,three!')
  expect((await his!.getMessages()).messages.map(({ author }) => author.id)).toEqual([alice.me.id, bob.me.id, alice.me.id])
  expect(his!.getMembers()).toHaveLength(2)
  expect(alice.devices.map(({ name, status, isThis }) => ({ name, status, isThis }))).toEqual([
    { name: '', status: 'active', isThis: true },
    { name: 'phone', status: 'active', isThis: false },
  ])
  expect(phone.conversations.map((c) => c.getTitle())).toEqual(['Picnic'])
})

/** The same conversation as another engine has it. */
async function sameOn(parley: Parley, conversation: Conversation): Promise<Conversation> {
  await until(() => parley.conversation(conversation.getId())?.state === 'member')
  return parley.conversation(conversation.getId())!
}

test('groups that one device makes or joins, and conversations of two, are on all of them', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const phone = await addDevice(world, alice, 'phone')
  const made = await phone.createGroup({ title: 'made on the phone' })
  await sameOn(alice, made)
  const group = await bob.createGroup({ title: 'joined on the phone' })
  const joined = await phone.join(await group.invite())
  await joined.admitted()
  const onAlice = await sameOn(alice, joined)
  await onAlice.sendMessage({ text: 'from the computer' })
  await until(async () => (await allTexts(group)).join() === 'from the computer')
  // Bob knows the phone by its card alone, and the computer comes in with it.
  await bob.addContact(await phone.contactCard())
  await phone.addContact(await bob.contactCard())
  const direct = await bob.createConversation({ with: alice.me.id })
  await direct.sendMessage({ text: 'hello' })
  await until(() => phone.conversation(direct.getId())?.state === 'member')
  const onComputer = await sameOn(alice, direct)
  await until(async () => (await allTexts(onComputer)).join() === 'hello')
  await onComputer.sendMessage({ text: 'hello from the other one' })
  await until(async () => (await allTexts(direct)).length === 2)
  expect((await direct.getMessages()).messages.at(-1)!.author.id).toBe(alice.me.id)
  await phone.close()
  await onComputer.sendMessage({ text: 'still here' })
  await until(async () => (await allTexts(direct)).length === 3)
  expect(direct.getMembers()).toHaveLength(2)
})

test('[I4] a removed device reads nothing that follows, and what it writes is shown by nobody', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const phone = await addDevice(world, alice, 'phone')
  const on = await sameOn(phone, hers)
  await on.sendMessage({ text: 'before' })
  await until(async () => (await allTexts(his)).join() === 'before')
  world.network.partition(['alice', 'bob'], ['phone'])
  await on.sendMessage({ text: 'a thief' })
  await alice.removeDevice(phone.me.deviceId)
  expect(alice.devices.map(({ status }) => status)).toEqual(['active', 'removed'])
  await until(() => his.members().find(({ id }) => id === alice.me.id)!.devices.length === 1)
  await hers.sendMessage({ text: 'after' })
  await his.sendMessage({ text: 'indeed' })
  world.network.heal()
  await until(() => on.state === 'removed')
  await until(async () => (await allTexts(his)).join() === 'before,after,indeed')
  expect(await allTexts(hers)).toEqual(['before', 'after', 'indeed'])
  expect(await allTexts(on)).toEqual(['before', 'a thief'].slice(0, (await allTexts(on)).length))
  await expect(on.sendMessage({ text: 'more' })).rejects.toMatchObject({ code: 'NotAMember' })
  expect(phone.devices.find(({ isThis }) => isThis)!.status).toBe('removed')
  await expect(alice.removeDevice(alice.me.deviceId)).rejects.toMatchObject({ code: 'NotAllowed' })
  // Where it never was it cannot come in as the user either: a conversation of two takes any device of its two people.
  await alice.addContact(await bob.contactCard())
  await bob.addContact(await alice.contactCard())
  const direct = await alice.createConversation({ with: bob.me.id })
  await until(() => bob.conversation(direct.getId())?.state === 'member')
  const inside = bob.conversation(direct.getId())! as Conversation & {
    replica: { controls: { membership: { devices: Map<string, { isActive: boolean }> } } }
  }
  await until(() => inside.replica.controls.membership.devices.get(phone.me.deviceId)?.isActive === false)
})

test('devices keep their names and what they are in over a restart, and a new name of the user reaches all of them', async () => {
  const disk = createMemoryDisk()
  const alice = await world.peer('alice')
  const phone = await addDevice(world, alice, 'phone', { store: createMemoryStore({ disk }) })
  const group = await alice.createGroup({ title: 'Picnic' })
  await sameOn(phone, group)
  await phone.renameDevice(phone.me.deviceId, 'my phone')
  await until(() => alice.devices[1]!.name === 'my phone')
  await alice.setProfile({ name: 'Alicia' })
  await until(() => phone.me.name === 'Alicia')
  await phone.close()
  const again = await world.peer('phone', { store: createMemoryStore({ disk }) })
  expect(again.me).toMatchObject({ id: alice.me.id, name: 'Alicia', deviceId: phone.me.deviceId })
  expect(again.devices.map(({ name, isThis }) => [name, isThis])).toEqual([
    ['', false],
    ['my phone', true],
  ])
  await sameOn(again, group)
  const changes: number[] = []
  alice.on('devices', () => changes.push(alice.devices.length))
  await again.renameDevice(alice.me.deviceId, 'computer')
  await until(() => alice.devices[0]!.name === 'computer')
  expect(changes).toContain(2)
  await expect(alice.renameDevice('x'.repeat(26) as never, 'y')).rejects.toMatchObject({ code: 'NotFound' })
})

test.for(['kept', 'forgotten'])(
  'who left with two devices and comes back by a link has it on both again, whether the copies were %s; a lost device stays out',
  async (fate) => {
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [hers, his] = (await createSharedGroup(bob, alice)) as [Conversation, Conversation]
    const phone = await addDevice(world, alice, 'phone')
    const tablet = await addDevice(world, alice, 'tablet')
    const on = (device: Parley): Conversation | undefined => device.conversation(hers.getId())
    await until(() => on(phone)?.state === 'member' && on(tablet)?.state === 'member')
    await on(phone)!.sendMessage({ text: 'from the phone' })
    await until(async () => (await allTexts(hers)).length === 1)
    await tablet.close()
    await alice.removeDevice(tablet.me.deviceId)
    const inside = hers as unknown as { replica: { controls: { membership: { devices: Map<string, { isActive: boolean }> } } } }
    const isIn = (device: Parley): boolean | undefined => inside.replica.controls.membership.devices.get(device.me.deviceId)?.isActive
    await until(() => isIn(tablet) === false)
    await his.leave()
    await until(() => on(phone)!.state === 'left' && hers.getMembers().length === 1)
    if (fate === 'forgotten') for (const device of [alice, phone]) await device.forget(hers.getId())
    await (await alice.join(await hers.invite())).admitted()
    await until(() => on(phone)?.state === 'member')
    await on(phone)!.sendMessage({ text: 'from the phone again' })
    await until(async () => (await allTexts(hers)).length === 2 && (await allTexts(on(alice)!)).length === 2)
    expect([isIn(alice), isIn(phone), isIn(tablet)]).toEqual([true, true, false])
  },
)

test('a device that came while its user was out of a group is in it once they are added again', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  await alice.addContact(await bob.contactCard())
  await bob.addContact(await alice.contactCard())
  const hers = await alice.createGroup({ title: 'Picnic' })
  await hers.addMember(bob.me.id)
  await until(() => bob.conversations[0]?.state === 'member')
  const his = bob.conversations[0]!
  await hers.removeMember(bob.me.id)
  await until(() => his.state === 'removed')
  const phone = await addDevice(world, bob, 'phone')
  await hers.addMember(bob.me.id)
  await until(() => phone.conversation(hers.getId())?.state === 'member')
  await phone.conversation(hers.getId())!.sendMessage({ text: 'from the phone' })
  await until(async () => (await allTexts(hers)).length === 1)
})
