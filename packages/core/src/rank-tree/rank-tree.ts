/**
 * An order-statistics index on disk: a counted B+ tree over a Store. It answers how many keys are smaller than one, and which keys
 * have the ranks m to n, in a few node reads whatever the number of keys.
 *
 * The tree never writes. `takeOperations` gives what brings the store to the tree's present state, for the caller to write in one batch
 * with the data that the keys come from; so index and data cannot disagree after a crash. What was not taken is lost with the process.
 */
import { ParleyError } from '@parley/protocol'
import { NodeCache } from './rank-tree-cache.ts'
import { applyEdit, missingForEdit } from './rank-tree-edit.ts'
import type { Edit, TreeShape } from './rank-tree-edit.ts'
import { childFor, claimOf, compareAt, decodeHeader, encodeHeader, lowerBound } from './rank-tree-node.ts'
import type { ChildClaim, TreeHeader, TreeNode } from './rank-tree-node.ts'
import type { Store, StoreOperation } from '../store.ts'

/** The block size of LevelDB: one node costs one read, and few bytes are written again for each flush of a growing edge. */
const DEFAULT_NODE_BYTES = 4096
/** Clean nodes kept. Holds the whole tree of some 20,000 keys of 44 bytes, and all branches of one with a million. */
const DEFAULT_CACHE_BYTES = 1 << 20
/** The longest key of a Store; rows much longer would leave few to a node, and a deep tree. */
const MAX_KEY_BYTES = 256

/**
 * Calls may overlap; each sees the effects of those made before it. `takeOperations` sees an edit whole or not at all.
 * Every call that reads nodes throws `Internal` when the tree on disk is damaged, and what the store throws; nothing has changed then.
 */
export interface RankTree {
  /** How many keys there are, after the edits that have resolved. */
  readonly size: number
  /** Node records that the next take would put or delete. */
  readonly dirtyNodes: number
  /** Adds keys, in any order; those already there do not count. Ascending batches are fastest. Returns how many are new. */
  insert(keys: readonly Uint8Array[]): Promise<number>
  /** Removes keys; those not there do not count. Returns how many went. */
  delete(keys: readonly Uint8Array[]): Promise<number>
  has(key: Uint8Array): Promise<boolean>
  /** How many keys are smaller. */
  rank(key: Uint8Array): Promise<number>
  /** The keys with rank `from` up to, not including, `to`, ascending; clipped to what there is. Copies. */
  slice(from: number, to: number): Promise<Uint8Array[]>
  /**
   * The puts and deletes that bring the store from the last take to the present state; empty when nothing changed. From here on these nodes
   * count as clean, but stay in memory until `confirm`, so no read can run ahead of the write. Takes are written in their order.
   * When the write fails: write the same operations before anything newer, or drop this tree and open it again.
   */
  takeOperations(): StoreOperation[]
  /** Says that the oldest take not yet confirmed is in the store. Once for each take, an empty one too. */
  confirm(): void
}

export interface RankTreeInit {
  store: Store
  /** The header is stored under it, nodes under `prefix | node id u32be`; nothing else may be. */
  prefix: Uint8Array
  /** Length of every key, at most 256. */
  keyBytes: number
  /** Bound for the clean nodes in memory; changed ones come on top until their write is confirmed. Default 1 MiB. */
  cacheBytes?: number
  /** Size that nodes are split at. Default 4096; may differ from one opening to the next. */
  nodeBytes?: number
}

/** Reads the header record only. @throws {Internal} when it is damaged or of a tree with other keys; the owner rebuilds. */
export async function openRankTree(init: RankTreeInit): Promise<RankTree> {
  const { store, keyBytes } = init
  if (!Number.isInteger(keyBytes) || keyBytes < 1 || keyBytes > MAX_KEY_BYTES)
    throw new ParleyError('InvalidArgument', 'keyBytes must be 1 to 256.')
  const prefix = init.prefix.slice()
  const bytes = await store.get(prefix)
  const header = bytes === undefined ? { rootId: 0, rootLevel: 0, nextId: 1, size: 0 } : decodeHeader(bytes, keyBytes)
  const cache = new NodeCache({ store, prefix, keyBytes, cacheBytes: init.cacheBytes ?? DEFAULT_CACHE_BYTES })
  return new CountedTree(cache, header, prefix, { keyBytes, nodeBytes: init.nodeBytes ?? DEFAULT_NODE_BYTES })
}

class CountedTree implements RankTree {
  readonly #cache: NodeCache
  readonly #header: TreeHeader
  readonly #prefix: Uint8Array
  readonly #shape: TreeShape
  #last: Promise<unknown> = Promise.resolve()

  constructor(cache: NodeCache, header: TreeHeader, prefix: Uint8Array, shape: TreeShape) {
    this.#cache = cache
    this.#header = header
    this.#prefix = prefix
    this.#shape = shape
  }

  get size(): number {
    return this.#header.size
  }

  get dirtyNodes(): number {
    return this.#cache.dirtyNodes
  }

