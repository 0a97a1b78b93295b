import type { Store } from '@parley/core'
import { createMemoryDisk, createMemoryStore, type MemoryDisk, storeAcceptance } from '@parley/testing'
import { describe, expect, test } from 'vitest'

const disks = new Map<string, MemoryDisk>()

storeAcceptance('memory', {
  newLocation: async () => {
    const location = `disk ${disks.size}`
    disks.set(location, createMemoryDisk())
    return location
  },
  open: async (location) => createMemoryStore({ disk: disks.get(location) ?? createMemoryDisk() }),
  destroy: async (location) => {
    disks.set(location, createMemoryDisk())
  },
})

const row = (key: number, value: number) => ({ type: 'put', key: Uint8Array.of(key), value: Uint8Array.of(value) }) as const

async function rowsOf(store: Store): Promise<(number | undefined)[][]> {
  const rows = await store.range({ gte: Uint8Array.of(), lt: Uint8Array.of(0xff) })
  return rows.map(({ key, value }) => [key[0], value[0]])
}

describe('crash', () => {
  test('a crash of the process keeps what resolved and nothing that was pending', async () => {
    const store = createMemoryStore()
    await store.write([row(1, 1)], { durability: 'strict' })
    await store.write([row(2, 2)])
    const pending = store.write([row(3, 3)], { durability: 'strict' })
    const after = store.crash()
    await expect(pending).rejects.toMatchObject({ code: 'StorageUnavailable' })
    expect(await rowsOf(after)).toEqual([
      [1, 1],
      [2, 2],
    ])
    await expect(store.get(Uint8Array.of(1))).rejects.toMatchObject({ code: 'StorageUnavailable' })
    await after.write([row(4, 4)])
    expect(after.size).toBe(3)
  })

  test('a crash of the system keeps what is at or before the last strict write', async () => {
    const store = createMemoryStore()
    await store.write([row(1, 1), row(9, 9)])
    await store.write([row(2, 2)], { durability: 'strict' })
    await store.write([row(1, 5), row(3, 3), { type: 'delete', key: Uint8Array.of(9) }])
    await store.write([row(1, 6), { type: 'delete', key: Uint8Array.of(2) }])
    expect(await rowsOf(store.crash('system'))).toEqual([
      [1, 1],
      [2, 2],
      [9, 9],
    ])
  })

  test('the disk of a crashed store can be opened again, once', async () => {
    const disk = createMemoryDisk()
    const after = createMemoryStore({ disk }).crash()
    expect(() => createMemoryStore({ disk })).toThrow(expect.objectContaining({ code: 'ProfileLocked' }))
    await after.close()
    createMemoryStore({ disk })
  })
})

describe('failures', () => {
  test('a write that is made to fail applies nothing, and the one after it is applied', async () => {
    const store = createMemoryStore()
    store.failNextWrites()
    const failing = store.write([row(1, 1)], { durability: 'strict' })
    const fine = store.write([row(2, 2)])
    await expect(failing).rejects.toMatchObject({ code: 'StorageFull', retryable: true })
    await fine
    expect(await rowsOf(store)).toEqual([[2, 2]])
  })

  test('held writes stay pending, invisible and in order until they are let go', async () => {
    const store = createMemoryStore()
    const letGo = store.holdWrites()
    const first = store.write([row(1, 1)])
    const second = store.write([row(1, 2)], { durability: 'strict' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await rowsOf(store)).toEqual([])
    letGo()
    await Promise.all([first, second])
    expect(await rowsOf(store)).toEqual([[1, 2]])
  })
})
