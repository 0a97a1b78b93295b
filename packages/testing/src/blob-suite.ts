/**
 * What every `BlobStore` must do, as tests. An implementation says only how to open, name and remove a place for blobs, and how to damage it:
 *
 *     blobAcceptance('files', { newLocation, open: (path) => openFileBlobStore({ path }), destroy, tear, litter })
 *
 * The location outlives the store: what is closed and opened again at one location is the same store.
 */
import { MAX_BLOB_CHUNK_BYTES, MAX_BLOB_CHUNKS, MAX_MANIFEST_BYTES, type BlobStore } from '@parley/core'
import { yieldToEventLoop } from '@parley/crypto'
import { compareBytes } from '@parley/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'

/** How the suite reaches one implementation. */
export interface BlobFixture {
  /** Opens the store at `location`, making it when there is none. */
  open(location: string): Promise<BlobStore>
  /** A location that nobody used before. */
  newLocation(): Promise<string>
  /** Removes every trace of `location`; its stores are closed by then. */
  destroy(location: string): Promise<void>
  /** Leaves of a chunk what a crash of the system, or a bad disk, may leave: its first `length` bytes. */
  tear(location: string, blobId: Uint8Array, index: number, length: number): Promise<void>
  /** Puts things of others beside the blobs, and into the folder of this one. */
  litter(location: string, blobId: Uint8Array): Promise<void>
}

/** Puts that are under way together: more than a disk does at a time. */
const MANY_PUTS = 100

