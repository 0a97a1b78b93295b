/** What becomes of a profile when its parts are lost, damaged or never finished. */
import { deviceKeysOf, createDeviceSecrets, type DeviceKeys } from '@parley/crypto'
import { nodeProvider } from '@parley/crypto/node'
import { encodeCbor, ParleyError } from '@parley/protocol'
import { createMemoryDisk, createMemoryStore, seededRandom, silentLogger, type MemoryDisk, type MemoryStore } from '@parley/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { createEngine, type KeyVault, type Parley } from '../src/index.ts'
import { deviceKeysKey, profileKey } from '../src/replica/keyspace.ts'
import { systemClock } from './support.ts'

const crypto = nodeProvider()
const random = seededRandom(1)

/** A vault of its own, as browsers have one. */
class TestVault implements KeyVault {
  keys: DeviceKeys | undefined
  created = 0
  failNext = false

  async load(): Promise<DeviceKeys | undefined> {
    return this.keys
  }

  async create(): Promise<DeviceKeys> {
    if (this.failNext) {
      this.failNext = false
      throw new ParleyError('StorageFull', 'no room')
    }
    this.created++
    return (this.keys = deviceKeysOf(
      crypto,
      createDeviceSecrets((length) => random.bytes(length)),
    ))
  }
}

let disk: MemoryDisk
let vault: TestVault

beforeEach(() => {
  disk = createMemoryDisk()
  vault = new TestVault()
})

async function start(init: { vault?: KeyVault; name?: string; store?: MemoryStore } = {}): Promise<Parley> {
  const store = init.store ?? createMemoryStore({ disk })
  const environment = { transports: [], crypto, clock: systemClock, random, logger: silentLogger() }
  try {
    return await createEngine({ ...environment, ...init, store })
  } catch (error) {
    await store.close()
    throw error
  }
}

async function withStore(work: (store: MemoryStore) => Promise<void>): Promise<void> {
  const store = createMemoryStore({ disk })
  await work(store)
  await store.close()
}

/** Whose profile it is, seen by a start of its own. */
async function startAndLook(init: { vault?: KeyVault; name?: string } = {}): Promise<Parley['me']> {
  const parley = await start(init)
  await parley.close()
  return parley.me
}

const refused = (why: RegExp) => ({ code: 'StorageUnavailable', message: expect.stringMatching(why) })

describe.each([
  ['in the store', 3, () => ({})],
  ['in a vault', 2, () => ({ vault })],
])('keys %s', (where, storeWrites, keys) => {
  test('are made once; later starts are the same device', async () => {
    const first = await startAndLook({ ...keys(), name: 'alice' })
    expect(first).toMatchObject({ name: 'alice' })
    expect(await startAndLook({ ...keys(), name: 'another name' })).toEqual(first)
  })

  test.each([1, 2, 3])('a first start that fails at write %i of 3 is made good by the next one', async (failing) => {
    const store = createMemoryStore({ disk })
    const inVault = where === 'in a vault' && failing === 2
    const failingWrite = inVault ? 0 : Math.min(failing, storeWrites)
    vault.failNext = inVault
    let writes = 0
    const write = store.write.bind(store)
    store.write = (...args) => {
      if (++writes === failingWrite) store.failNextWrites(1)
      return write(...args)
    }
    await expect(start({ ...keys(), name: 'alice', store })).rejects.toMatchObject({ code: 'StorageFull' })
    const me = await startAndLook({ ...keys(), name: 'alice' })
    expect(me.name).toBe('alice')
    expect(await startAndLook(keys())).toEqual(me)
  })

  test('a profile that was never finished is finished under the name it was begun with', async () => {
    await withStore((store) => store.write([{ type: 'put', key: profileKey(), value: encodeCbor([new Uint8Array(0), 'alice', '']) }]))
    expect(await startAndLook(keys())).toMatchObject({ name: 'alice' })
  })

  test('a damaged row is refused, and nothing is written over it', async () => {
    await startAndLook(keys())
    for (const row of [Uint8Array.of(0xff), encodeCbor(7), encodeCbor([1, 2, 3]), encodeCbor([new Uint8Array(200), 'alice', ''])]) {
      await withStore((store) => store.write([{ type: 'put', key: profileKey(), value: row }]))
      await expect(start(keys())).rejects.toMatchObject(refused(/damaged.*Restore it from a copy, or delete it/))
      await withStore(async (store) => expect(await store.get(profileKey())).toEqual(row))
    }
  })
})

describe('what is lost alone is never replaced', () => {
  test('the keys in a vault', async () => {
    const me = await startAndLook({ vault })
    const { keys } = vault
    vault.keys = undefined
    await expect(start({ vault })).rejects.toMatchObject(refused(/its keys were deleted/))
    expect(vault).toMatchObject({ created: 1, keys: undefined })
    vault.keys = keys
    expect(await startAndLook({ vault })).toEqual(me)
  })

  test('the store beside a vault', async () => {
    await startAndLook({ vault })
    disk = createMemoryDisk()
    await expect(start({ vault })).rejects.toMatchObject(refused(/only its keys are left/))
    expect(vault.created).toBe(1)
    await withStore(async (store) => expect(store.size).toBe(0))
  })

  test('the keys in the store', async () => {
    await startAndLook()
    await withStore((store) => store.write([{ type: 'delete', key: deviceKeysKey() }]))
    await expect(start()).rejects.toMatchObject(refused(/its keys were deleted/))
  })

  test('both: then a new profile is made', async () => {
    const before = await startAndLook({ vault })
    disk = createMemoryDisk()
    vault = new TestVault()
    expect((await startAndLook({ vault })).deviceId).not.toBe(before.deviceId)
  })
})

test('the keys of another profile are refused', async () => {
  await startAndLook({ vault })
  await vault.create()
  await expect(start({ vault })).rejects.toMatchObject(refused(/belong to another profile/))
})

test('damaged keys in the store are refused', async () => {
  await startAndLook()
  for (const row of [Uint8Array.of(0xff), encodeCbor([new Uint8Array(31), new Uint8Array(32)]), encodeCbor([])]) {
    await withStore((store) => store.write([{ type: 'put', key: deviceKeysKey(), value: row }]))
    await expect(start()).rejects.toMatchObject(refused(/damaged/))
  }
})

test('the default keeps the keys beside the profile, and with a vault the store holds no keys', async () => {
  await startAndLook()
  await withStore(async (store) => expect(await store.get(deviceKeysKey())).toBeDefined())
  disk = createMemoryDisk()
  await startAndLook({ vault })
  await withStore(async (store) => expect(await store.get(deviceKeysKey())).toBeUndefined())
})
