/** Whoever gets hold of a link code, or had a device once, adds none: every step that is wrong is refused, and the user's devices stay as they are. */
import {
  bundleCerts,
  certsIn,
  completeDeviceCert,
  createDeviceCert,
  deviceKeysOf,
  deviceLinkKeys,
  issueDeviceCert,
  ShortCodeExchange,
  verifyDeviceCert,
} from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import type { DeviceKeys } from '@parley/crypto'
import { createEngine, type Parley } from '@parley/core'
import { encodeDeviceLink, MAX_CERT_CHAIN, MAX_DEVICES_PER_USER, parseDeviceLink, toBase32 } from '@parley/protocol'
import { createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Devices } from '../../packages/core/src/devices/devices.ts'
import { STEP, step, textsBytes, timeBytes } from '../../packages/core/src/devices/steps.ts'
import { Handshake } from '../../packages/core/src/network/handshake.ts'
import { storeKeyVault } from '../../packages/core/src/profile/key-vault.ts'
import { beginProfile, saveProfile } from '../../packages/core/src/profile/profile.ts'
import { deviceInit } from '../../packages/core/test/device-world.ts'
import { createWorld, systemClock, until, type World } from '../../packages/core/test/support.ts'
import { createRawDevice, random, type RawDevice } from './raw-device.ts'
import { createRawPeer, type RawPeer } from './raw-peer.ts'

const crypto = nodeProvider()
let world: World
let alice: Parley
let raws: RawPeer[]
const failures: Error[] = []

beforeEach(async () => {
  world = createWorld()
  raws = []
  failures.length = 0
  alice = await world.peer('alice')
  alice.on('error', (error) => void failures.push(error))
})

afterEach(async () => {
  await Promise.all(raws.map(({ transport }) => transport.stop()))
  await world.close()
  expect(failures).toEqual([])
})

const makeKeys = (): DeviceKeys => deviceKeysOf(crypto, { signSecret: random.bytes(32), agreeSecret: random.bytes(32) })
const rejections = (peer = alice): number => Object.values(peer.inspect().rejected).reduce((sum, count) => sum + count, 0)
const activeDevices = (peer = alice): number => peer.devices.filter(({ status }) => status === 'active').length

async function meet(code: string, name = 'mallory'): Promise<RawDevice> {
  const raw = await createRawDevice(world, name, code)
  raws.push(raw.peer)
  return raw
}

/** An honest newcomer's first steps; resolves when both would show the code. */
async function offered(raw: RawDevice, keys: DeviceKeys = makeKeys()): Promise<DeviceKeys> {
  const exchange = new ShortCodeExchange({ transcript: raw.handshake.transcript!, side: raw.handshake.side, nonce: random.bytes(32) })
  const { signing, agreement } = keys
  await raw.say(step('offer', signing.publicKey, agreement.publicKey, timeBytes(Date.now()), exchange.commitment, textsBytes(['pad'])))
  await until(() => raw.heard.length === 1)
  const [, commitment, nonce] = raw.heard[0] as [Uint8Array, Uint8Array, Uint8Array]
  const own = exchange.reveal(commitment)
  const code = exchange.finish(nonce)
  await raw.say(step('reveal', own))
  await until(() => alice.deviceLink?.state === 'compare')
  expect(alice.deviceLink?.code).toBe(code)
  return keys
}

/** The same, and the person has said yes: the endorsement has come. */
async function endorsed(raw: RawDevice): Promise<DeviceKeys> {
  const keys = await offered(raw)
  await alice.confirmDevice(alice.deviceLink!.code!)
  await until(() => raw.heard.length === 2 && raw.heard[1]![0]![0] === STEP.endorse)
  return keys
}

const offerFields = (): Uint8Array[] =>
  step('offer', random.bytes(32), random.bytes(32), timeBytes(1), random.bytes(32), textsBytes(['pad']))

