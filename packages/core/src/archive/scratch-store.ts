/** A store within a store: rows under a prefix, where an archive is taken apart before anything of it counts. Bounded by the disk, not by memory. */
import type { Store, StoreOperation } from '../store.ts'
import { SCRATCH_PREFIX } from '../replica/keyspace.ts'

/** Nothing in it is ever flushed on purpose: it is deleted (`eraseScratch`), also after a crash. */
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

function inside(key: Uint8Array): Uint8Array {
  const own = new Uint8Array(key.length + 1)
  own[0] = SCRATCH_PREFIX
  own.set(key, 1)
  return own
}
