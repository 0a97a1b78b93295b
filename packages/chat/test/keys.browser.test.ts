import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createParley, deleteProfile, type Conversation, type Parley, type ParleyInit } from '../src/index.browser.ts'

/** Fresh names, so that no test meets what another left. */
let profiles: { alice: string; bob: string }
let open: Parley[] = []

beforeEach(() => {
  const run = crypto.randomUUID()
  profiles = { alice: `alice-${run}`, bob: `bob-${run}` }
})
afterEach(async () => {
  await Promise.all(open.map((parley) => parley.close()))
  open = []
  for (const profile of Object.values(profiles)) await deleteProfile(profile)
})

async function start(name: 'alice' | 'bob', init: ParleyInit = { offline: true }): Promise<Parley> {
  const parley = await createParley({ profile: profiles[name], name, ...init })
  open.push(parley)
  return parley
}

async function restart(parley: Parley, name: 'alice' | 'bob', init?: ParleyInit): Promise<Parley> {
  await parley.close()
  return start(name, init)
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser gave no reason.')))
  })
}

/** Everything in a database, by object store, as any script of this origin could read it. */
async function contentOf(name: string): Promise<unknown[]> {
  const database = await resultOf(indexedDB.open(name))
  const content: unknown[] = []
  for (const store of database.objectStoreNames)
    content.push(...(await resultOf<unknown[]>(database.transaction(store).objectStore(store).getAll())))
  database.close()
  return content
}

async function replaceKeys(name: string, record: unknown): Promise<void> {
  const database = await resultOf(indexedDB.open(name))
  await resultOf(database.transaction('keys', 'readwrite').objectStore('keys').put(record, 'device'))
  database.close()
}

const deleteDatabase = (name: string): Promise<unknown> => resultOf(indexedDB.deleteDatabase(name))

async function databasesOf(profile: string): Promise<(string | undefined)[]> {
  return (await indexedDB.databases()).map(({ name }) => name).filter((name) => name?.includes(profile))
}

