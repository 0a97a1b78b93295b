/** A store within a store: rows under a prefix, where an archive is taken apart before anything of it counts. Bounded by the disk, not by memory. */
import type { Store, StoreOperation } from '../store.ts'
import { eraseRange } from '../replica/erase.ts'
import { SCRATCH_PREFIX } from '../replica/keyspace.ts'

const RANGE = { gte: Uint8Array.of(SCRATCH_PREFIX), lt: Uint8Array.of(SCRATCH_PREFIX + 1) }

/** Nothing in it is ever flushed on purpose: it is deleted, also after a crash. */
export function scratchStore(store: Store): Store {
  return {
    get: (key) => store.get(inside(key)),
    getMany: (keys) => store.getMany(keys.map(inside)),
    range: async ({ gte, lt, ...query }) =>
      (await store.range({ ...query, gte: inside(gte), lt: inside(lt) })).map(({ key, value }) => ({ key: key.slice(1), value })),
    write: (operations) => store.write(operations.map((operation): StoreOperation => ({ ...operation, key: inside(operation.key) }))),
    estimate: () => store.estimate(),
    close: () => Promise.resolve(),
  }
}

/** Deletes what an import left. */
export function eraseScratch(store: Store): Promise<void> {
  return eraseRange(store, RANGE)
}

function inside(key: Uint8Array): Uint8Array {
  const own = new Uint8Array(key.length + 1)
  own[0] = SCRATCH_PREFIX
  own.set(key, 1)
  return own
}