describe('a stranger', () => {
  test('with a link that nobody made is proved nothing, and what they say on its tags is refused', async () => {
    const { link } = await alice.linkDevice()
    const made = encodeDeviceLink({ ...parseDeviceLink(link), seed: random.bytes(32) })
    const raw = await createRawPeer(world.network, 'mallory')
    raws.push(raw)
    await raw.transport.dial!('memory:alice')
    const direct = raw.to('alice')!
    await until(() => direct.of('hello').length === 1)
    const handshake = new Handshake({ crypto, random }, direct.channel.binding)
    direct.send(handshake.hello)
    handshake.meet(direct.of('hello')[0]!)
    const proof = { kind: 'linking', key: deviceLinkKeys(parseDeviceLink(made)).proof } as const
    direct.send({ type: 'proofs', tags: [handshake.tag(proof, 'mine')] })
    await until(() => direct.of('proofs').length > 0)
    const theirs = handshake.tag(proof, 'theirs')
    const sealed = await handshake.say(proof, offerFields())
    for (const tag of [theirs, handshake.tag(proof, 'mine'), random.bytes(theirs.length)]) direct.send({ type: 'join', tag, sealed })
    await until(() => direct.channel.closed)
    expect(rejections()).toBe(3)
    expect(direct.of('proofs').flatMap(({ tags }) => tags.map(toBase32))).not.toContain(toBase32(theirs))
    expect([alice.deviceLink?.state, activeDevices()]).toEqual(['waiting', 1])
  })

  test('who replays the offer of another on a link of their own is not understood', async () => {
    const { link } = await alice.linkDevice()
    const honest = await meet(link, 'phone')
    await offered(honest)
    const mallory = await meet(link)
    const [recorded] = honest.said
    const before = rejections()
    mallory.link.send({ type: 'join', ...recorded! })
    await until(() => rejections() === before + 1)
    expect([alice.deviceLink?.state, mallory.heard, activeDevices()]).toEqual(['compare', [], 1])
    // Said anew, the link is taken.
    await mallory.say(offerFields())
    await until(() => mallory.heard.length === 1)
    expect(mallory.heard[0]![0]![0]).toBe(STEP.refused)
    expect(alice.deviceLink?.state).toBe('compare')
  })
})

describe('a newcomer with the link', () => {
  const wrong: [string, () => Uint8Array[]][] = [
    ['no step at all', () => [new Uint8Array(0)]],
    ['an unknown step', () => [Uint8Array.of(255), random.bytes(32)]],
    ['an offer without a commitment', () => offerFields().slice(0, 4)],
    ['an offer with a short key', () => offerFields().map((field, i) => (i === 1 ? field.slice(1) : field))],
    ['a name that is no text', () => [...offerFields().slice(0, 5), random.bytes(40)]],
    ['a name of 10,000 bytes', () => [...offerFields().slice(0, 5), textsBytes(['x'.repeat(10_000)])]],
    ['two names', () => [...offerFields().slice(0, 5), textsBytes(['a', 'b'])]],
    ['a nonce before the offer', () => step('reveal', random.bytes(32))],
    ['a certificate before the offer', () => step('certificate', random.bytes(300))],
    ['that it is done before it began', () => step('done')],
    ['a refusal for no reason there is', () => step('refused', Uint8Array.of(99))],
    ['steps of the other end', () => step('endorse', random.bytes(200), random.bytes(200), textsBytes(['x']))],
    ['a step of recovery', () => step('recover', random.bytes(64))],
  ]

  test('says what cannot be: each is counted, the third ends the connection, and the link waits on', async () => {
    const { link } = await alice.linkDevice()
    for (const [i, [what, fields]] of wrong.entries()) {
      const raw = await meet(link, `mallory ${i}`)
      const before = rejections()
      await raw.say(fields())
      await until(() => rejections() === before + 1)
      expect([what, raw.heard, alice.deviceLink?.state, activeDevices()]).toEqual([what, [], 'waiting', 1])
    }
    const raw = await meet(link)
    for (let i = 0; i < 3; i++) await raw.say(step('done'))
    await until(() => raw.link.channel.closed)
    expect(alice.deviceLink?.state).toBe('waiting')
    // Nobody honest is kept out by it.
    await offered(await meet(link, 'phone'))
  })

  test('who shows another nonce than the one committed to ends the link', async () => {
    const { link } = await alice.linkDevice()
    const raw = await meet(link)
    await raw.say(offerFields())
    await until(() => raw.heard.length === 1)
    await raw.say(step('reveal', random.bytes(32)))
    await until(() => alice.deviceLink?.state === 'failed')
    expect(alice.deviceLink).toMatchObject({ failure: 'LinkRejected', code: undefined })
    await until(() => raw.heard.length === 2)
    expect([raw.heard[1]![0]![0], activeDevices()]).toEqual([STEP.refused, 1])
    await expect(alice.confirmDevice('123456')).rejects.toMatchObject({ code: 'NotAllowed' })
  })

  test('who offers keys that are no keys gets no signature', async () => {
    const { link } = await alice.linkDevice()
    const raw = await meet(link)
    const keys = makeKeys()
    await offered(raw, { ...keys, agreement: { ...keys.agreement, publicKey: new Uint8Array(32) } })
    await expect(alice.confirmDevice(alice.deviceLink!.code!)).rejects.toMatchObject({ code: 'LinkRejected' })
    expect([alice.deviceLink?.state, activeDevices()]).toEqual(['failed', 1])
  })

  test('who says certificates that are not the one endorsed ends the link', async () => {
    const own = async (): Promise<Uint8Array> => createDeviceCert(crypto, makeKeys(), { createdMs: 1, salt16: random.bytes(16) })
    const made: ((raw: RawDevice) => Promise<Uint8Array>)[] = [
      async () => random.bytes(300),
      // Another user's.
      own,
      // The endorsement alone, and alice's own.
      async (raw) => raw.heard[1]![1]!,
      async (raw) => raw.heard[1]![2]!,
      // Another user's behind alice's.
      async (raw) => bundleCerts([...certsIn(raw.heard[1]![2]!), await own()]),
    ]
    for (const [i, make] of made.entries()) {
      const raw = await meet((await alice.linkDevice()).link, `mallory ${i}`)
      await endorsed(raw)
      await raw.say(step('certificate', await make(raw)))
      await until(() => alice.deviceLink?.state === 'failed')
      expect([i, alice.deviceLink?.failure, activeDevices(), alice.devices.length]).toEqual([i, 'LinkRejected', 1, 1])
    }
  })
})

