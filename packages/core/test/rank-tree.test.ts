import { seededRandom } from '@parley/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openRankTree } from '../src/rank-tree/rank-tree.ts'
import type { RankTree, RankTreeInit } from '../src/rank-tree/rank-tree.ts'
import type { Store, StoreOperation } from '../src/store.ts'

const PREFIX = Uint8Array.of(7, 7)
const HEADER = '0707'

/** What the tree needs of a store; counts what passes. */
function memoryStore() {
  const rows = new Map<string, Uint8Array>()
  const name = (key: Uint8Array) => Buffer.from(key).toString('hex')
  const counters = { reads: 0, bytesPut: 0 }
  const read = (key: Uint8Array) => {
    counters.reads++
    return rows.get(name(key))?.slice()
  }
  const store: Store = {
    get: async (key) => read(key),
    getMany: async (keys) => keys.map(read),
    range: async () => [],
    write: async (operations: readonly StoreOperation[]) => {
      for (const operation of operations) {
        if (operation.type === 'delete') rows.delete(name(operation.key))
        else rows.set(name(operation.key), operation.value.slice())
        if (operation.type === 'put') counters.bytesPut += operation.value.length
      }
    },
    estimate: async () => ({}),
    close: async () => undefined,
  }
  return { store, rows, counters }
}

function key(value: number, keyBytes = 8): Uint8Array {
  const bytes = new Uint8Array(keyBytes)
  new DataView(bytes.buffer).setUint32(keyBytes - 4, value)
  return bytes
}

const numbers = (keys: readonly Uint8Array[]) => keys.map((bytes) => Buffer.from(bytes).readUInt32BE(bytes.length - 4))
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)
const open = (store: Store, more: Partial<RankTreeInit> = {}) =>
  openRankTree({ store, prefix: PREFIX, keyBytes: 8, nodeBytes: 80, ...more })

async function flush(store: Store, tree: RankTree): Promise<void> {
  await store.write(tree.takeOperations())
  tree.confirm()
}

async function filled(count: number, nodeBytes = 80) {
  const memory = memoryStore()
  const tree = await open(memory.store, { nodeBytes })
  await tree.insert(upTo(count).map((i) => key(i)))
  await flush(memory.store, tree)
  return { ...memory, tree }
}

describe('against a sorted array', () => {
  type Step = { do: 'insert' | 'delete'; values: number[] } | { do: 'flush' | 'take' | 'confirm' | 'restart' }
  const edit = fc.constantFrom('insert' as const, 'delete' as const)
  const value = fc.integer({ min: 0, max: 600 })
  const run = fc.tuple(value, fc.integer({ min: 1, max: 300 })).map(([from, length]) => upTo(length).map((i) => from + i))
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: edit, values: fc.array(value, { maxLength: 40 }) }) },
    { weight: 3, arbitrary: fc.record({ do: edit, values: run }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('flush' as const, 'take' as const, 'confirm' as const, 'restart' as const) }) },
  )

  test('every answer is the same, through deletes, caches of any size, pipelined takes and restarts', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(0, 1, 200, 2000, 1 << 20),
      fc.constantFrom(1, 80, 300, 4096),
      async (steps, cacheBytes, nodeBytes) => {
        const { store, rows } = memoryStore()
        let tree = await open(store, { cacheBytes, nodeBytes })
        let model = new Set<number>()
        let written = new Set<number>()
        let takes: { operations: StoreOperation[]; model: Set<number> }[] = []
        const take = () => takes.push({ operations: tree.takeOperations(), model: new Set(model) })
        const writeOldest = async () => {
          const oldest = takes.shift()
          if (oldest === undefined) return
          await store.write(oldest.operations)
          written = oldest.model
          tree.confirm()
        }
        for (const each of steps) {
          if ('values' in each) {
            const before = model.size
            each.values.forEach(each.do === 'insert' ? (one) => model.add(one) : (one) => model.delete(one))
            const changed = await tree[each.do](each.values.map((one) => key(one)))
            expect(changed).toBe(Math.abs(model.size - before))
          } else if (each.do === 'take') take()
          else if (each.do === 'confirm') await writeOldest()
          else if (each.do === 'flush') {
            take()
            while (takes.length > 0) await writeOldest()
          } else {
            takes = []
            model = new Set(written)
            tree = await open(store, { cacheBytes, nodeBytes })
          }
          const sorted = [...model].sort((a, b) => a - b)
          expect(tree.size).toBe(sorted.length)
          expect(numbers(await tree.slice(0, Infinity))).toEqual(sorted)
          const middle = sorted.length >> 1
          expect(numbers(await tree.slice(middle - 3, middle + 3))).toEqual(sorted.slice(Math.max(0, middle - 3), middle + 3))
          for (const probe of [0, 300, 601]) {
            expect(await tree.rank(key(probe))).toBe(sorted.filter((one) => one < probe).length)
            expect(await tree.has(key(probe))).toBe(model.has(probe))
          }
        }
        await tree.delete([...model].map((one) => key(one)))
        take()
        while (takes.length > 0) await writeOldest()
        expect(rows.size).toBeLessThanOrEqual(1)
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })
})

