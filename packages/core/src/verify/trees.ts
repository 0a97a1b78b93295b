/** Two rank trees against each other. */
import { compareBytes, isParleyError } from '@parley/protocol'
import { openRankTree, type RankTree } from '../rank-tree/rank-tree.ts'
import type { Store } from '../store.ts'

/** Keys read at a time. */
const SLICE_KEYS = 1_024

/** Keys that one has and the other has not; `broken`: what stands there is no tree. */
export type TreeDifference = { readonly missing: number; readonly extra: number } | 'broken'

/** Opens the tree under `prefix` in both stores, and tells how that in `stored` differs from that in `wanted`. */
export async function compareTrees(stored: Store, wanted: Store, prefix: Uint8Array, keyBytes: number): Promise<TreeDifference> {
  const right = await openRankTree({ store: wanted, prefix, keyBytes })
  try {
    return await difference(await openRankTree({ store: stored, prefix, keyBytes }), right)
  } catch (error) {
    // What a tree says that cannot be trusted.
    if (isParleyError(error, 'Internal')) return 'broken'
    throw error
  }
}

async function difference(stored: RankTree, wanted: RankTree): Promise<{ missing: number; extra: number }> {
  const [is, should] = [new Keys(stored), new Keys(wanted)]
  let missing = 0
  let extra = 0
  for (;;) {
    const a = is.first ?? (await is.more())
    const b = should.first ?? (await should.more())
    if (a === undefined && b === undefined) return { missing, extra }
    const order = a === undefined ? 1 : b === undefined ? -1 : compareBytes(a, b)
    if (order < 0) extra++
    if (order > 0) missing++
    if (order <= 0) is.next()
    if (order >= 0) should.next()
  }
}

/** The keys of a tree, one after the other. */
class Keys {
  readonly #tree: RankTree
  #slice: Uint8Array[] = []
  #at = 0
  #rank = 0

  constructor(tree: RankTree) {
    this.#tree = tree
  }

  /** The next key; undefined when it has to be read, or there is none. */
  get first(): Uint8Array | undefined {
    return this.#slice[this.#at]
  }

  next(): void {
    this.#at++
  }

  /** Reads on; returns the next key, undefined at the end. */
  async more(): Promise<Uint8Array | undefined> {
    this.#slice = await this.#tree.slice(this.#rank, this.#rank + SLICE_KEYS)
    this.#rank += this.#slice.length
    this.#at = 0
    return this.first
  }
}
