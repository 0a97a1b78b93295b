/// <reference types="@vitest/browser-playwright" />
import type { Store } from '@parley/core'
import { deleteIndexedDbStore, openIndexedDbStore } from '@parley/store-indexeddb'
import { afterEach, expect, test } from 'vitest'
import { cdp } from 'vitest/browser'

const NAME = `parley-test-${crypto.randomUUID()}`
const KEEP = Uint8Array.of(1)

async function allowBytes(quotaSize?: number): Promise<void> {
  await cdp().send('Storage.overrideQuotaForOrigin', { origin: location.origin, ...(quotaSize === undefined ? {} : { quotaSize }) })
}

let store: Store
afterEach(async () => {
  await allowBytes()
  await store.close()
  await deleteIndexedDbStore(NAME)
})

test('over the quota a write is refused with StorageFull, applies nothing, and works once there is room', async () => {
  // Chromium remembers for a while how much room it last found for an origin; clearing the origin makes it look again.
  await cdp().send('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'indexeddb' })
  await allowBytes(1_000_000)
  store = await openIndexedDbStore({ name: NAME })
  await store.write([{ type: 'put', key: KEEP, value: KEEP }], { durability: 'strict' })
  const large = new Uint8Array(500_000).fill(7)
  const batch = [
    { type: 'delete', key: KEEP },
    ...Array.from({ length: 10 }, (_, index) => ({ type: 'put', key: Uint8Array.of(10 + index), value: large }) as const),
  ] as const
  await expect(store.write(batch, { durability: 'strict' })).rejects.toMatchObject({
    code: 'StorageFull',
    retryable: true,
    cause: { name: 'QuotaExceededError' },
  })
  expect(await store.range({ gte: Uint8Array.of(), lt: Uint8Array.of(99) })).toEqual([{ key: KEEP, value: KEEP }])

  await allowBytes()
  await store.write(batch, { durability: 'strict' })
  expect(await store.get(KEEP)).toBeUndefined()
  const { usageBytes = 0, quotaBytes = 0 } = await store.estimate()
  expect(usageBytes).toBeGreaterThan(0)
  expect(quotaBytes).toBeGreaterThan(usageBytes)
})
