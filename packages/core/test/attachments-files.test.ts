import { nodeFileCrypto } from '@parley/crypto/node'
import { webFileCrypto } from '@parley/crypto'
import { compareBytes } from '@parley/protocol'
import { createMemoryBlobDisk, createMemoryBlobStore, seededRandom, type MemoryBlobDisk } from '@parley/testing'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { AttachmentFiles } from '../src/attachments/attachment-files.ts'
import { blobName } from '../src/attachments/blob-rules.ts'
import { openFile, readWholeFile } from '../src/attachments/open-file.ts'
import { blobSource, bytesSource, describeSource, type FileSource } from '../src/attachments/source.ts'
import type { SealedFile } from '../src/attachments/sealed-file.ts'
import { FILE_CHUNK_BYTES, MAX_FILE_BYTES } from '../src/blob-store.ts'

const crypto = nodeFileCrypto()
const SECRET = new Uint8Array(32).fill(5)
const random = seededRandom(1)
/** Three chunks, the last one short. */
const CONTENT = new Uint8Array(random.bytes(2 * FILE_CHUNK_BYTES + 1_000))

let disk: MemoryBlobDisk
let blobs: ReturnType<typeof createMemoryBlobStore>
let files: AttachmentFiles
beforeEach(() => {
  disk = createMemoryBlobDisk()
  blobs = createMemoryBlobStore({ disk })
  files = new AttachmentFiles({ blobs, crypto })
})

async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Flips the first bit of a stored chunk behind the store's back. */
function damage(blobId: Uint8Array, index: number): void {
  const folder = disk.get(blobName(blobId))!
  const chunk = folder.get(String(index))!
  folder.set(String(index), chunk.with(0, (chunk[0] as number) ^ 1))
}

describe('sealing and opening', () => {
  test.each([0, 1, FILE_CHUNK_BYTES - 1, FILE_CHUNK_BYTES, FILE_CHUNK_BYTES + 1, CONTENT.length])(
    'a file of %i bytes comes back, as a stream and whole',
    async (size) => {
      const content = CONTENT.subarray(0, size)
      const reference = await files.seal(bytesSource(content), SECRET)
      expect(reference).toMatchObject({ size, sha256: await crypto.sha256(content) })
      expect(compareBytes(await collect(await files.open(reference)), content)).toBe(0)
      const whole = await readWholeFile({ crypto, reference, chunk: await files.reader(reference) })
      expect(compareBytes(whole, content)).toBe(0)
    },
  )

  test('what one crypto seals, the other opens, under the same reference', async () => {
    const reference = await files.seal(blobSource(new Blob([CONTENT])), SECRET)
    const others = new AttachmentFiles({ blobs: createMemoryBlobStore({ disk }), crypto: webFileCrypto() })
    expect(compareBytes(await collect(await others.open(reference)), CONTENT)).toBe(0)
    expect(await others.seal(bytesSource(CONTENT), SECRET)).toEqual(reference)
  })

  test('nothing of the content is in the store', async () => {
    const text = new TextEncoder().encode('the quick brown fox '.repeat(1_000))
    await files.seal(bytesSource(text), SECRET)
    for (const folder of disk.values()) for (const file of folder.values()) expect(Buffer.from(file).includes('quick brown')).toBe(false)
  })

  test('progress only grows, and ends where the file does', async () => {
    const seen: [number, number][] = []
    const options = { onProgress: (done: number, total: number) => void seen.push([done, total]) }
    const reference = await files.seal(bytesSource(CONTENT), SECRET, options)
    expect(seen.at(-1)).toEqual([CONTENT.length, CONTENT.length])
    expect(seen).toEqual([...seen].sort(([left], [right]) => left - right))
    seen.length = 0
    await collect(await files.open(reference, options))
    expect(seen).toEqual([FILE_CHUNK_BYTES, 2 * FILE_CHUNK_BYTES, CONTENT.length].map((done) => [done, CONTENT.length]))
  })

  test('a file beyond the limit is refused before it is read', async () => {
    const source: FileSource = { size: MAX_FILE_BYTES + 1, read: () => Promise.reject(new Error('was read')) }
    await expect(files.seal(source, SECRET)).rejects.toMatchObject({ code: 'TooLarge' })
  })
})

test('a source is described by its name, made safe, and by its first bytes', async () => {
  const page = new TextEncoder().encode('<!doctype html><p>'.padEnd(2_000))
  expect(await describeSource(bytesSource(page, { name: '../a.png', type: 'image/png' }))).toEqual({ name: 'a.png', type: 'text/html' })
  const file = new File(['hello'], 'notes.txt', { type: 'text/plain' })
  expect(await describeSource(blobSource(file))).toEqual({ name: 'notes.txt', type: 'text/plain' })
  expect(await describeSource(blobSource(new Blob([])))).toEqual({ name: 'file', type: 'application/octet-stream' })
})

