import { blobName, chunkName } from '@parley/core'
import { blobAcceptance, createMemoryBlobDisk, createMemoryBlobStore, type MemoryBlobDisk } from '@parley/testing'
import { expect, test } from 'vitest'

const disks = new Map<string, MemoryBlobDisk>()
let locations = 0

blobAcceptance('memory', {
  async newLocation() {
    const location = `disk ${locations++}`
    disks.set(location, createMemoryBlobDisk())
    return location
  },
  open: async (location) => createMemoryBlobStore({ disk: disks.get(location)! }),
  destroy: async (location) => void disks.delete(location),
  async tear(location, blobId, index, length) {
    const files = disks.get(location)!.get(blobName(blobId))!
    files.set(chunkName(index), files.get(chunkName(index))!.slice(0, length))
  },
  async litter(location, blobId) {
    const disk = disks.get(location)!
    disk.set('notes', new Map([['0', Uint8Array.of(1)]]))
    disk.get(blobName(blobId))!.set('00', Uint8Array.of(1))
  },
})

test('a write that the test makes fail keeps nothing, and the next one works', async () => {
  const store = createMemoryBlobStore()
  const id = new Uint8Array(32)
  store.failNextWrites(2)
  await expect(store.put(id, 0, Uint8Array.of(1))).rejects.toMatchObject({ code: 'StorageFull' })
  await expect(store.putManifest(id, Uint8Array.of(1))).rejects.toMatchObject({ code: 'StorageFull' })
  expect(await store.list()).toEqual([])
  await store.put(id, 0, Uint8Array.of(1))
  expect(await store.held(id)).toEqual([0])
})