describe('in the long run', () => {
  /** How many of the ascending numbers are smaller. */
  function rankIn(sorted: readonly number[], value: number): number {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }

  test(
    '100,000 random operations agree with a sorted array: appending, late insertions, deletions, writes, crashes and restarts',
    { timeout: 60_000 },
    async () => {
      const random = seededRandom(100_000)
      const { store } = memoryStore()
      // Some levels deep, and too large for the cache.
      const init = { cacheBytes: 300_000, nodeBytes: 400 }
      let tree = await open(store, init)
      let model: number[] = []
      let written: number[] = []
      let newest = 0
      const flushAll = async (): Promise<void> => {
        await flush(store, tree)
        written = [...model]
      }
      for (let operation = 0; operation < 100_000; operation++) {
        const kind = random.integer(1_000)
        if (kind < 660) {
          const value = kind < 460 ? (newest += 1 + random.integer(5)) : random.integer(newest + 1)
          const at = rankIn(model, value)
          const isNew = model[at] !== value
          if (isNew) model.splice(at, 0, value)
          if ((await tree.insert([key(value)])) !== Number(isNew)) throw new Error(`operation ${operation}: insert ${value}`)
        } else if (kind < 930 && model.length > 0) {
          const at = random.integer(model.length)
          const value = kind < 900 ? model[at]! : random.integer(newest + 1)
          const place = rankIn(model, value)
          const isHere = model[place] === value
          if (isHere) model.splice(place, 1)
          if ((await tree.delete([key(value)])) !== Number(isHere)) throw new Error(`operation ${operation}: delete ${value}`)
        } else if (kind < 970) {
          const value = random.integer(newest + 1)
          const place = rankIn(model, value)
          const answer = [await tree.rank(key(value)), await tree.has(key(value))]
          if (answer[0] !== place || answer[1] !== (model[place] === value)) throw new Error(`operation ${operation}: rank of ${value}`)
        } else if (kind < 990) {
          const from = random.integer(model.length + 1)
          expect(numbers(await tree.slice(from, from + 25))).toEqual(model.slice(from, from + 25))
        } else if (kind < 998) await flushAll()
        else {
          // What was not written is lost in a crash; a close writes it.
          if (kind === 998) model = [...written]
          else await flushAll()
          tree = await open(store, init)
          newest = Math.max(newest, model.at(-1) ?? 0)
        }
        if (tree.size !== model.length) throw new Error(`operation ${operation}: ${tree.size} keys instead of ${model.length}`)
      }
      expect(model.length).toBeGreaterThan(10_000)
      expect(numbers(await tree.slice(0, Infinity))).toEqual(model)
    },
  )
})