describe('equal files', () => {
  test('of one conversation are stored once, without a write, and of two conversations apart', async () => {
    const first = await files.seal(bytesSource(CONTENT, { name: 'a' }), SECRET)
    const usage = await blobs.estimate()
    blobs.failNextWrites(1)
    // Only the manifest is looked at: the write that would fail is never made.
    expect(await files.seal(bytesSource(CONTENT, { name: 'b' }), SECRET)).toEqual(first)
    expect(await blobs.estimate()).toEqual(usage)

    const roomy = new AttachmentFiles({ blobs: createMemoryBlobStore({ disk }), crypto })
    const other = await roomy.seal(bytesSource(CONTENT), SECRET.with(0, 6))
    expect(other.sha256).toEqual(first.sha256)
    for (const field of ['blobId', 'key'] as const) expect(other[field]).not.toEqual(first[field])
    expect(await blobs.list()).toHaveLength(2)
  })

  test('that are sealed at the same time are stored once', async () => {
    const references = await Promise.all([1, 2, 3].map(() => files.seal(bytesSource(CONTENT), SECRET)))
    expect(new Set(references.map(({ blobId }) => blobName(blobId))).size).toBe(1)
    expect(await blobs.list()).toMatchObject([{ chunks: 3 }])
  })
})

describe('what goes wrong while sealing', () => {
  test('an abort leaves nothing behind, at whatever chunk it comes', async () => {
    for (let reads = 0; reads < 9; reads++) {
      const abort = new AbortController()
      let left = reads
      const plain = bytesSource(CONTENT)
      const read: FileSource['read'] = (start, into) => {
        if (left-- === 0) abort.abort(new Error('changed my mind'))
        return plain.read(start, into)
      }
      const sealing = files.seal({ ...plain, read }, SECRET, { signal: abort.signal })
      // The abort that comes with the very last read comes too late.
      if (reads < 8) await expect(sealing).rejects.toMatchObject({ code: 'Aborted', cause: { message: 'changed my mind' } })
      else await sealing
      expect(await blobs.list()).toHaveLength(reads < 8 ? 0 : 1)
    }
  })

  test('an abort leaves alone what was there before', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    await blobs.drop(reference.blobId, 1)
    const abort = new AbortController()
    let reads = 0
    const plain = bytesSource(CONTENT)
    const read: FileSource['read'] = (start, into) => (++reads === 7 && abort.abort(), plain.read(start, into))
    await expect(files.seal({ ...plain, read }, SECRET, { signal: abort.signal })).rejects.toMatchObject({ code: 'Aborted' })
    expect(await blobs.held(reference.blobId)).toEqual([0, 1, 2])
    await blobs.drop(reference.blobId, 1)
    await expect(files.seal(plain, SECRET, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
    expect(await blobs.held(reference.blobId)).toEqual([0, 2])
  })

  test.each([1, 2, 4])('a disk that is full at write %i leaves nothing half done', async (write) => {
    const full = createMemoryBlobStore({ disk })
    let writes = 0
    const failing = new AttachmentFiles({ crypto, blobs: counted(full, () => ++writes === write && full.failNextWrites()) })
    await expect(failing.seal(bytesSource(CONTENT), SECRET)).rejects.toMatchObject({ code: 'StorageFull', retryable: true })
    expect(await full.list()).toEqual([])
    await expect(failing.seal(bytesSource(CONTENT), SECRET)).resolves.toMatchObject({ size: CONTENT.length })
  })

  test.each([
    ['for its manifest', 4],
    ['for its chunks', 7],
  ])('a source that changes before it is read %s is refused, and nothing is stored', async (_, from) => {
    let reads = 0
    const read: FileSource['read'] = async (start, into) => {
      into.set(CONTENT.subarray(start, start + into.length))
      if (++reads >= from) into.fill(1)
    }
    await expect(files.seal({ size: CONTENT.length, read }, SECRET)).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(await blobs.list()).toEqual([])
  })

  test('a source that becomes shorter, or can no longer be read, is refused', async () => {
    const short = blobSource({ size: 10, type: '', slice: () => new Blob(['123456789']) })
    await expect(files.seal(short, SECRET)).rejects.toMatchObject({ code: 'InvalidArgument' })
    const cause = new DOMException('gone', 'NotReadableError')
    const gone = blobSource({ size: 10, type: '', slice: () => ({ arrayBuffer: () => Promise.reject(cause) }) })
    await expect(files.seal(gone, SECRET)).rejects.toMatchObject({ code: 'InvalidArgument', cause })
    expect(await blobs.list()).toEqual([])
  })

  test('what the disk has damaged since is mended when the file is sealed again', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    damage(reference.blobId, 1)
    expect(await files.seal(bytesSource(CONTENT), SECRET)).toEqual(reference)
    expect(compareBytes(await collect(await files.open(reference)), CONTENT)).toBe(0)
  })

  test('what a crash left is gone on with', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    await blobs.drop(reference.blobId, 0)
    await blobs.drop(reference.blobId, 2)
    const again = createMemoryBlobStore({ disk })
    const put: number[] = []
    const resumed = new AttachmentFiles({ crypto, blobs: counted(again, (index) => void put.push(index)) })
    expect(await resumed.seal(bytesSource(CONTENT), SECRET)).toEqual(reference)
    expect(put).toEqual([0, 2])
  })
})