/** Declares the acceptance tests of one implementation, in a `describe` of their own. */
export function blobAcceptance(name: string, fixture: BlobFixture): void {
  describe(`blob store ${name}`, () => {
    const opened: BlobStore[] = []
    const used: string[] = []

    async function newLocation(): Promise<string> {
      const location = await fixture.newLocation()
      used.push(location)
      return location
    }
    async function open(location: string): Promise<BlobStore> {
      const store = await fixture.open(location)
      opened.push(store)
      return store
    }
    async function openNew(): Promise<BlobStore> {
      return open(await newLocation())
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()))
      for (const location of used.splice(0)) await fixture.destroy(location)
    })

    describe('chunks and manifests', () => {
      test('what was put comes back, under its blob and index alone', async () => {
        const store = await openNew()
        await store.put(ALICE, 0, bytes(1, 2, 3))
        await store.put(ALICE, MAX_BLOB_CHUNKS - 1, bytes(4))
        await store.put(BOB, 1, bytes(5))
        await store.putManifest(BOB, bytes(6, 7))
        expect(await store.get(ALICE, 0)).toEqual(bytes(1, 2, 3))
        expect(await store.get(ALICE, MAX_BLOB_CHUNKS - 1)).toEqual(bytes(4))
        expect(await store.get(BOB, 1)).toEqual(bytes(5))
        expect(await store.getManifest(BOB)).toEqual(bytes(6, 7))
        expect([await store.get(ALICE, 1), await store.get(BOB, 0), await store.get(CAROL, 0)]).toEqual([undefined, undefined, undefined])
        expect([await store.getManifest(ALICE), await store.getManifest(CAROL)]).toEqual([undefined, undefined])
      })

      test('the held indexes are given in ascending order; the manifest is none of them', async () => {
        const store = await openNew()
        for (const index of [100, 9, 10, 0, 8_000]) await store.put(ALICE, index, bytes(index & 0xff))
        await store.putManifest(ALICE, bytes(1))
        expect(await store.held(ALICE)).toEqual([0, 9, 10, 100, 8_000])
        expect(await store.held(BOB)).toEqual([])
      })

      test('a later put replaces, also by something shorter', async () => {
        const store = await openNew()
        await store.put(ALICE, 3, noise(5_000, 1))
        await store.put(ALICE, 3, bytes(9))
        await store.putManifest(ALICE, noise(5_000, 2))
        await store.putManifest(ALICE, bytes(8))
        expect(await store.get(ALICE, 3)).toEqual(bytes(9))
        expect(await store.getManifest(ALICE)).toEqual(bytes(8))
      })

      test('a dropped chunk is gone, and can be put again', async () => {
        const store = await openNew()
        await store.put(ALICE, 0, bytes(1))
        await store.put(ALICE, 1, bytes(2))
        await store.drop(ALICE, 0)
        await store.drop(ALICE, 5)
        await store.drop(BOB, 0)
        expect(await store.get(ALICE, 0)).toBeUndefined()
        expect(await store.held(ALICE)).toEqual([1])
        await store.put(ALICE, 0, bytes(3))
        expect(await store.get(ALICE, 0)).toEqual(bytes(3))
      })

      test('the largest chunk and the largest manifest come back whole', async () => {
        const store = await openNew()
        const chunk = noise(MAX_BLOB_CHUNK_BYTES, 1)
        const manifest = noise(MAX_MANIFEST_BYTES, 2)
        await store.put(ALICE, 0, chunk)
        await store.putManifest(ALICE, manifest)
        expect(same(await store.get(ALICE, 0), chunk)).toBe(true)
        expect(same(await store.getManifest(ALICE), manifest)).toBe(true)
      })

      test('a chunk that is a window of a larger buffer is stored alone, and what is handed out is the own copy of the caller', async () => {
        const store = await openNew()
        const buffer = noise(4_096, 3)
        await store.put(ALICE, 0, buffer.subarray(200, 210))
        const expected = buffer.slice(200, 210)
        buffer.fill(0)
        const first = await store.get(ALICE, 0)
        expect(first).toEqual(expected)
        first?.fill(0xee)
        expect(await store.get(ALICE, 0)).toEqual(expected)
      })

      test('what is beyond the bounds is refused, and nothing of it is there', async () => {
        const store = await openNew()
        const invalid = { code: 'InvalidArgument', name: 'ParleyError' }
        const tooLarge = { code: 'TooLarge', name: 'ParleyError' }
        for (const id of [bytes(), noise(31, 1), noise(33, 1), '../../escape' as unknown as Uint8Array]) {
          await expect(store.put(id, 0, bytes(1))).rejects.toMatchObject(invalid)
          await expect(store.get(id, 0)).rejects.toMatchObject(invalid)
          await expect(store.getManifest(id)).rejects.toMatchObject(invalid)
          await expect(store.delete(id)).rejects.toMatchObject(invalid)
        }
        for (const index of [-1, 0.5, MAX_BLOB_CHUNKS, Number.NaN, '../manifest' as unknown as number]) {
          await expect(store.put(ALICE, index, bytes(1))).rejects.toMatchObject(invalid)
          await expect(store.get(ALICE, index)).rejects.toMatchObject(invalid)
          await expect(store.drop(ALICE, index)).rejects.toMatchObject(invalid)
        }
        await expect(store.put(ALICE, 0, bytes())).rejects.toMatchObject(invalid)
        await expect(store.putManifest(ALICE, bytes())).rejects.toMatchObject(invalid)
        await expect(store.put(ALICE, 0, new Uint8Array(MAX_BLOB_CHUNK_BYTES + 1))).rejects.toMatchObject(tooLarge)
        await expect(store.putManifest(ALICE, new Uint8Array(MAX_MANIFEST_BYTES + 1))).rejects.toMatchObject(tooLarge)
        expect(await store.list()).toEqual([])
      })
    })

    describe('at the same time', () => {
      test(`${MANY_PUTS} puts to one blob, and to many, all end up there`, async () => {
        const store = await openNew()
        const puts = Array.from({ length: MANY_PUTS }, (_, index) => [
          store.put(ALICE, index, noise(1_000 + index, index)),
          store.put(idOf(index), 0, noise(2_000, index)),
        ])
        await Promise.all(puts.flat())
        expect(await store.held(ALICE)).toEqual(Array.from({ length: MANY_PUTS }, (_, index) => index))
        for (let index = 0; index < MANY_PUTS; index += 7) {
          expect(same(await store.get(ALICE, index), noise(1_000 + index, index))).toBe(true)
          expect(same(await store.get(idOf(index), 0), noise(2_000, index))).toBe(true)
        }
        expect(await store.list()).toHaveLength(MANY_PUTS + 1)
      })

      test('the same chunk put many times is there once, whole', async () => {
        const store = await openNew()
        const chunk = noise(100_000, 1)
        await Promise.all(Array.from({ length: 10 }, () => store.put(ALICE, 0, chunk)))
        expect(same(await store.get(ALICE, 0), chunk)).toBe(true)
        expect(await store.list()).toEqual([{ blobId: ALICE, chunks: 1, bytes: 100_000 }])
      })

      test('a reader gets a chunk whole or not at all while it is replaced and deleted', async () => {
        const store = await openNew()
        const [left, right] = [noise(100_000, 1), noise(100_000, 2)]
        const changes: Promise<void>[] = []
        const reads: Promise<Uint8Array | undefined>[] = []
        for (let turn = 0; turn < 10; turn++) {
          changes.push(store.put(ALICE, 0, left))
          reads.push(store.get(ALICE, 0))
          changes.push(store.put(ALICE, 0, right))
          reads.push(store.get(ALICE, 0))
          changes.push(store.delete(ALICE))
          reads.push(store.get(ALICE, 0))
        }
        await Promise.all(changes)
        for (const found of await Promise.all(reads)) expect(found === undefined || same(found, left) || same(found, right)).toBe(true)
      })

      test('a deletion removes what was put before it, and leaves what is put after it', async () => {
        const store = await openNew()
        const before = Array.from({ length: 20 }, (_, index) => store.put(ALICE, index, noise(10_000, index)))
        const deleted = store.delete(ALICE)
        const after = [store.put(ALICE, 30, bytes(1)), store.putManifest(ALICE, bytes(2))]
        await Promise.all([...before, deleted, ...after])
        expect(await store.held(ALICE)).toEqual([30])
        expect(await store.getManifest(ALICE)).toEqual(bytes(2))
      })
    })

    describe('what is there', () => {
      test('list and estimate count manifests and chunks', async () => {
        const store = await openNew()
        expect(await store.list()).toEqual([])
        expect((await store.estimate()).usageBytes).toBe(0)
        await store.put(ALICE, 0, noise(1_000, 1))
        await store.put(ALICE, 7, noise(500, 1))
        await store.putManifest(ALICE, noise(100, 1))
        await store.putManifest(BOB, noise(50, 1))
        expect((await store.list()).sort((left, right) => compareBytes(left.blobId, right.blobId))).toEqual([
          { blobId: ALICE, chunks: 2, bytes: 1_600 },
          { blobId: BOB, chunks: 0, bytes: 50 },
        ])
        const { usageBytes, quotaBytes = usageBytes } = await store.estimate()
        expect(usageBytes).toBe(1_650)
        expect(quotaBytes).toBeGreaterThanOrEqual(usageBytes)
      })

      test('a deleted blob is gone from everywhere, also after opening again; deleting what is not there does nothing', async () => {
        const location = await newLocation()
        const store = await open(location)
        await store.put(ALICE, 0, bytes(1))
        await store.putManifest(ALICE, bytes(2))
        await store.put(BOB, 0, bytes(3))
        await store.delete(ALICE)
        await store.delete(ALICE)
        await store.delete(CAROL)
        await store.close()
        const after = await open(location)
        for (const one of [await after.get(ALICE, 0), await after.getManifest(ALICE)]) expect(one).toBeUndefined()
        expect(await after.held(ALICE)).toEqual([])
        expect(await after.list()).toEqual([{ blobId: BOB, chunks: 1, bytes: 1 }])
      })

      test('what others put there is neither seen nor touched', async () => {
        const location = await newLocation()
        const store = await open(location)
        await store.put(ALICE, 0, bytes(1))
        await store.close()
        await fixture.litter(location, ALICE)
        const after = await open(location)
        expect(await after.list()).toEqual([{ blobId: ALICE, chunks: 1, bytes: 1 }])
        expect(await after.held(ALICE)).toEqual([0])
        expect((await after.estimate()).usageBytes).toBe(1)
        await after.delete(ALICE)
        expect(await after.list()).toEqual([])
      })
    })

    describe('life', () => {
      test('a blob that is half there is as it was after closing and opening again', async () => {
        const location = await newLocation()
        const before = await open(location)
        await before.putManifest(ALICE, bytes(1))
        for (const index of [0, 2, 5]) await before.put(ALICE, index, noise(20_000, index))
        await before.close()
        const after = await open(location)
        expect(await after.getManifest(ALICE)).toEqual(bytes(1))
        expect(await after.held(ALICE)).toEqual([0, 2, 5])
        for (const index of [0, 2, 5]) expect(same(await after.get(ALICE, index), noise(20_000, index))).toBe(true)
      })

      test.each([0, 1_000])('a chunk of which %i bytes are left breaks nothing, and can be dropped and put again', async (length) => {
        const location = await newLocation()
        const before = await open(location)
        const chunk = noise(20_000, 1)
        await before.put(ALICE, 0, chunk)
        await before.put(ALICE, 1, bytes(1))
        await before.close()
        await fixture.tear(location, ALICE, 0, length)
        const after = await open(location)
        expect(await after.get(ALICE, 1)).toEqual(bytes(1))
        expect((await after.get(ALICE, 0))?.length ?? 0).toBe(length)
        await after.drop(ALICE, 0)
        expect(await after.held(ALICE)).toEqual([1])
        await after.put(ALICE, 0, chunk)
        expect(same(await after.get(ALICE, 0), chunk)).toBe(true)
      })

      test('two locations are two stores', async () => {
        const [one, other] = [await openNew(), await openNew()]
        await one.put(ALICE, 0, bytes(1))
        expect(await other.get(ALICE, 0)).toBeUndefined()
        expect(await other.list()).toEqual([])
      })

      test('close waits for the calls under way, which succeed, and refuses the ones after it', async () => {
        const location = await newLocation()
        const store = await open(location)
        let done = 0
        const puts = Array.from({ length: 20 }, async (_, index) => {
          await store.put(ALICE, index, noise(50_000, index))
          done++
        })
        const closed = store.close()
        const refused = { code: 'Closed', name: 'ParleyError' }
        await expect(store.put(ALICE, 99, bytes(1))).rejects.toMatchObject(refused)
        await closed
        // Who waits for a put may hear of it a few promises later than who waits for the end of all.
        await yieldToEventLoop()
        expect(done).toBe(20)
        await Promise.all(puts)
        await expect(store.get(ALICE, 0)).rejects.toMatchObject(refused)
        await expect(store.getManifest(ALICE)).rejects.toMatchObject(refused)
        await expect(store.putManifest(ALICE, bytes(1))).rejects.toMatchObject(refused)
        await expect(store.held(ALICE)).rejects.toMatchObject(refused)
        await expect(store.drop(ALICE, 0)).rejects.toMatchObject(refused)
        await expect(store.delete(ALICE)).rejects.toMatchObject(refused)
        await expect(store.list()).rejects.toMatchObject(refused)
        await expect(store.estimate()).rejects.toMatchObject(refused)
        await store.close()
        expect(await (await open(location)).held(ALICE)).toHaveLength(20)
      })
    })
  })
}

const ALICE = idOf(1_000)
const BOB = idOf(2_000)
const CAROL = idOf(3_000)

/** A blob id of its own for each number, ascending. */
function idOf(number: number): Uint8Array {
  const id = new Uint8Array(32).fill(0xa5)
  id[0] = number >> 8
  id[1] = number & 0xff
  return id
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

/** Bytes that no store can compress away or mix up, the same at every run. */
function noise(length: number, seed: number): Uint8Array {
  return seededRandom(seed).bytes(length)
}

/** Compares large values without the element by element diff that an assertion would print. */
function same(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && compareBytes(left, right) === 0
}
