/** A device that was removed, and brings in another one before it hears of that. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Parley } from '../src/index.ts'
import { addDevice } from './device-world.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

let world: World

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

const activeDevices = (peer: Parley): number => peer.devices.filter(({ status }) => status === 'active').length

test('[I4] a removed device that adds one before it is told of its removal adds nobody', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = await createSharedGroup(alice, bob)
  const phone = await addDevice(world, alice, 'phone')
  await until(() => phone.conversation(hers!.getId())?.state === 'member')
  world.network.partition(['alice', 'bob'], ['phone', 'tablet'])
  await alice.removeDevice(phone.me.deviceId)
  const tablet = await addDevice(world, phone, 'tablet')
  expect([activeDevices(phone), activeDevices(alice)]).toEqual([3, 1])
  world.network.heal()
  await until(() => activeDevices(phone) === 1)
  await hers!.sendMessage({ text: 'after' })
  await until(async () => (await his!.getMessages()).messages.at(-1)?.text === 'after')
  expect(his!.members().find(({ id }) => id === alice.me.id)!.devices).toEqual([alice.me.deviceId])
  expect(activeDevices(alice)).toBe(1)
  expect(alice.devices.some(({ id, status }) => id === tablet.me.deviceId && status === 'active')).toBe(false)
})
