/// <reference types="@vitest/browser-playwright" />
import { AttachmentFiles, bytesSource, type BlobStore } from '@parley/core'
import { webFileCrypto } from '@parley/crypto'
import { deleteOpfsBlobStore, openOpfsBlobStore } from '@parley/store-indexeddb'
import { afterEach, expect, test } from 'vitest'
import { cdp } from 'vitest/browser'

const NAME = `test-${crypto.randomUUID()}`
const KEPT = new Uint8Array(32).fill(1)
const REFUSED = new Uint8Array(32).fill(2)

async function allowBytes(quotaSize?: number): Promise<void> {
  await cdp().send('Storage.overrideQuotaForOrigin', { origin: location.origin, ...(quotaSize === undefined ? {} : { quotaSize }) })
}

let store: BlobStore
afterEach(async () => {
  await allowBytes()
  await store.close()
  await deleteOpfsBlobStore(NAME)
})

test('over the quota a chunk is refused with StorageFull, changes nothing, and goes in once there is room', async () => {
  store = await openOpfsBlobStore({ name: NAME })
  const chunk = new Uint8Array(200_000).fill(7)
  await store.put(KEPT, 0, chunk)
  await allowBytes(250_000)
  const full = { code: 'StorageFull', retryable: true, cause: { name: 'QuotaExceededError' } }
  await expect(store.put(REFUSED, 0, chunk)).rejects.toMatchObject(full)
  await expect(store.put(KEPT, 0, new Uint8Array(260_000))).rejects.toMatchObject(full)
  await expect(store.putManifest(REFUSED, chunk)).rejects.toMatchObject(full)
  expect(await store.list()).toEqual([{ blobId: KEPT, chunks: 1, bytes: 200_000 }])
  expect(await store.get(KEPT, 0)).toEqual(chunk)

  const files = new AttachmentFiles({ blobs: store, crypto: webFileCrypto() })
  await expect(files.seal(bytesSource(new Uint8Array(1_000_000)), KEPT)).rejects.toMatchObject(full)
  expect(await store.list()).toEqual([{ blobId: KEPT, chunks: 1, bytes: 200_000 }])

  await allowBytes()
  await store.put(REFUSED, 0, chunk)
  expect(await store.held(REFUSED)).toEqual([0])
})
