/** The recovery phrase, when every device is lost; and the safety number of two people. */
import { createManualClock } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation } from '../src/index.ts'
import { addDevice, deviceInit, recovered } from './device-world.ts'
import { createEngine } from '../src/index.ts'
import { allTexts, createSharedGroup, createWorld, textsOf, until, type World } from './support.ts'

let world: World

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

test('with 24 words a new profile is the user again, reads everything, and can cut the lost device off', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await hers.sendMessage({ text: 'remember this' })
  await until(async () => (await allTexts(his)).length === 1)
  expect(alice.recovery).toBeUndefined()
  const words = await alice.createRecovery()
  expect(words).toHaveLength(24)
  expect(alice.recovery).toBeDefined()
  expect(alice.devices).toHaveLength(1)
  const [also] = (await createSharedGroup(carol, alice)) as [Conversation]
  await until(() => also.members().some(({ id }) => id === alice.me.id))
  await until(() => alice.conversation(also.getId())?.state === 'member')
  // The recovery device comes in everywhere.
  await until(() => recoveryDevices(his) === 1 && recoveryDevices(also) === 1)
  expect(his.members().find(({ id }) => id === alice.me.id)!.devices).toEqual([alice.me.deviceId])
  const lost = alice.me
  await alice.close()

  const again = await recovered(world, 'again', words)
  expect(again.me.id).toBe(lost.id)
  await until(() => again.conversations.length === 2 && again.conversations.every(({ state }) => state === 'member'))
  expect(again.me.name).toBe('alice')
  const back = again.conversation(hers.getId())!
  await until(async () => (await allTexts(back)).join() === 'remember this')
  await back.sendMessage({ text: 'I am back' })
  await until(async () => (await textsOf(his)).join() === 'remember this,I am back')
  expect((await his.getMessages()).messages[1]!.author.id).toBe(lost.id)
  await until(() => again.devices.length === 2)
  await again.removeDevice(lost.deviceId)
  await until(
    () =>
      his
        .members()
        .find(({ id }) => id === lost.id)!
        .devices.join() === again.me.deviceId,
  )
  await again.close()

  // The same phrase again: it has said something before, which is not said twice.
  const third = await recovered(world, 'third', words)
  await until(() => third.conversations.length === 2)
  const there = third.conversation(hers.getId())!
  await until(async () => (await allTexts(there)).length === 2)
  await there.sendMessage({ text: 'once more' })
  await until(async () => (await textsOf(his)).length === 3)
  expect(bob.inspect().rejected['Forked']).toBeUndefined()
})

test('other own devices give everything back as well, and a newer phrase replaces an older one', async () => {
  const alice = await world.peer('alice')
  const old = await alice.createRecovery()
  const words = await alice.createRecovery()
  const phone = await addDevice(world, alice, 'phone')
  const group = await alice.createGroup({ title: 'Picnic' })
  await until(() => phone.conversation(group.getId())?.state === 'member')
  await until(() => recoveryDevices(phone.conversation(group.getId())!) === 1)
  await alice.close()
  const again = await recovered(world, 'again', words)
  await until(() => again.conversation(group.getId())?.state === 'member')
  await until(() => again.devices.length === 3 && phone.devices.length === 3)
  // Whoever has the old phrase reaches somebody who would help, and is not known any more.
  const transport = world.network.transport('thief')
  const clock = createManualClock()
  let outcome: unknown
  createEngine({ ...deviceInit(world, 'thief'), transports: [transport], clock, recover: old }).catch((error: unknown) => (outcome = error))
  await until(() => transport.addresses().length > 0)
  await transport.dial!('memory:phone')
  await until(async () => {
    await clock.advance(500)
    return outcome !== undefined
  })
  expect(outcome).toMatchObject({ code: 'PhraseInvalid' })
})

test('phrases that are none are refused in words for who typed them', async () => {
  const init = deviceInit(world, 'nobody')
  await expect(createEngine({ ...init, recover: ['abandon'] })).rejects.toMatchObject({ code: 'PhraseInvalid' })
  const alice = await world.peer('alice')
  const words = await alice.createRecovery()
  const bob = deviceInit(world, 'bob')
  const first = await createEngine({ ...bob, name: 'bob' })
  await expect(createEngine({ ...bob, recover: words })).rejects.toMatchObject({ code: 'NotAllowed' })
  await first.close()
})

test('safety numbers are equal for two people, whichever device they look at, and differ for others', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  await createSharedGroup(alice, bob, carol)
  const number = await alice.safetyNumber(bob.me.id)
  expect(number).toMatch(/^(\d{5} ){11}\d{5}$/u)
  expect(await bob.safetyNumber(alice.me.id)).toBe(number)
  expect(await carol.safetyNumber(alice.me.id)).not.toBe(number)
  const phone = await addDevice(world, alice, 'phone')
  await until(() => phone.conversations[0]?.getMembers().length === 3)
  expect(await phone.safetyNumber(bob.me.id)).toBe(number)
  await expect(alice.safetyNumber(alice.me.id)).rejects.toMatchObject({ code: 'InvalidArgument' })
  const dave = await world.peer('dave')
  await expect(alice.safetyNumber(dave.me.id)).rejects.toMatchObject({ code: 'NotFound' })
})

/** How many recovery devices a conversation has that count. */
function recoveryDevices(conversation: Conversation): number {
  const { devices } = (
    conversation as unknown as {
      replica: { controls: { membership: { devices: Map<string, { isActive: boolean; cert: { isRecovery: boolean } }> } } }
    }
  ).replica.controls.membership
  return [...devices.values()].filter(({ isActive, cert }) => isActive && cert.isRecovery).length
}