/** What the engine keeps of the user's devices. */
const inside = (parley: Parley): Devices => (parley as Parley & { ownDevices: Devices }).ownDevices

/** Certificates of further devices of that user, each made by the one before when `isDeep`. */
async function certs(
  keys: DeviceKeys,
  cert: Uint8Array,
  count: number,
  isDeep: boolean,
): Promise<{ keys: DeviceKeys; cert: Uint8Array }[]> {
  const made = [{ keys, cert }]
  for (let i = 0; i < count; i++) {
    const issuer = (isDeep ? made.at(-1) : made[0])!
    const next = makeKeys()
    const verified = (await verifyDeviceCert(crypto, issuer.cert))!
    const offer = { keys: issuer.keys, cert: verified }
    const issued = await issueDeviceCert(crypto, offer, next, { createdMs: Date.now() })
    made.push({ keys: next, cert: bundleCerts([...certsIn(issuer.cert), issued]) })
  }
  return made.slice(1)
}

/** A profile that has those keys and that certificate, opened as alice. */
async function reopened(certOf: (keys: DeviceKeys) => Promise<Uint8Array>): Promise<{ keys: DeviceKeys; cert: Uint8Array }> {
  await alice.close()
  const store = createMemoryStore()
  const keys = await beginProfile({ store, vault: storeKeyVault({ store, crypto, random: { bytes: (n) => random.bytes(n) } }) })
  const cert = await certOf(keys)
  await saveProfile(store, { cert, name: 'alice', avatar: '' })
  alice = await world.peer('alice', { store })
  alice.on('error', (error) => void failures.push(error))
  return { keys, cert }
}

const root = (keys: DeviceKeys): Promise<Uint8Array> => createDeviceCert(crypto, keys, { createdMs: Date.now(), salt16: random.bytes(16) })

