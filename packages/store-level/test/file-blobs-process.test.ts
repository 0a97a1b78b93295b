import { createHash, randomFillSync } from 'node:crypto'
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AttachmentFiles, FILE_CHUNK_BYTES, type FileSource } from '@parley/core'
import { nodeFileCrypto } from '@parley/crypto/node'
import { fileSource, openFileBlobStore } from '@parley/store-level'
import { seededRandom } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BLOB_SECRET, type BlobReport } from './support/blob-report.ts'
import { outputOf, start } from './support/start.ts'

/** Whatever the size of the file. Measured: 7 MB for 200 MB; with buffers left to the collector, 66 MB. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024
const LARGE_BYTES = 64 * 1024 * 1024
const CHUNKS = 24
/** A process takes seconds to start where many others run. */
const PROCESS_MS = 60_000

let path = ''
let file = ''
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'parley-blobs-process-'))
  file = join(path, 'holiday.mp4')
})
afterEach(() => rm(path, { recursive: true }))

/** Writes `size` random bytes to the file, and gives their SHA-256 in hex. */
async function makeFile(size: number): Promise<string> {
  const hash = createHash('sha256')
  const handle = await open(file, 'w')
  for (let at = 0; at < size; at += FILE_CHUNK_BYTES) {
    const bytes = randomFillSync(new Uint8Array(Math.min(FILE_CHUNK_BYTES, size - at)))
    hash.update(bytes)
    await handle.writeFile(bytes)
  }
  await handle.close()
  return hash.digest('hex')
}

async function run(...args: string[]): Promise<BlobReport> {
  return JSON.parse(await outputOf(start('blob-sealer.ts', [join(path, 'blobs'), file, ...args]))) as BlobReport
}

describe('kill -9', { timeout: PROCESS_MS }, () => {
  test.each([1, 2, 3])(
    'in the middle of storing a file leaves whole chunks, and it is finished after a restart, round %i',
    async (round) => {
      const sha256 = await makeFile(CHUNKS * FILE_CHUNK_BYTES - 1)
      const killAt = seededRandom(round).integer(CHUNKS)
      expect(await outputOf(start('blob-sealer.ts', [join(path, 'blobs'), file, String(killAt)]))).toBe('')

      const store = await openFileBlobStore({ path: join(path, 'blobs') })
      const [info] = await store.list()
      const files = new AttachmentFiles({ blobs: store, crypto: nodeFileCrypto() })
      const sealed = (await files.find(info!.blobId))!
      // Of the chunks that were begun, all but the few under way are there.
      expect(sealed.held.size).toBeLessThanOrEqual(killAt + 1)
      expect(sealed.held.size).toBeGreaterThanOrEqual(killAt - 3)
      for (const index of await store.held(info!.blobId)) expect(await sealed.chunk(index)).toBeDefined()
      const missing = sealed.held.missing().length
      await store.close()

      const report = await run()
      expect(report).toMatchObject({ opened: sha256, written: missing, blobs: [{ chunks: CHUNKS }] })
      expect(report.refusal).toBeUndefined()
    },
  )
})

describe('memory', { timeout: PROCESS_MS }, () => {
  test('a file of 64 MB is sealed, stored and opened with far less', async () => {
    const sha256 = await makeFile(LARGE_BYTES)
    const report = await run()
    expect(report).toMatchObject({ opened: sha256, blobs: [{ chunks: LARGE_BYTES / FILE_CHUNK_BYTES }] })
    expect(report.grownBytes).toBeLessThan(MAX_GROWTH_BYTES)
  })
})

describe('full disk', { timeout: PROCESS_MS }, () => {
  test('a file that does not fit is refused with StorageFull, and nothing of it stays', async () => {
    await makeFile(3 * FILE_CHUNK_BYTES)
    const child = start('blob-sealer.ts', [join(path, 'blobs'), file], { fileBlocks: 100 })
    expect(JSON.parse(await outputOf(child))).toMatchObject({ refusal: 'StorageFull', blobs: [] })
    expect(await run()).toMatchObject({ written: 3, blobs: [{ chunks: 3 }] })
  })
})

describe('fileSource', () => {
  test('gives name, size and any part of a file, also once it is gone from its folder', async () => {
    await writeFile(file, 'hello world')
    const source = await fileSource(file)
    expect(source).toMatchObject({ name: 'holiday.mp4', size: 11 })
    const into = new Uint8Array(5)
    await source.read(6, into)
    expect(new TextDecoder().decode(into)).toBe('world')
    await rm(file)
    await source.read(0, into)
    expect(new TextDecoder().decode(into)).toBe('hello')
    await expect(source.read(7, into)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await source.close()
    await expect(source.read(0, into)).rejects.toMatchObject({ code: 'StorageUnavailable' })
  })

  test('says what is wrong with what is no file', async () => {
    await expect(fileSource(join(path, 'nothing'))).rejects.toMatchObject({ code: 'NotFound' })
    await expect(fileSource(path)).rejects.toMatchObject({ code: 'InvalidArgument' })
    await writeFile(file, 'x')
    await expect(fileSource(join(file, 'below'))).rejects.toMatchObject({ code: 'StorageUnavailable' })
  })

  test('finds out that a file has changed while it was sealed', async () => {
    await makeFile(2 * FILE_CHUNK_BYTES)
    const store = await openFileBlobStore({ path: join(path, 'blobs') })
    const files = new AttachmentFiles({ blobs: store, crypto: nodeFileCrypto() })
    const source = await fileSource(file)
    let reads = 0
    const read: FileSource['read'] = async (from, into) => {
      if (++reads === 3) await writeFile(file, 'x')
      await source.read(from, into)
    }
    await expect(files.seal({ ...source, read }, BLOB_SECRET)).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await store.list()).toEqual([])
    await source.close()
    await store.close()
  })
})
