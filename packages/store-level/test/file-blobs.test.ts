import { mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, sep } from 'node:path'
import { blobName, chunkName } from '@parley/core'
import { openFileBlobStore } from '@parley/store-level'
import { blobAcceptance } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ID = new Uint8Array(32).fill(7)

blobAcceptance('files', {
  newLocation: () => mkdtemp(join(tmpdir(), 'parley-blobs-')),
  open: (path) => openFileBlobStore({ path }),
  destroy: (path) => rm(path, { recursive: true }),
  tear: (path, blobId, index, length) => truncate(join(path, blobName(blobId), chunkName(index)), length),
  litter: addLitter,
})

describe('a folder of blobs', () => {
  let path = ''
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'parley-blobs-'))
  })
  afterEach(() => rm(path, { recursive: true }))

  test('holds nothing but the files that are whole, readable by the user alone', async () => {
    const store = await openFileBlobStore({ path })
    await store.put(ID, 3, Uint8Array.of(1))
    await store.putManifest(ID, Uint8Array.of(2))
    expect((await readdir(path, { recursive: true })).sort()).toEqual(
      [blobName(ID), join(blobName(ID), '3'), join(blobName(ID), 'manifest'), 'tmp'].sort(),
    )
    expect((await stat(join(path, blobName(ID)))).mode & 0o077).toBe(0)
    expect((await stat(join(path, blobName(ID), '3'))).mode & 0o077).toBe(0)
    await store.delete(ID)
    expect(await readdir(path, { recursive: true })).toEqual(['tmp'])
    await store.close()
  })

  test('is cleared of what a crash left half written or half removed, and of nothing else', async () => {
    const before = await openFileBlobStore({ path })
    await before.put(ID, 0, Uint8Array.of(1))
    await before.close()
    await addLitter(path, ID)
    await writeFile(join(path, 'tmp', '0'), 'half a chunk')
    await mkdir(join(path, 'tmp', '1'))
    await writeFile(join(path, 'tmp', '1', 'manifest'), 'of a blob that was being deleted')
    const kept = (await readdir(path, { recursive: true })).filter((name) => !name.startsWith(`tmp${sep}`)).sort()
    const after = await openFileBlobStore({ path })
    expect((await readdir(path, { recursive: true })).sort()).toEqual(kept)
    await after.close()
  })

  test('that is a file, or is no longer there, is said to be unavailable', async () => {
    await writeFile(join(path, 'file'), '')
    await expect(openFileBlobStore({ path: join(path, 'file') })).rejects.toMatchObject({ code: 'StorageUnavailable' })
    const store = await openFileBlobStore({ path: join(path, 'gone') })
    await rm(join(path, 'gone'), { recursive: true })
    await expect(store.put(ID, 0, Uint8Array.of(1))).rejects.toMatchObject({ code: 'StorageUnavailable', retryable: true })
    await expect(store.list()).rejects.toMatchObject({ code: 'StorageUnavailable' })
    await store.close()
  })
})

/** Names as systems, people and other programs leave them. */
async function addLitter(path: string, blobId: Uint8Array): Promise<void> {
  await writeFile(join(path, '.DS_Store'), 'x')
  await writeFile(join(path, blobName(new Uint8Array(32).fill(9))), 'a file where a folder would be')
  for (const name of ['notes', blobName(blobId).toUpperCase(), `${blobName(blobId)}a`]) {
    await mkdir(join(path, name))
    await writeFile(join(path, name, '0'), 'x')
  }
  for (const name of ['00', '8192', '-1', '1.part', '.nfs000', 'Manifest']) await writeFile(join(path, blobName(blobId), name), 'x')
  await mkdir(join(path, blobName(blobId), '4'))
}