/** Every CryptoKey inside of a value. */
function cryptoKeysIn(value: unknown): CryptoKey[] {
  if (value instanceof CryptoKey) return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(cryptoKeysIn) : []
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('the keys of a profile', () => {
  test('survive close and reopen, and still sign', async () => {
    const first = await start('alice')
    const { me } = first
    const group = await first.createGroup({ title: 'Picnic' })
    await group.sendMessage({ text: 'before' })
    const second = await restart(first, 'alice')
    expect(second.me).toEqual(me)
    const again = second.conversations[0]!
    await again.sendMessage({ text: 'after' })
    expect((await again.getMessages()).messages.map(({ text }) => text)).toEqual(['before', 'after'])
  })

  test('are key objects that nobody can export, and the store holds none of their bytes', async () => {
    const parley = await start('alice')
    await parley.close()
    const [record, ...more] = await contentOf(`parley-keys:${profiles.alice}`)
    expect(more).toEqual([])
    const keys = cryptoKeysIn(record)
    expect(keys.map(({ type, algorithm: { name } }) => `${type} ${name}`).sort()).toEqual([
      'private Ed25519',
      'private X25519',
      'public Ed25519',
      'public X25519',
    ])
    for (const key of keys.filter(({ type }) => type === 'private')) {
      expect(key.extractable).toBe(false)
      for (const format of ['raw', 'pkcs8', 'jwk'] as const) {
        await expect(crypto.subtle.exportKey(format, key)).rejects.toMatchObject({ name: 'InvalidAccessError' })
      }
    }
    // The profile's row, with certificate and names, and what the contact card is found by: no row of keys.
    expect(await contentOf(`parley:${profiles.alice}`)).toHaveLength(2)
  })

  test('belong to one profile each', async () => {
    const [alice, bob] = [await start('alice'), await start('bob')]
    expect(alice.me.deviceId).not.toBe(bob.me.deviceId)
  })
})

/** Expects the private keys of a profile, which is closed, to be such that nobody can export them. */
async function expectSealedKeys(profile: string): Promise<void> {
  const [record] = await contentOf(`parley-keys:${profile}`)
  const secret = cryptoKeysIn(record).filter(({ type }) => type === 'private')
  expect(secret.map(({ extractable, algorithm: { name } }) => `${name} ${extractable}`).sort()).toEqual(['Ed25519 false', 'X25519 false'])
}

test('a linked device, and one that a phrase brought back, have keys that nobody can export either', async () => {
  const alice = await start('alice', {})
  const { link } = await alice.linkDevice()
  let code = ''
  const joining = createParley({ profile: profiles.bob, link, onShortCode: (shown) => (code = shown) })
  await until(() => alice.deviceLink?.state === 'compare' && code !== '')
  await alice.confirmDevice(code)
  const phone = await joining
  expect(phone.me.id).toBe(alice.me.id)
  const words = await alice.createRecovery()
  await phone.close()
  await expectSealedKeys(profiles.bob)
  await deleteProfile(profiles.bob)
  const again = await createParley({ profile: profiles.bob, recover: words })
  open.push(again)
  expect(again.me.id).toBe(alice.me.id)
  await again.close()
  await expectSealedKeys(profiles.bob)
})

describe('a profile that lost a part of itself is refused in plain words, and stays as it is', () => {
  const refused = (why: RegExp) => ({ code: 'StorageUnavailable', message: expect.stringMatching(why) })

  test('its keys', async () => {
    const parley = await start('alice')
    await parley.close()
    await deleteDatabase(`parley-keys:${profiles.alice}`)
    const before = await contentOf(`parley:${profiles.alice}`)
    await expect(start('alice')).rejects.toMatchObject(refused(/its keys were deleted.*delete it and begin a new one/))
    await expect(start('alice')).rejects.toMatchObject(refused(/its keys were deleted/))
    expect(await contentOf(`parley:${profiles.alice}`)).toEqual(before)
    expect(await contentOf(`parley-keys:${profiles.alice}`)).toEqual([])
  })

  test('its data', async () => {
    const parley = await start('alice')
    await parley.close()
    await deleteDatabase(`parley:${profiles.alice}`)
    await expect(start('alice')).rejects.toMatchObject(refused(/only its keys are left/))
    await expect(start('alice')).rejects.toMatchObject(refused(/only its keys are left/))
  })

  test('its keys, with those of another profile in their place', async () => {
    const [alice, bob] = [await start('alice'), await start('bob')]
    await Promise.all([alice.close(), bob.close()])
    const [bobs] = await contentOf(`parley-keys:${profiles.bob}`)
    await replaceKeys(`parley-keys:${profiles.alice}`, bobs)
    await expect(start('alice')).rejects.toMatchObject(refused(/belong to another profile/))
  })

  test('its keys, with something else in their place', async () => {
    await (await start('alice')).close()
    for (const record of [7, {}, { web: {} }, { secrets: { signSecret: new Uint8Array(31), agreeSecret: new Uint8Array(32) } }]) {
      await replaceKeys(`parley-keys:${profiles.alice}`, record)
      await expect(start('alice')).rejects.toMatchObject(refused(/its keys are damaged/))
    }
  })

  test('both: then there is no profile, and a new one is made', async () => {
    const first = await start('alice')
    const { deviceId } = first.me
    await first.close()
    await deleteDatabase(`parley:${profiles.alice}`)
    await deleteDatabase(`parley-keys:${profiles.alice}`)
    expect((await start('alice')).me.deviceId).not.toBe(deviceId)
  })
})

describe('deleteProfile', () => {
  test('removes everything, and the next start is a new device', async () => {
    const first = await start('alice')
    const { deviceId } = first.me
    await (await first.createGroup({ title: 'Picnic' })).sendMessage({ text: 'gone soon' })
    expect((await databasesOf(profiles.alice)).length).toBeGreaterThanOrEqual(2)
    await first.close()
    await deleteProfile(profiles.alice)
    expect(await databasesOf(profiles.alice)).toEqual([])
    const second = await start('alice')
    expect(second.me.deviceId).not.toBe(deviceId)
    expect(second.conversations).toEqual([])
  })

  test('is refused while the profile is open, and deletes nothing', async () => {
    const parley = await start('alice')
    const before = await databasesOf(profiles.alice)
    await expect(deleteProfile(profiles.alice)).rejects.toMatchObject({ code: 'ProfileLocked' })
    expect(await databasesOf(profiles.alice)).toEqual(before)
    await (await parley.createGroup()).sendMessage({ text: 'still here' })
  })

  test('leaves other profiles alone, also those whose names go on from its own', async () => {
    const alice = await start('alice')
    const other = await createParley({ profile: `${profiles.alice}:b`, name: 'alice', offline: true })
    await other.createGroup()
    await Promise.all([alice.close(), other.close()])
    const kept = await databasesOf(`${profiles.alice}:b`)
    const keptViews = await databasesOf(encodeURIComponent(`${profiles.alice}:b`))
    await deleteProfile(profiles.alice)
    expect(await databasesOf(`${profiles.alice}:b`)).toEqual(kept)
    expect(await databasesOf(encodeURIComponent(`${profiles.alice}:b`))).toEqual(keptViews)
    await deleteProfile(`${profiles.alice}:b`)
  })
})

test('two profiles in one page talk with keys that neither can read, also after a restart', async () => {
  const [alice, bob] = [await start('alice', {}), await start('bob', {})]
  const hers = await alice.createGroup({ title: 'Picnic' })
  const his = await bob.join(await hers.invite())
  await his.admitted()
  await hers.sendMessage({ text: 'hello bob' })
  await until(async () => (await textsOf(his)).includes('hello bob'))
  await his.sendMessage({ text: 'hello alice' })
  await until(async () => (await textsOf(hers)).includes('hello alice'))

  const again = await restart(bob, 'bob', {})
  const hisAgain = again.conversation(his.getId())!
  await hisAgain.sendMessage({ text: 'back again' })
  await until(async () => (await textsOf(hers)).includes('back again'))
  expect(alice.inspect().rejected).toEqual({})
})

async function textsOf(conversation: Conversation): Promise<string[]> {
  return (await conversation.getMessages()).messages.map(({ text }) => text)
}