describe('bounds', () => {
  test('a device that is the eighth in its chain adds no ninth', async () => {
    await reopened(async (keys) => {
      const first = makeKeys()
      const [last] = (await certs(first, await root(first), MAX_CERT_CHAIN - 2, true)).slice(-1)
      const issuer = { keys: last!.keys, cert: (await verifyDeviceCert(crypto, last!.cert))! }
      return bundleCerts([...certsIn(last!.cert), await issueDeviceCert(crypto, issuer, keys, { createdMs: Date.now() })])
    })
    await expect(alice.linkDevice()).rejects.toMatchObject({ code: 'TooLarge' })
    await expect(alice.createRecovery()).rejects.toMatchObject({ code: 'TooLarge' })
    expect(alice.deviceLink).toBeUndefined()
  })

  test('no seventeenth device: not by a link, nor by one that was open when the sixteenth came', async () => {
    const { keys, cert } = await reopened(root)
    const others = await certs(keys, cert, MAX_DEVICES_PER_USER - 1, false)
    const add = async (bytes: Uint8Array): Promise<unknown> => inside(alice).own.add((await verifyDeviceCert(crypto, bytes))!, '')
    for (const other of others.slice(1)) await add(other.cert)
    const raw = await meet((await alice.linkDevice()).link)
    const own = await endorsed(raw)
    await add(others[0]!.cert)
    const issuer = (await verifyDeviceCert(crypto, cert))!
    await raw.say(step('certificate', (await completeDeviceCert(crypto, own, raw.heard[1]![1]!, issuer))!))
    await until(() => alice.deviceLink?.state === 'failed' && raw.heard.length === 3)
    expect(alice.deviceLink?.failure).toBe('TooLarge')
    expect(raw.heard[2]![0]![0]).toBe(STEP.refused)
    expect(activeDevices()).toBe(MAX_DEVICES_PER_USER)
    await expect(alice.linkDevice()).rejects.toMatchObject({ code: 'TooLarge' })
  })

  test('who leaves with a certificate and without having taken anything in is put out again', async () => {
    const { cert } = await reopened(root)
    const raw = await meet((await alice.linkDevice()).link)
    const own = await endorsed(raw)
    const issuer = (await verifyDeviceCert(crypto, cert))!
    await raw.say(step('certificate', (await completeDeviceCert(crypto, own, raw.heard[1]![1]!, issuer))!))
    await until(() => raw.heard.at(-1)![0]![0] === STEP.told)
    raw.link.channel.close('gone')
    await until(() => alice.deviceLink?.state === 'failed' && activeDevices() === 1)
    expect(alice.devices.map(({ status }) => status)).toEqual(['active', 'removed'])
  })
})

describe('a newcomer who met somebody else with the link', () => {
  const wrong: [string, () => Uint8Array[]][] = [
    ['an unknown step', () => [Uint8Array.of(255)]],
    ['a short commitment', () => step('answer', random.bytes(31), random.bytes(32))],
    ['a nonce that was not committed to', () => step('answer', random.bytes(32), random.bytes(32))],
    ['an endorsement before the code', () => step('endorse', random.bytes(200), random.bytes(200), textsBytes(['x']))],
    ['a conversation before anything', () => step('told', random.bytes(32))],
    ['a refusal for no reason there is', () => step('refused', Uint8Array.of(7))],
  ]

  test.each(wrong)('hears %s: it fails in plain words, and the profile is still nobody', async (_what, fields) => {
    const user8 = parseDeviceLink((await alice.linkDevice()).link).user8
    const code = encodeDeviceLink({ seed: random.bytes(32), user8, hints: ['memory:mallory'] })
    const waiting = createRawDevice(world, 'mallory', code, 'link')
    const store = createMemoryStore()
    const joining = createEngine({ ...deviceInit(world, 'phone'), store, link: code }).then(
      () => 'joined',
      (error: unknown) => error,
    )
    const raw = await waiting
    raws.push(raw.peer)
    await until(() => raw.heard.length === 1)
    await raw.say(fields())
    expect(await joining).toMatchObject({ code: 'LinkRejected' })
    const fresh = await createEngine({ ...deviceInit(world, 'phone'), store, transports: [], clock: systemClock, name: 'carol' })
    expect([fresh.me.name, fresh.me.id === alice.me.id, activeDevices()]).toEqual(['carol', false, 1])
    await fresh.close()
  })
})
