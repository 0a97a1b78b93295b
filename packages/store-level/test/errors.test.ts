import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelStore } from '@parley/store-level'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-store-errors-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a folder that cannot be made is StorageUnavailable, with the cause', async () => {
  const file = join(folder, 'file')
  await writeFile(file, 'not a folder')
  await expect(openLevelStore({ path: join(file, 'rows') })).rejects.toMatchObject({
    code: 'StorageUnavailable',
    retryable: true,
    cause: { code: 'ENOTDIR' },
  })
})

test('a damaged database is StorageUnavailable, and says so', async () => {
  const path = join(folder, 'rows')
  const store = await openLevelStore({ path })
  await store.close()
  await writeFile(join(path, 'CURRENT'), 'nonsense')
  await expect(openLevelStore({ path })).rejects.toMatchObject({ code: 'StorageUnavailable', message: expect.stringContaining('damaged') })
})

test('folders above the store are made, for this user only', async () => {
  const path = join(folder, 'a', 'b', 'rows')
  const store = await openLevelStore({ path })
  for (const made of [join(folder, 'a'), path]) expect((await stat(made)).mode & 0o777).toBe(0o700)
  const { usageBytes = 0, quotaBytes = 0 } = await store.estimate()
  expect(usageBytes).toBeGreaterThan(0)
  expect(quotaBytes).toBeGreaterThan(usageBytes)
  await store.close()
})
