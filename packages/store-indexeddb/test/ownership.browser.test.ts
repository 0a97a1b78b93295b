import type { Store } from '@parley/core'
import { deleteIndexedDbStore, openIndexedDbStore } from '@parley/store-indexeddb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ALICE = Uint8Array.of(1)
const row = (value: number) => [{ type: 'put', key: ALICE, value: Uint8Array.of(value) }] as const

let name = ''
beforeEach(() => {
  name = `parley-test-${crypto.randomUUID()}`
})
afterEach(() => deleteIndexedDbStore(name))

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('The browser gave no reason.')))
  })
}

/** What an engine of this origin that knows nothing of our lock does to the database. */
function deleteByForce(): Promise<unknown> {
  return resultOf(indexedDB.deleteDatabase(name))
}

async function expectUnavailable(store: Store, reason: RegExp): Promise<void> {
  const refused = { code: 'StorageUnavailable', message: expect.stringMatching(reason) }
  await expect(store.get(ALICE)).rejects.toMatchObject(refused)
  await expect(store.range({ gte: ALICE, lt: Uint8Array.of(2) })).rejects.toMatchObject(refused)
  await expect(store.write(row(9))).rejects.toMatchObject(refused)
  await expect(store.estimate()).rejects.toMatchObject(refused)
}

describe('versionchange', () => {
  test('a store gives way to a deletion, refuses later calls with the reason, and frees the profile', async () => {
    const store = await openIndexedDbStore({ name })
    await store.write(row(1), { durability: 'strict' })
    await deleteByForce()
    await expectUnavailable(store, /deleting or upgrading/)
    await store.close()
    await expect(store.get(ALICE)).rejects.toMatchObject({ code: 'Closed' })

    const after = await openIndexedDbStore({ name })
    expect(await after.get(ALICE)).toBeUndefined()
    await after.close()
  })

  test('calls under way are all answered: those that had begun succeed, the others say why not', async () => {
    const store = await openIndexedDbStore({ name })
    const large = new Uint8Array(1024 * 1024)
    const writes = Array.from({ length: 8 }, (_, index) =>
      store.write([{ type: 'put', key: Uint8Array.of(index), value: large }], { durability: 'strict' }),
    )
    const outcomes = Promise.allSettled(writes)
    await writes[0]
    await deleteByForce()
    const [first, ...others] = await outcomes
    expect(first?.status).toBe('fulfilled')
    expect(others.at(-1)?.status).toBe('rejected')
    for (const outcome of others) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'StorageUnavailable' })
    }
  })
})

describe('lock', () => {
  test('a tab that dies frees the profile', async () => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    const { contentWindow } = frame
    const taken = Promise.withResolvers<void>()
    void contentWindow?.navigator.locks.request(`parley-store:${name}`, () => {
      taken.resolve()
      return new Promise(() => undefined)
    })
    await taken.promise
    await expect(openIndexedDbStore({ name })).rejects.toMatchObject({ code: 'ProfileLocked', retryable: true })

    frame.remove()
    await navigator.locks.request(`parley-store:${name}`, () => undefined)
    const store = await openIndexedDbStore({ name })
    await store.close()
  })

  test('a store whose lock is stolen stops', async () => {
    const store = await openIndexedDbStore({ name })
    await navigator.locks.request(`parley-store:${name}`, { steal: true }, () => undefined)
    await expectUnavailable(store, /by force/)
    await store.close()
  })

  test('a store is not deleted while it is open', async () => {
    const store = await openIndexedDbStore({ name })
    await store.write(row(1))
    await expect(deleteIndexedDbStore(name)).rejects.toMatchObject({ code: 'ProfileLocked' })
    expect(await store.get(ALICE)).toEqual(Uint8Array.of(1))
    await store.close()
    await deleteIndexedDbStore(name)
    expect((await indexedDB.databases()).map((database) => database.name)).not.toContain(name)
  })
})

test('a database of a newer version is refused, and the profile is free again', async () => {
  const newer = await resultOf(indexedDB.open(name, 99))
  newer.close()
  const refused = { code: 'StorageUnavailable', message: expect.stringMatching(/newer version/) }
  await expect(openIndexedDbStore({ name })).rejects.toMatchObject(refused)
  await expect(openIndexedDbStore({ name })).rejects.toMatchObject(refused)
})
