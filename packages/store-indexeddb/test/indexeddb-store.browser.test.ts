import { deleteIndexedDbStore, openIndexedDbStore } from '@parley/store-indexeddb'
import { storeAcceptance } from '@parley/testing'
import { afterAll, beforeAll, describe } from 'vitest'

const fixture = {
  newLocation: async () => `parley-test-${crypto.randomUUID()}`,
  open: (name: string) => openIndexedDbStore({ name }),
  destroy: deleteIndexedDbStore,
}

storeAcceptance('indexeddb', fixture)

describe('in a browser without getAllRecords', () => {
  const original = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'getAllRecords')
  beforeAll(() => {
    Reflect.deleteProperty(IDBObjectStore.prototype, 'getAllRecords')
  })
  afterAll(() => {
    if (original !== undefined) Object.defineProperty(IDBObjectStore.prototype, 'getAllRecords', original)
  })

  storeAcceptance('indexeddb by cursor', fixture)
})
