/**
 * What every `Store` must do, as tests. An implementation says only how to open, name and remove a place for rows:
 *
 *     storeAcceptance('level', { newLocation, open: (path) => openLevelStore({ path }), destroy })
 *
 * The location outlives the store: what is closed and opened again at one location is the same store.
 */
import type { Store, StoreOperation, StoreRow } from '@parley/core'
import { afterEach, describe, expect, test } from 'vitest'
import { seededRandom } from './seeded-random.ts'

/** How the suite reaches one implementation. */
export interface StoreFixture {
  /** Opens the store at `location`, making it when there is none. */
  open(location: string): Promise<Store>
  /** A location that nobody used before. */
  newLocation(): Promise<string>
  /** Removes every trace of `location`; its stores are closed by then. */
  destroy(location: string): Promise<void>
}

/** The bounds that the `Store` contract states. */
export const STORE_KEY_BYTES = 256
export const STORE_VALUE_BYTES = 1024 * 1024

/** Enough rows that a store which reads page by page has to do so more than once. */
const MANY_ROWS = 10_000

/** Rows of one batch while many are written: small enough to make many batches, large enough to be quick. */
const ROWS_PER_BATCH = 500

/** Declares the acceptance tests of one implementation, in a `describe` of their own. */
export function storeAcceptance(name: string, fixture: StoreFixture): void {
  describe(`store ${name}`, () => {
    const opened: Store[] = []
    const used: string[] = []

    async function newLocation(): Promise<string> {
      const location = await fixture.newLocation()
      used.push(location)
      return location
    }
    async function open(location: string): Promise<Store> {
      const store = await fixture.open(location)
      opened.push(store)
      return store
    }
    async function openNew(): Promise<Store> {
      return open(await newLocation())
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()))
      for (const location of used.splice(0)) await fixture.destroy(location)
    })

    describe('rows', () => {
      test('get gives what was put, and undefined for a key that is not there', async () => {
        const store = await openNew()
        await store.write([put([1], [10, 11])])
        expect(await store.get(bytes(1))).toEqual(bytes(10, 11))
        expect(await store.get(bytes(1, 0))).toBeUndefined()
        expect(await store.get(bytes())).toBeUndefined()
      })

      test('a put replaces, a delete removes, deleting what is not there does nothing', async () => {
        const store = await openNew()
        await store.write([put([1], [10]), put([2], [20])])
        await store.write([put([1], [11]), remove([2]), remove([3])])
        expect(await all(store)).toEqual([row([1], [11])])
      })

      test('an empty key and an empty value are a row like any other', async () => {
        const store = await openNew()
        await store.write([put([], [1]), put([0], [])])
        expect(await store.get(bytes())).toEqual(bytes(1))
        expect(await store.get(bytes(0))).toEqual(bytes())
        expect(await all(store)).toEqual([row([], [1]), row([0], [])])
      })

      test('getMany answers in the order asked, with gaps and repetitions', async () => {
        const store = await openNew()
        await store.write([put([1], [10]), put([2], [20]), put([3], [30])])
        expect(await store.getMany([bytes(3), bytes(9), bytes(1), bytes(3)])).toEqual([bytes(30), undefined, bytes(10), bytes(30)])
        expect(await store.getMany([])).toEqual([])
      })

      test('a value of 1 MiB and a key of 256 bytes come back whole', async () => {
        const store = await openNew()
        const key = noise(STORE_KEY_BYTES, 1)
        const value = noise(STORE_VALUE_BYTES, 2)
        await store.write([{ type: 'put', key, value }], { durability: 'strict' })
        expect(same(await store.get(key), value)).toBe(true)
        const rows = await all(store)
        expect(rows.map((found) => [found.key.length, found.value.length])).toEqual([[STORE_KEY_BYTES, STORE_VALUE_BYTES]])
        expect(same(rows[0]?.value, value)).toBe(true)
      })
    })

    describe('range', () => {
      const KEYS = [
        [],
        [0],
        [0, 0],
        [0, 0xff],
        [1],
        [1, 0],
        [1, 0, 0],
        [1, 1],
        [1, 0xff],
        [1, 0xff, 0],
        [2],
        [0x7f],
        [0x80],
        [0xff],
        [0xff, 0],
        [0xff, 0xff],
      ]

      test('keys are ordered bytewise, a shorter key before its extensions', async () => {
        const store = await openNew()
        await store.write(shuffled(KEYS).map((key) => put(key, [1])))
        expect((await all(store)).map((found) => [...found.key])).toEqual(KEYS)
        expect((await all(store, { reverse: true })).map((found) => [...found.key])).toEqual([...KEYS].reverse())
      })

      test('gte is inside, lt is outside, in both directions', async () => {
        const store = await openNew()
        await store.write(KEYS.map((key) => put(key, key)))
        const inside = [[1], [1, 0], [1, 0, 0], [1, 1], [1, 0xff], [1, 0xff, 0]]
        const query = { gte: bytes(1), lt: bytes(2) }
        expect(await store.range(query)).toEqual(inside.map((key) => row(key, key)))
        expect(await store.range({ ...query, reverse: true })).toEqual([...inside].reverse().map((key) => row(key, key)))
      })

      test('limit takes the first rows of the direction; a limit of none takes none', async () => {
        const store = await openNew()
        await store.write(KEYS.map((key) => put(key, key)))
        const query = { gte: bytes(1), lt: bytes(2) }
        expect((await store.range({ ...query, limit: 2 })).map((found) => [...found.key])).toEqual([[1], [1, 0]])
        expect((await store.range({ ...query, limit: 2, reverse: true })).map((found) => [...found.key])).toEqual([
          [1, 0xff, 0],
          [1, 0xff],
        ])
        expect(await store.range({ ...query, limit: 100 })).toHaveLength(6)
        expect(await store.range({ ...query, limit: 0 })).toEqual([])
      })

      test('an empty range, and one whose ends are swapped, has no rows', async () => {
        const store = await openNew()
        await store.write(KEYS.map((key) => put(key, key)))
        for (const [gte, lt] of [
          [[3], [4]],
          [[1], [1]],
          [[2], [1]],
          [[], []],
        ] as const) {
          expect(await store.range({ gte: bytes(...gte), lt: bytes(...lt) })).toEqual([])
          expect(await store.range({ gte: bytes(...gte), lt: bytes(...lt), reverse: true })).toEqual([])
        }
      })

      test('a limit that is no whole number is refused', async () => {
        const store = await openNew()
        for (const limit of [-1, 1.5, Number.NaN]) {
          await expect(store.range({ gte: bytes(), lt: bytes(1), limit })).rejects.toMatchObject({ code: 'InvalidArgument' })
        }
      })

      test('10,000 rows come back in order, whole and page by page', async () => {
        const store = await openNew()
        const numbers = shuffled(Array.from({ length: MANY_ROWS }, (_, index) => index))
        const writes: Promise<void>[] = []
        for (let start = 0; start < MANY_ROWS; start += ROWS_PER_BATCH) {
          writes.push(store.write(numbers.slice(start, start + ROWS_PER_BATCH).map((number) => put(keyOf(number), keyOf(number)))))
        }
        await Promise.all(writes)

        const expected = Array.from({ length: MANY_ROWS }, (_, index) => index)
        expect((await all(store)).map((found) => numberOf(found.key))).toEqual(expected)
        expect((await all(store, { reverse: true })).map((found) => numberOf(found.value))).toEqual(expected.reverse())

        const paged: number[] = []
        let lt = bytes(0xff)
        for (;;) {
          const page = await store.range({ gte: bytes(), lt, reverse: true, limit: 999 })
          const last = page.at(-1)
          if (last === undefined) break
          paged.push(...page.map((found) => numberOf(found.key)))
          lt = last.key
        }
        expect(paged).toEqual(expected)
      })
    })

    describe('write', () => {
      test('operations of a batch apply in their order', async () => {
        const store = await openNew()
        await store.write([put([1], [1]), remove([1]), put([2], [1]), put([2], [2]), remove([3]), put([3], [3])])
        expect(await all(store)).toEqual([row([2], [2]), row([3], [3])])
      })

      test('batches apply in call order, whatever their durability', async () => {
        const store = await openNew()
        const writes = Array.from({ length: 200 }, (_, index) =>
          store.write([put([index % 7], keyOf(index))], { durability: index % 3 === 0 ? 'strict' : 'relaxed' }),
        )
        await Promise.all(writes)
        expect((await all(store)).map((found) => numberOf(found.value))).toEqual([196, 197, 198, 199, 193, 194, 195])
      })

      test('batches resolve in call order', async () => {
        const store = await openNew()
        const resolved: number[] = []
        const writes = Array.from({ length: 50 }, async (_, index) => {
          await store.write([put([index], [index])], { durability: index % 2 === 0 ? 'strict' : 'relaxed' })
          resolved.push(index)
        })
        await Promise.all(writes)
        expect(resolved).toEqual(Array.from({ length: 50 }, (_, index) => index))
      })

      test('a reader never sees a part of a batch', async () => {
        const store = await openNew()
        const keys = Array.from({ length: 100 }, (_, index) => keyOf(index))
        const writes = Array.from({ length: 30 }, (_, turn) =>
          store.write(
            keys.map((key) => put(key, [turn])),
            { durability: turn % 2 === 0 ? 'strict' : 'relaxed' },
          ),
        )
        const reads = writes.map(async (write, turn) => {
          await write
          return { turn, rows: await all(store) }
        })
        for (const { turn, rows } of await Promise.all(reads)) {
          expect(rows).toHaveLength(100)
          const values = new Set(rows.map((found) => found.value[0]))
          expect(values.size).toBe(1)
          expect([...values][0]).toBeGreaterThanOrEqual(turn)
        }
      })

      test('a batch with an operation over the limits is refused whole, and the next one is not', async () => {
        const store = await openNew()
        const longKey = { type: 'put', key: noise(STORE_KEY_BYTES + 1, 1), value: bytes(1) } as const
        const largeValue = { type: 'put', key: bytes(2), value: new Uint8Array(STORE_VALUE_BYTES + 1) } as const
        const refused = { code: 'TooLarge', name: 'ParleyError' }
        await expect(store.write([put([1], [1]), longKey])).rejects.toMatchObject(refused)
        await expect(store.write([put([1], [1]), largeValue], { durability: 'strict' })).rejects.toMatchObject(refused)
        await expect(store.write([{ type: 'delete', key: longKey.key }])).rejects.toMatchObject(refused)
        expect(await all(store)).toEqual([])
        await store.write([put([3], [3])])
        expect(await all(store)).toEqual([row([3], [3])])
      })

      test('an empty batch is fine', async () => {
        const store = await openNew()
        await store.write([])
        await store.write([], { durability: 'strict' })
        expect(await all(store)).toEqual([])
      })

      test('what was handed in may be changed as soon as the call is made', async () => {
        const store = await openNew()
        await store.write([put([0], [0])])
        const key = bytes(1)
        const value = bytes(10)
        const operations: StoreOperation[] = [{ type: 'put', key, value }]
        const first = store.write([put([7], [70])], { durability: 'strict' })
        const second = store.write(operations, { durability: 'strict' })
        key[0] = 9
        value[0] = 99
        operations.push(put([8], [80]))
        await Promise.all([first, second])
        expect(await all(store)).toEqual([row([0], [0]), row([1], [10]), row([7], [70])])

        const wanted = bytes(1)
        const bounds = { gte: bytes(1), lt: bytes(2) }
        const reads = Promise.all([store.get(wanted), store.getMany([wanted]), store.range(bounds)])
        wanted[0] = 0
        bounds.gte[0] = 0
        bounds.lt[0] = 0
        expect(await reads).toEqual([bytes(10), [bytes(10)], [row([1], [10])]])
      })

      test('what was handed out is the own copy of the caller', async () => {
        const store = await openNew()
        await store.write([put([1], [10, 11]), put([2], [20])])
        const rows = await all(store)
        const values = [await store.get(bytes(1)), ...(await store.getMany([bytes(1), bytes(1)])), ...rows.map((found) => found.value)]
        for (const value of values) value?.fill(0xee)
        for (const found of rows) found.key.fill(0xee)
        expect(await all(store)).toEqual([row([1], [10, 11]), row([2], [20])])
        expect(await store.getMany([bytes(1), bytes(2)])).toEqual([bytes(10, 11), bytes(20)])
      })

      test('a value that is a window of a larger buffer is stored alone', async () => {
        const store = await openNew()
        const buffer = noise(4096, 3)
        await store.write([{ type: 'put', key: buffer.subarray(100, 104), value: buffer.subarray(200, 210) }])
        const [found] = await all(store)
        expect(found?.key).toEqual(buffer.slice(100, 104))
        expect(found?.value).toEqual(buffer.slice(200, 210))
      })

      test('random batches give what a plain sorted list gives', async () => {
        const store = await openNew()
        const model = new Map<string, StoreOperation & { type: 'put' }>()
        const random = seededRandom(42)
        for (let turn = 0; turn < 60; turn++) {
          const operations = Array.from({ length: 1 + random.integer(12) }, (): StoreOperation => {
            const key = Array.from({ length: random.integer(4) }, () => random.pick([0, 1, 0x7f, 0xff]))
            return random.integer(3) === 0 ? remove(key) : put(key, [random.integer(256)])
          })
          await store.write(operations, { durability: turn % 10 === 0 ? 'strict' : 'relaxed' })
          for (const operation of operations) {
            if (operation.type === 'put') model.set(String(operation.key), operation)
            else model.delete(String(operation.key))
          }
        }
        const expected = [...model.values()].map(({ key, value }) => ({ key, value })).sort((a, b) => compare(a.key, b.key))
        expect(expected.length).toBeGreaterThan(20)
        expect(await all(store)).toEqual(expected)
      })
    })

    describe('life', () => {
      test('rows of both durabilities are there after closing and opening again', async () => {
        const location = await newLocation()
        const before = await open(location)
        await before.write([put([1], [10])], { durability: 'strict' })
        await before.write([put([2], [20])], { durability: 'relaxed' })
        await before.write([remove([1])])
        await before.close()
        const after = await open(location)
        expect(await all(after)).toEqual([row([2], [20])])
      })

      test('two locations are two stores', async () => {
        const [alice, bob] = [await openNew(), await openNew()]
        await alice.write([put([1], [1])])
        expect(await all(bob)).toEqual([])
      })

      test('opening twice is refused with ProfileLocked, until the first is closed', async () => {
        const location = await newLocation()
        const first = await open(location)
        await first.write([put([1], [1])])
        await expect(fixture.open(location)).rejects.toMatchObject({ code: 'ProfileLocked', name: 'ParleyError' })
        await first.write([put([2], [2])])
        await first.close()
        expect(await all(await open(location))).toEqual([row([1], [1]), row([2], [2])])
      })

      test('of many that open at once exactly one gets the store', async () => {
        const location = await newLocation()
        const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => open(location)))
        expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ProfileLocked' })
        }
      })

      test('after close every call is refused with Closed, except close', async () => {
        const store = await openNew()
        await store.close()
        const refused = { code: 'Closed', name: 'ParleyError' }
        await expect(store.get(bytes(1))).rejects.toMatchObject(refused)
        await expect(store.getMany([bytes(1)])).rejects.toMatchObject(refused)
        await expect(store.range({ gte: bytes(), lt: bytes(1) })).rejects.toMatchObject(refused)
        await expect(store.write([put([1], [1])])).rejects.toMatchObject(refused)
        await expect(store.estimate()).rejects.toMatchObject(refused)
        await store.close()
      })

      test('close waits for the calls under way, which succeed, and refuses the ones after it', async () => {
        const location = await newLocation()
        const store = await open(location)
        await store.write([put([0], [0])])
        const events: string[] = []
        const read = all(store)
        const writes = Array.from({ length: 20 }, async (_, index) => {
          await store.write([put([index], noise(50_000, index))], { durability: index % 2 === 0 ? 'strict' : 'relaxed' })
          events.push('write')
        })
        const closed = store.close().then(() => events.push('close'))
        await expect(store.write([put([99], [99])])).rejects.toMatchObject({ code: 'Closed' })
        await Promise.all([...writes, closed])
        expect(events.at(-1)).toBe('close')
        expect(events).toHaveLength(21)
        expect((await read)[0]?.key).toEqual(bytes(0))
        expect((await all(await open(location))).map((found) => [found.key[0], found.value.length])).toEqual(
          Array.from({ length: 20 }, (_, index) => [index, 50_000]),
        )
      })

      test('estimate gives whole numbers of bytes where it gives any', async () => {
        const store = await openNew()
        await store.write([put([1], noise(1000, 1))], { durability: 'strict' })
        for (const value of Object.values(await store.estimate())) expect(Number.isInteger(value) && value >= 0).toBe(true)
      })
    })
  })
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values)
}