describe('a sealed file', () => {
  let file: SealedFile
  let chunks: Uint8Array[]
  beforeEach(async () => {
    const { blobId } = await files.seal(bytesSource(CONTENT), SECRET)
    const sealed = (await files.find(blobId))!
    chunks = await Promise.all([0, 1, 2].map(async (index) => (await sealed.chunk(index))!))
    await files.delete(blobId)
    expect(await files.find(blobId)).toBeUndefined()
    file = await files.adopt(blobId, sealed.manifestBytes)
  })

  test('takes the right chunks in any order, and knows what it holds, also after opening again', async () => {
    expect([file.chunkCount, file.isComplete, file.held.missing()]).toEqual([3, false, [0, 1, 2]])
    expect(await file.add(2, chunks[2]!)).toBe(true)
    expect(await file.add(2, chunks[2]!)).toBe(true)
    expect(file.held.missing()).toEqual([0, 1])
    const again = (await new AttachmentFiles({ blobs: createMemoryBlobStore({ disk }), crypto }).find(file.blobId))!
    expect(again.held.missing()).toEqual([0, 1])
    expect([await again.add(0, chunks[0]!), await again.add(1, chunks[1]!), again.isComplete]).toEqual([true, true, true])
    expect(await again.chunk(1)).toEqual(chunks[1])
  })

  test('takes no other bytes, place or length', async () => {
    const [first, second, last] = chunks as [Uint8Array, Uint8Array, Uint8Array]
    expect(await file.add(0, second)).toBe(false)
    expect(await file.add(0, first.with(0, (first[0] as number) ^ 1))).toBe(false)
    expect(await file.add(0, first.subarray(1))).toBe(false)
    expect(await file.add(2, Uint8Array.of(...last, 0))).toBe(false)
    expect(await file.add(2, new Uint8Array(0))).toBe(false)
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(await file.add(index, first)).toBe(false)
    expect([file.held.size, await blobs.held(file.blobId)]).toEqual([0, []])
  })

  test('finds out what the disk has damaged, and counts it as missing', async () => {
    for (const [index, chunk] of chunks.entries()) await file.add(index, chunk)
    damage(file.blobId, 1)
    expect(await file.chunk(1)).toBeUndefined()
    expect([file.isComplete, file.held.missing(), await blobs.held(file.blobId)]).toEqual([false, [1], [0, 2]])
    expect(await file.add(1, chunks[1]!)).toBe(true)
    expect(await file.chunk(1)).toEqual(chunks[1])
    await blobs.drop(file.blobId, 0)
    expect([await file.chunk(0), file.held.missing()]).toEqual([undefined, [0]])
  })

  test('whose manifest the disk has damaged is as good as not there, and begins again', async () => {
    await file.add(0, chunks[0]!)
    const { manifestBytes } = file
    await blobs.putManifest(file.blobId, manifestBytes.with(9, (manifestBytes[9] as number) ^ 1))
    expect(await files.find(file.blobId)).toBeUndefined()
    await expect(files.adopt(file.blobId, Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'BadProof', name: 'Reject' })
    expect((await files.adopt(file.blobId, manifestBytes)).held.missing()).toEqual([1, 2])
  })

  test('that is deleted while a transfer is under way stays deleted', async () => {
    await file.add(0, chunks[0]!)
    const adding = file.add(1, chunks[1]!)
    const adopting = files.adopt(file.blobId, file.manifestBytes)
    await Promise.allSettled([files.delete(file.blobId), adding, adopting])
    await expect(file.add(2, chunks[2]!)).rejects.toMatchObject({ code: 'NotFound' })
    await expect(adopting).rejects.toMatchObject({ code: 'NotFound' })
    expect(await file.chunk(0)).toBeUndefined()
    expect(await blobs.list()).toEqual([])
    // Sent again later, it may be stored again.
    expect(await (await files.adopt(file.blobId, file.manifestBytes)).add(2, chunks[2]!)).toBe(true)
  })
})

