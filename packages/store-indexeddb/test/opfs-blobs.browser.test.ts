import { AttachmentFiles, blobName, blobSource, chunkName } from '@parley/core'
import { webFileCrypto } from '@parley/crypto'
import { compareBytes } from '@parley/protocol'
import { deleteOpfsBlobStore, openOpfsBlobStore } from '@parley/store-indexeddb'
import { blobAcceptance, seededRandom } from '@parley/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

async function write(folder: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const writable = await (await folder.getFileHandle(name, { create: true })).createWritable()
  await writable.write(text)
  await writable.close()
}

async function folderOf(location: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  return root.getDirectoryHandle(`parley-blobs-${encodeURIComponent(location)}`)
}

blobAcceptance('opfs', {
  newLocation: async () => `test/../${crypto.randomUUID()}`,
  open: (name) => openOpfsBlobStore({ name }),
  destroy: deleteOpfsBlobStore,
  async tear(location, blobId, index, length) {
    const blob = await (await folderOf(location)).getDirectoryHandle(blobName(blobId))
    const writable = await (await blob.getFileHandle(chunkName(index))).createWritable({ keepExistingData: true })
    await writable.truncate(length)
    await writable.close()
  },
  async litter(location, blobId) {
    const folder = await folderOf(location)
    await write(folder, 'notes', 'x')
    await write(folder, blobName(new Uint8Array(32).fill(9)), 'a file where a folder would be')
    await write(await folder.getDirectoryHandle('others', { create: true }), '0', 'x')
    const blob = await folder.getDirectoryHandle(blobName(blobId))
    for (const name of ['00', '8192', 'Manifest', '0.crswap']) await write(blob, name, 'x')
    await blob.getDirectoryHandle('4', { create: true })
  },
})

describe('a browser that offers no files', () => {
  afterEach(() => void vi.restoreAllMocks())

  test('at all, or none that a page can write to, is said so', async () => {
    const unavailable = { code: 'StorageUnavailable', name: 'ParleyError' }
    const getDirectory = vi.spyOn(navigator.storage, 'getDirectory')
    getDirectory.mockRejectedValue(new DOMException('Not in a private window.', 'SecurityError'))
    await expect(openOpfsBlobStore({ name: 'alice' })).rejects.toMatchObject(unavailable)
    getDirectory.mockRestore()

    const createWritable = Object.getOwnPropertyDescriptor(FileSystemFileHandle.prototype, 'createWritable')!
    Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable')
    try {
      await expect(openOpfsBlobStore({ name: 'alice' })).rejects.toMatchObject(unavailable)
    } finally {
      Object.defineProperty(FileSystemFileHandle.prototype, 'createWritable', createWritable)
    }
  })
})

test('deleting the store of a profile that has none does nothing', async () => {
  await expect(deleteOpfsBlobStore(`nobody ${crypto.randomUUID()}`)).resolves.toBeUndefined()
})

test('a file that was chosen is sealed, survives closing, and comes back as it was', async () => {
  const name = `test-${crypto.randomUUID()}`
  const content = seededRandom(1).bytes(3_000_000)
  const source = blobSource(new File([content as Uint8Array<ArrayBuffer>], 'holiday.png', { type: 'image/png' }))
  expect(source).toMatchObject({ name: 'holiday.png', type: 'image/png', size: content.length })
  const before = await openOpfsBlobStore({ name })
  const reference = await new AttachmentFiles({ blobs: before, crypto: webFileCrypto() }).seal(source, new Uint8Array(32))
  await before.close()

  const after = await openOpfsBlobStore({ name })
  const opened = await new AttachmentFiles({ blobs: after, crypto: webFileCrypto() }).open(reference)
  const bytes = new Uint8Array(await new Response(opened as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
  expect(compareBytes(bytes, content)).toBe(0)
  await after.close()
  await deleteOpfsBlobStore(name)
})