function put(key: ArrayLike<number>, value: ArrayLike<number>): StoreOperation & { type: 'put' } {
  return { type: 'put', key: Uint8Array.from(key), value: Uint8Array.from(value) }
}

function remove(key: ArrayLike<number>): StoreOperation {
  return { type: 'delete', key: Uint8Array.from(key) }
}

function row(key: ArrayLike<number>, value: ArrayLike<number>): StoreRow {
  return { key: Uint8Array.from(key), value: Uint8Array.from(value) }
}

/** Every row whose key begins with less than 256 times 0xff: all that the suite writes. */
function all(store: Store, options: { reverse?: boolean } = {}): Promise<StoreRow[]> {
  return store.range({ gte: bytes(), lt: new Uint8Array(STORE_KEY_BYTES).fill(0xff), ...options })
}

/** A number as four bytes, the highest first, so that keys sort as numbers do. */
function keyOf(number: number): number[] {
  return [(number >>> 24) & 0xff, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff]
}

function numberOf(key: Uint8Array): number {
  return key.reduce((number, byte) => number * 256 + byte, 0)
}

/** Compares large values without the element by element diff that an assertion would print. */
function same(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && compare(left, right) === 0
}

function compare(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

/** Bytes that no store can compress away or mix up, the same at every run. */
function noise(length: number, seed: number): Uint8Array {
  return seededRandom(seed).bytes(length)
}

function shuffled<T>(items: readonly T[]): T[] {
  const random = seededRandom(items.length)
  return items
    .map((item) => ({ item, rank: random.float() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ item }) => item)
}
