/** A transaction that ends halfway: nothing of it is there, and the store goes on. */
import { deleteIndexedDbStore, openIndexedDbStore } from '@parley/store-indexeddb'
import { expect, onTestFinished, test } from 'vitest'

const EVERYTHING = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff) }
const put = (number: number) => ({ type: 'put', key: Uint8Array.of(number), value: Uint8Array.of(number) }) as const

/** Calls `meddle` instead of the second put from now on, until the test is over. */
function atSecondPut(meddle: (rows: IDBObjectStore) => void): void {
  const { put: original } = IDBObjectStore.prototype
  let puts = 0
  IDBObjectStore.prototype.put = function meddled(this: IDBObjectStore, ...row) {
    const request = original.apply(this, row)
    if (++puts === 2) meddle(this)
    return request
  }
  onTestFinished(() => {
    IDBObjectStore.prototype.put = original
  })
}

test.each<[string, (rows: IDBObjectStore) => void]>([
  [
    'refuses a row',
    () => {
      throw new DOMException('The test refuses this row.', 'DataError')
    },
  ],
  ['aborts the transaction', (rows) => rows.transaction.abort()],
])('the browser %s in the middle of a batch', async (_, meddle) => {
  const name = `parley-test-${crypto.randomUUID()}`
  const store = await openIndexedDbStore({ name })
  onTestFinished(() => deleteIndexedDbStore(name))
  await store.write([put(1), put(2)], { durability: 'strict' })
  atSecondPut(meddle)
  await expect(store.write([put(3), put(4), put(5)], { durability: 'strict' })).rejects.toMatchObject({ code: 'StorageUnavailable' })
  expect((await store.range(EVERYTHING)).map(({ key }) => key[0])).toEqual([1, 2])
  await store.write([put(6)], { durability: 'strict' })
  await store.close()
  const again = await openIndexedDbStore({ name })
  expect((await again.range(EVERYTHING)).map(({ key }) => key[0])).toEqual([1, 2, 6])
  await again.close()
})