describe('growth', () => {
  test('appending fills every node but the last of its level', async () => {
    const { rows, tree, store } = await filled(0)
    for (let i = 0; i < 1000; i += 10) await tree.insert(upTo(10).map((j) => key(i + j)))
    await flush(store, tree)
    // 80 bytes hold 9 keys of 8: 112 leaves; the branches of 4 children above them add 38.
    expect(rows.size - 1).toBe(112 + 28 + 7 + 2 + 1)
    expect(numbers(await tree.slice(995, 1000))).toEqual([995, 996, 997, 998, 999])
  })

  test('descending and shuffled inserts need at most three times the nodes', async () => {
    for (const order of [upTo(1000).reverse(), upTo(1000).map((i) => (i * 617) % 1000)]) {
      const { rows, tree, store } = await filled(0)
      for (const value of order) await tree.insert([key(value)])
      await flush(store, tree)
      expect(rows.size).toBeLessThan(3 * 150)
      expect(numbers(await tree.slice(0, 1000))).toEqual(upTo(1000))
    }
  })

  test('deleting nearly everything leaves few nodes, wherever the keys were', async () => {
    const { rows, tree, store } = await filled(5000, 400)
    expect(rows.size - 1).toBe(103 + 5 + 1)
    for (let i = 0; i < 5000; i++) if (i % 50 !== 0) await tree.delete([key(i)])
    await flush(store, tree)
    expect(tree.size).toBe(100)
    expect(rows.size - 1).toBeLessThanOrEqual(4 * (3 + 1))
    expect(numbers(await tree.slice(0, 100))).toEqual(upTo(100).map((i) => i * 50))
  })

  test('keys already there, and twice in a batch, count once', async () => {
    const { tree } = await filled(10)
    expect(await tree.insert([key(11), key(3), key(11), key(10)])).toBe(2)
    expect(await tree.delete([key(3), key(99), key(3)])).toBe(1)
    expect(numbers(await tree.slice(0, 20))).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  test('calls that overlap take effect in their order', async () => {
    const { tree } = await filled(100)
    const answers = await Promise.all([
      tree.rank(key(50)),
      tree.delete([key(10)]),
      tree.rank(key(50)),
      tree.insert([key(10)]),
      tree.has(key(10)),
    ])
    expect(answers).toEqual([50, 1, 49, 1, true])
  })
})

describe('reading', () => {
  test('slices are clipped to what there is', async () => {
    const { tree } = await filled(30)
    expect(numbers(await tree.slice(-5, 2))).toEqual([0, 1])
    expect(numbers(await tree.slice(28, 99))).toEqual([28, 29])
    expect(await tree.slice(30, 40)).toEqual([])
    expect(await tree.slice(5, 5)).toEqual([])
    expect(await tree.slice(9, 3)).toEqual([])
  })

  test('an empty tree answers and stores nothing', async () => {
    const { tree, rows } = await filled(0)
    expect([tree.size, await tree.rank(key(1)), await tree.has(key(1)), await tree.slice(0, 9), await tree.delete([key(1)])]).toEqual([
      0,
      0,
      false,
      [],
      0,
    ])
    expect(tree.takeOperations()).toEqual([])
    expect(rows.size).toBe(0)
  })

  test('opening reads one record, a rank one node a level', async () => {
    const { store, counters } = await filled(1000)
    counters.reads = 0
    const tree = await open(store)
    expect([tree.size, counters.reads]).toEqual([1000, 1])
    await tree.rank(key(500))
    expect(counters.reads).toBe(1 + 5)
  })

  test('what a slice gives is the caller to change', async () => {
    const { tree } = await filled(10)
    for (const bytes of await tree.slice(0, 10)) bytes.fill(9)
    expect(numbers(await tree.slice(0, 3))).toEqual([0, 1, 2])
  })
})

describe('taking', () => {
  test('nodes taken are read from memory until confirmed, from the store later', async () => {
    const { store, counters } = memoryStore()
    const tree = await open(store, { cacheBytes: 0 })
    await tree.insert(upTo(200).map((i) => key(i)))
    const first = tree.takeOperations()
    expect(tree.dirtyNodes).toBe(0)
    await tree.insert([key(500)])
    const second = tree.takeOperations()
    expect(numbers(await tree.slice(0, 201))).toHaveLength(201)
    await store.write(first)
    tree.confirm()
    expect(numbers(await tree.slice(199, 201))).toEqual([199, 500])
    await store.write(second)
    tree.confirm()
    counters.reads = 0
    expect(numbers(await tree.slice(199, 201))).toEqual([199, 500])
    expect(counters.reads).toBeGreaterThan(0)
  })

  test('a take holds what changed and no more', async () => {
    const { tree } = await filled(1000)
    await tree.insert([key(2000)])
    expect(tree.dirtyNodes).toBe(5)
    expect(tree.takeOperations()).toHaveLength(6)
    await tree.insert([key(2000)])
    expect(tree.dirtyNodes).toBe(0)
  })
})

describe('refusals', () => {
  test('keys of another length', async () => {
    const { tree } = await filled(3)
    await expect(tree.insert([key(1, 9)])).rejects.toMatchObject({ code: 'InvalidArgument' })
    await expect(tree.rank(key(1, 7))).rejects.toMatchObject({ code: 'InvalidArgument' })
  })

  test('a tree of keys of another length', async () => {
    const { store } = await filled(3)
    await expect(open(store, { keyBytes: 9 })).rejects.toMatchObject({ code: 'Internal' })
  })

  test('any flipped, cut or missing record is noticed', async () => {
    const { store, rows } = await filled(300)
    for (const [name, good] of [...rows]) {
      const broken = [
        undefined,
        good.slice(1),
        new Uint8Array(0),
        Uint8Array.of(...good, 0),
        ...upTo(good.length).map((i) => good.with(i, (good[i] as number) ^ 0x21)),
      ]
      for (const bytes of broken) {
        if (bytes === undefined) rows.delete(name)
        else rows.set(name, bytes)
        // Without its header the tree is empty, which its owner notices.
        if (bytes === undefined && name === HEADER) continue
        await expect(open(store).then((tree) => tree.slice(0, 300))).rejects.toMatchObject({ code: 'Internal' })
      }
      rows.set(name, good)
    }
    expect(numbers(await (await open(store)).slice(0, 300))).toEqual(upTo(300))
  })

  test('after a damaged read the tree still answers elsewhere', async () => {
    const { store, rows } = await filled(300)
    const tree = await open(store, { cacheBytes: 0 })
    const first = `${HEADER}00000001`
    const good = rows.get(first) as Uint8Array
    rows.set(first, good.slice(1))
    await expect(tree.slice(0, 1)).rejects.toMatchObject({ code: 'Internal' })
    expect(numbers(await tree.slice(299, 300))).toEqual([299])
    rows.set(first, good)
    expect(numbers(await tree.slice(0, 1))).toEqual([0])
  })
})