  insert(keys: readonly Uint8Array[]): Promise<number> {
    return this.#edit(keys, 'insert')
  }

  delete(keys: readonly Uint8Array[]): Promise<number> {
    return this.#edit(keys, 'delete')
  }

  has(key: Uint8Array): Promise<boolean> {
    return this.#find(key, (_rank, found) => found)
  }

  rank(key: Uint8Array): Promise<number> {
    return this.#find(key, (rank) => rank)
  }

  async slice(from: number, to: number): Promise<Uint8Array[]> {
    return this.#run((missing) => {
      const found: Uint8Array[] = []
      const root = this.#root()
      if (root !== undefined) this.#collect(root, Math.max(0, from), Math.min(root.count, to), found, missing)
      return found
    })
  }

  takeOperations(): StoreOperation[] {
    const operations = this.#cache.take()
    if (operations.length > 0) operations.push({ type: 'put', key: this.#prefix, value: encodeHeader(this.#header, this.#shape.keyBytes) })
    return operations
  }

  confirm(): void {
    this.#cache.confirm()
  }

  async #edit(keys: readonly Uint8Array[], edit: Edit): Promise<number> {
    const ordered = ascending(keys, this.#shape.keyBytes)
    if (ordered.length === 0) return 0
    return this.#run((missing) => {
      const root = this.#root()
      if (root !== undefined) missing.push(...missingForEdit(this.#cache, this.#shape, root, ordered, edit))
      return missing.length > 0 ? 0 : applyEdit(this.#cache, this.#shape, this.#header, ordered, edit)
    })
  }

  async #find<T>(key: Uint8Array, answer: (rank: number, found: boolean) => T): Promise<T> {
    const { keyBytes } = this.#shape
    checkKey(key, keyBytes)
    return this.#run((missing) => {
      let rank = 0
      for (let claim = this.#root(); claim !== undefined;) {
        const node = this.#want(claim, missing)
        if (node === undefined) break
        if (node.level === 0) {
          const at = lowerBound(node.rows.keys, key)
          return answer(rank + at, at * keyBytes < node.rows.keys.length && compareAt(node.rows.keys, at * keyBytes, key) === 0)
        }
        const index = childFor(node.rows, key)
        for (let i = 0; i < index; i++) rank += node.rows.counts[i] as number
        claim = claimOf(node, index, keyBytes)
      }
      return answer(rank, false)
    })
  }

  /** Appends the keys with ranks `from` up to `to`, counted below this node. */
  #collect(claim: ChildClaim, from: number, to: number, found: Uint8Array[], missing: ChildClaim[]): void {
    if (from >= to) return
    const node = this.#want(claim, missing)
    if (node === undefined) return
    const { keyBytes } = this.#shape
    if (node.level === 0) {
      for (let i = from; i < to; i++) found.push(node.rows.keys.slice(i * keyBytes, (i + 1) * keyBytes))
      return
    }
    let before = 0
    for (let i = 0; i < node.rows.ids.length && before < to; i++) {
      const child = node.rows.counts[i] as number
      if (before + child > from) {
        this.#collect(claimOf(node, i, keyBytes), Math.max(0, from - before), Math.min(child, to - before), found, missing)
      }
      before += child
    }
  }

  #want(claim: ChildClaim, missing: ChildClaim[]): TreeNode | undefined {
    const node = this.#cache.get(claim.id)
    if (node === undefined) missing.push(claim)
    return node
  }

  #root(): ChildClaim | undefined {
    const { rootId, rootLevel, size } = this.#header
    return rootId === 0 ? undefined : { id: rootId, level: rootLevel, count: size, firstKey: undefined }
  }

  /**
   * Runs one operation after those before it. `attempt` works on the nodes in memory and names those that it misses; they are loaded and it
   * runs again, one level deeper each time. The attempt that misses nothing is the one that counts.
   */
  async #run<T>(attempt: (missing: ChildClaim[]) => T): Promise<T> {
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = turn.promise
    await before
    try {
      for (;;) {
        const missing: ChildClaim[] = []
        const answer = attempt(missing)
        if (missing.length === 0) return answer
        await this.#cache.load(missing)
      }
    } finally {
      this.#cache.evict()
      turn.resolve()
    }
  }
}

function checkKey(key: Uint8Array, keyBytes: number): void {
  if (key.length !== keyBytes) throw new ParleyError('InvalidArgument', `Keys of this index have ${keyBytes} bytes.`)
}

/** The keys in order and once each; the same array when they already are. */
function ascending(keys: readonly Uint8Array[], keyBytes: number): readonly Uint8Array[] {
  let isAscending = true
  keys.forEach((key, i) => {
    checkKey(key, keyBytes)
    if (isAscending && i > 0) isAscending = compareAt(keys[i - 1] as Uint8Array, 0, key) < 0
  })
  if (isAscending) return keys
  const sorted = [...keys].sort((a, b) => compareAt(a, 0, b))
  return sorted.filter((key, i) => i === 0 || compareAt(sorted[i - 1] as Uint8Array, 0, key) !== 0)
}
