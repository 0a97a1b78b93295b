/** Several devices of one person: adding one, talking from both, and cutting a lost one off. */
import { nodeProvider } from '@parley/crypto/node'
import { createMemoryStore, seededRandom, silentLogger } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEngine, type EngineInit, type Parley } from '../src/index.ts'
import { allTexts, createSharedGroup, createWorld, heard, systemClock, textsOf, until, type World } from './support.ts'

let world: World
let seed = 1_000

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

const environment = (name: string): EngineInit => ({
  store: createMemoryStore(),
  transports: [world.network.transport(name)],
  crypto: nodeProvider(),
  clock: systemClock,
  random: seededRandom(seed++),
  logger: silentLogger(),
})

/** A new device of the user of `old`, on the network as `name`. */
async function addDevice(old: Parley, name: string): Promise<Parley> {
  const { link } = await old.linkDevice()
  const codes: string[] = []
  const made = createEngine({ ...environment(name), link, deviceName: name, onShortCode: (code) => codes.push(code) })
  made.catch(() => undefined)
  await until(() => old.deviceLink?.state === 'compare' && codes.length === 1)
  expect(old.deviceLink).toMatchObject({ code: codes[0], deviceName: name })
  await old.confirmDevice(codes[0]!)
  const device = await made
  world.peers.push(device)
  await until(() => old.deviceLink?.state === 'done')
  return device
}

test('a second device has everything of the first, and what either says is said by the user', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [hers, his] = await createSharedGroup(alice, bob)
  await hers!.sendMessage({ text: 'one' })
  await his!.sendMessage({ text: 'two' })
  const phone = await addDevice(alice, 'phone')
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