describe('what does not fit together', () => {
  const broken = { code: 'AttachmentUnavailable', name: 'ParleyError', cause: { name: 'Reject' } }

  test('another key, hash or size than the blob was made with is refused before the end', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    await expect(collect(await files.open({ ...reference, key: SECRET }))).rejects.toMatchObject(broken)
    await expect(files.open({ ...reference, size: reference.size - 1 })).rejects.toMatchObject(broken)
    const parts: number[] = []
    const stream = await files.open({ ...reference, sha256: SECRET })
    const read = async (): Promise<void> => {
      for await (const part of stream) parts.push(part.length)
    }
    await expect(read()).rejects.toMatchObject(broken)
    expect(parts).toEqual([FILE_CHUNK_BYTES, FILE_CHUNK_BYTES])
  })

  test('swapped, repeated, missing and foreign chunks are refused, even where nobody checked them by their hash', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    const other = await files.seal(bytesSource(CONTENT), SECRET.with(0, 6))
    const [own, foreign] = [await files.reader(reference), await files.reader(other)]
    const orders = [
      [1, 0, 2],
      [0, 0, 2],
      [0, 2, 2],
    ]
    for (const order of orders) {
      const opening = readWholeFile({ crypto, reference, chunk: (index) => own(order[index]!, {}) })
      await expect(opening).rejects.toMatchObject(broken)
    }
    await expect(readWholeFile({ crypto, reference, chunk: foreign })).rejects.toMatchObject(broken)
    // Cut off and extended: the number of chunks is authenticated with each of them.
    const shorter = { ...reference, size: 2 * FILE_CHUNK_BYTES }
    await expect(readWholeFile({ crypto, reference: shorter, chunk: own })).rejects.toMatchObject(broken)
    const longer = { ...reference, size: 4 * FILE_CHUNK_BYTES }
    await expect(readWholeFile({ crypto, reference: longer, chunk: own })).rejects.toMatchObject(broken)
  })

  test('what is not on this device is said, and comes once it is', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    const chunk = (await blobs.get(reference.blobId, 2))!
    await blobs.drop(reference.blobId, 2)
    const unavailable = { code: 'AttachmentUnavailable', retryable: true }
    await expect(collect(await files.open(reference))).rejects.toMatchObject(unavailable)
    await (await files.find(reference.blobId))!.add(2, chunk)
    expect(compareBytes(await collect(await files.open(reference)), CONTENT)).toBe(0)
    await files.delete(reference.blobId)
    await expect(files.open(reference)).rejects.toMatchObject(unavailable)
  })
})

describe('a stream', () => {
  test('reads no chunk before it is pulled, and none after it is cancelled', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    const own = await files.reader(reference)
    const read: number[] = []
    const stream = openFile({ crypto, reference, chunk: (index, options) => (read.push(index), own(index, options)) })
    const reader = stream.getReader()
    expect(read).toEqual([])
    await reader.read()
    expect(read).toEqual([0])
    await reader.cancel()
    expect(read).toEqual([0])
  })

  test('ends a wait for a chunk when it is cancelled or aborted', async () => {
    const reference = await files.seal(bytesSource(CONTENT), SECRET)
    const abort = new AbortController()
    const waits: AbortSignal[] = []
    const waiting = (): Promise<void> => vi.waitFor(() => expect(waits.at(-1)?.aborted).toBe(false))
    const chunk = (_: number, { signal }: { signal?: AbortSignal }): Promise<never> => {
      waits.push(signal!)
      return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('stopped waiting'))))
    }
    const reader = openFile({ crypto, reference, chunk }).getReader()
    const pending = reader.read()
    await waiting()
    await reader.cancel()
    expect(await pending).toEqual({ done: true, value: undefined })
    const whole = readWholeFile({ crypto, reference, chunk }, { signal: abort.signal })
    await waiting()
    abort.abort()
    await expect(whole).rejects.toThrow('stopped waiting')
    expect(waits.map((signal) => signal.aborted)).toEqual([true, true])
    await expect(readWholeFile({ crypto, reference, chunk }, { signal: abort.signal })).rejects.toMatchObject({ code: 'Aborted' })
  })
})

/** A store that tells before it writes: the index of a chunk, -1 for a manifest. */
function counted(store: ReturnType<typeof createMemoryBlobStore>, onWrite: (index: number) => unknown): typeof store {
  return Object.assign(Object.create(null) as object, {
    ...bound(store),
    put: (blobId: Uint8Array, index: number, chunk: Uint8Array) => (onWrite(index), store.put(blobId, index, chunk)),
    putManifest: (blobId: Uint8Array, manifest: Uint8Array) => (onWrite(-1), store.putManifest(blobId, manifest)),
  }) as typeof store
}

function bound(store: ReturnType<typeof createMemoryBlobStore>): object {
  const names = ['getManifest', 'get', 'drop', 'held', 'delete', 'list', 'estimate', 'close'] as const
  return Object.fromEntries(names.map((name) => [name, (store[name] as (...args: unknown[]) => unknown).bind(store)]))
}
