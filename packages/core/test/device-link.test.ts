/** Link codes: what becomes of wrong, used, expired, changed and unreachable ones. */
import { createManualClock } from '@parley/testing'
import { parseDeviceLink, encodeDeviceLink } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEngine, type Parley } from '../src/index.ts'
import { addDevice, deviceInit } from './device-world.ts'
import { createWorld, until, type World } from './support.ts'

let world: World

beforeEach(() => {
  world = createWorld()
})

afterEach(() => world.close())

/** How joining with that link fails. */
async function refused(link: string, name = 'phone', onShortCode?: () => void): Promise<unknown> {
  const init = { ...deviceInit(world, name), link, ...(onShortCode === undefined ? {} : { onShortCode }) }
  const outcome = await createEngine(init).then(
    () => 'joined',
    (error: unknown) => error,
  )
  await init.store.close()
  return outcome
}

test('other codes on the two devices end the link, and nothing is added', async () => {
  const alice = await world.peer('alice')
  const { link } = await alice.linkDevice()
  const joining = refused(link)
  await until(() => alice.deviceLink?.state === 'compare')
  const wrong = alice.deviceLink!.code === '123456' ? '654321' : '123456'
  await expect(alice.confirmDevice(wrong)).rejects.toMatchObject({ code: 'LinkRejected' })
  expect(await joining).toMatchObject({ code: 'LinkRejected' })
  expect(alice.deviceLink).toMatchObject({ state: 'failed', failure: 'LinkRejected' })
  expect(alice.devices).toHaveLength(1)
  await expect(alice.confirmDevice('123456')).rejects.toMatchObject({ code: 'NotAllowed' })
})

test('called off at either end, the other hears of it', async () => {
  const alice = await world.peer('alice')
  const first = refused((await alice.linkDevice()).link)
  await until(() => alice.deviceLink?.state === 'compare')
  await alice.cancelDeviceLink()
  expect(await first).toMatchObject({ code: 'LinkRejected' })
  const { link } = await alice.linkDevice()
  const calling = new AbortController()
  const second = createEngine({ ...deviceInit(world, 'phone'), link, signal: calling.signal, onShortCode: () => calling.abort() })
  await expect(second).rejects.toMatchObject({ code: 'Aborted' })
  await until(() => alice.deviceLink?.state === 'failed')
  expect(alice.deviceLink).toMatchObject({ failure: 'Unreachable' })
  expect(alice.devices).toHaveLength(1)
})

test('a link is good for one device: who comes second, or later, is told that it was used', async () => {
  const alice = await world.peer('alice')
  const { link } = await alice.linkDevice()
  const first = createEngine({ ...deviceInit(world, 'phone'), link })
  await until(() => alice.deviceLink?.state === 'compare')
  expect(await refused(link, 'mallory')).toMatchObject({ code: 'LinkUsed' })
  await alice.confirmDevice(alice.deviceLink!.code!)
  const phone: Parley = await first
  world.peers.push(phone)
  await until(() => alice.deviceLink?.state === 'done')
  expect(await refused(link, 'mallory')).toMatchObject({ code: 'LinkUsed' })
  expect(alice.devices.map(({ id }) => id)).toContain(phone.me.deviceId)
  expect(alice.devices).toHaveLength(2)
})

test('changed links: text that is none is said at once, and of a link that nobody made nobody knows', async () => {
  const alice = await world.peer('alice')
  const { link } = await alice.linkDevice()
  expect(await refused(`${link}x`)).toMatchObject({ code: 'LinkCodeInvalid' })
  expect(await refused('https://example.org')).toMatchObject({ code: 'LinkCodeInvalid' })
  const clock = createManualClock()
  const fields = parseDeviceLink(link)
  const forged = encodeDeviceLink({ ...fields, seed: fields.seed.map((byte) => byte ^ 1) })
  const init = { ...deviceInit(world, 'phone'), clock, link: forged }
  let outcome: unknown
  createEngine(init).catch((error: unknown) => (outcome = error))
  await until(async () => {
    await clock.advance(500)
    return outcome !== undefined
  })
  expect(outcome).toMatchObject({ code: 'LinkCodeInvalid' })
  expect(alice.deviceLink).toMatchObject({ state: 'waiting' })
})

test('an expired link is told to be one', async () => {
  const clock = createManualClock()
  const alice = await world.peer('alice', { clock })
  const { link } = await alice.linkDevice()
  await clock.advance(600_001)
  expect(alice.deviceLink).toMatchObject({ state: 'failed', failure: 'LinkExpired' })
  let outcome: unknown
  createEngine({ ...deviceInit(world, 'phone'), link }).catch((error: unknown) => (outcome = error))
  await until(async () => {
    await clock.advance(5)
    return outcome !== undefined
  })
  expect(outcome).toMatchObject({ code: 'LinkExpired' })
})

test('offline, either end says so', async () => {
  const alice = await world.peer('alice', { transports: [] })
  await expect(alice.linkDevice()).rejects.toMatchObject({ code: 'Unreachable', message: expect.stringContaining('offline') as string })
  const online = await world.peer('online')
  const { link } = await online.linkDevice()
  await expect(createEngine({ ...deviceInit(world, 'phone'), transports: [], link })).rejects.toMatchObject({ code: 'Unreachable' })
})

test('a profile that is somebody is not made somebody else', async () => {
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const phone = await addDevice(world, alice, 'phone')
  expect(phone.me.id).toBe(alice.me.id)
  const { link } = await bob.linkDevice()
  const store = deviceInit(world, 'tablet').store
  const first = await createEngine({ ...deviceInit(world, 'tablet'), store, name: 'carol' })
  const id = first.me.id
  expect(id).not.toBe(alice.me.id)
  await expect(createEngine({ ...deviceInit(world, 'other'), store, link })).rejects.toMatchObject({ code: 'NotAllowed' })
  await first.close()
})
