/**
 * The nodes of a rank tree that are in memory: changed ones, ones whose write is under way, and recently used clean ones.
 */
import type { Store, StoreOperation } from '../store.ts'
import { corrupt, decodeNode, encodeNode, nodeBytes } from './rank-tree-node.ts'
import type { ChildClaim, TreeNode } from './rank-tree-node.ts'

interface Pinned {
  readonly node: TreeNode
  dirty: boolean
  /** Takes that hold this node and are not confirmed. */
  takes: number
}

/** Dirty and taken nodes are pinned; clean ones are dropped, least recently used first, beyond `cacheBytes`. */
export class NodeCache {
  readonly #store: Store
  readonly #prefix: Uint8Array
  readonly #keyBytes: number
  readonly #cacheBytes: number
  readonly #pinned = new Map<number, Pinned>()
  /** In the order of last use. */
  readonly #clean = new Map<number, TreeNode>()
  #cleanBytes = 0
  readonly #dirty = new Set<number>()
  /** Ids of nodes to delete from the store. */
  readonly #removed = new Set<number>()
  /** Ids that no store has heard of; removing such a node needs no delete. */
  readonly #unborn = new Set<number>()
  /** What each unconfirmed take holds, oldest first. */
  readonly #takes: number[][] = []

  constructor(init: { store: Store; prefix: Uint8Array; keyBytes: number; cacheBytes: number }) {
    this.#store = init.store
    this.#prefix = init.prefix
    this.#keyBytes = init.keyBytes
    this.#cacheBytes = init.cacheBytes
  }

  get dirtyNodes(): number {
    return this.#dirty.size + this.#removed.size
  }

  /** The node, if it is in memory; counts as a use. */
  get(id: number): TreeNode | undefined {
    const pinned = this.#pinned.get(id)
    if (pinned !== undefined) return pinned.node
    const node = this.#clean.get(id)
    if (node === undefined) return undefined
    this.#clean.delete(id)
    this.#clean.set(id, node)
    return node
  }

  /** The node, if it is in memory; not a use. */
  peek(id: number): TreeNode | undefined {
    return this.#pinned.get(id)?.node ?? this.#clean.get(id)
  }

  /** Reads the claimed nodes in one round trip. They stay until the next `evict`. @throws {Internal} when one is missing or broken. */
  async load(claims: readonly ChildClaim[]): Promise<void> {
    const values = await this.#store.getMany(claims.map((claim) => this.#storeKey(claim.id)))
    claims.forEach((claim, i) => {
      const bytes = values[i]
      if (bytes === undefined) throw corrupt('node missing')
      this.#keep(decodeNode(bytes, claim, this.#keyBytes))
    })
  }

  /** Drops clean nodes beyond the bound. Not during an operation: it relies on what it loaded. */
  evict(): void {
    for (const [id, node] of this.#clean) {
      if (this.#cleanBytes <= this.#cacheBytes) return
      this.#clean.delete(id)
      this.#cleanBytes -= nodeBytes(node)
    }
  }

  add(node: TreeNode): void {
    this.#unborn.add(node.id)
    this.#pinned.set(node.id, { node, dirty: true, takes: 0 })
    this.#dirty.add(node.id)
  }

  /** Before its rows are replaced. */
  markDirty(node: TreeNode): void {
    const pinned = this.#pinned.get(node.id)
    if (pinned !== undefined) pinned.dirty = true
    else {
      this.#forgetClean(node)
      this.#pinned.set(node.id, { node, dirty: true, takes: 0 })
    }
    this.#dirty.add(node.id)
  }

  remove(node: TreeNode): void {
    this.#forgetClean(node)
    this.#pinned.delete(node.id)
    this.#dirty.delete(node.id)
    if (!this.#unborn.delete(node.id)) this.#removed.add(node.id)
  }

  /** Every put and delete since the last take. The nodes put stay pinned until this take is confirmed. */
  take(): StoreOperation[] {
    const operations: StoreOperation[] = []
    for (const id of this.#removed) operations.push({ type: 'delete', key: this.#storeKey(id) })
    for (const id of this.#dirty) {
      const pinned = this.#pinned.get(id) as Pinned
      pinned.dirty = false
      pinned.takes++
      operations.push({ type: 'put', key: this.#storeKey(id), value: encodeNode(pinned.node, this.#keyBytes) })
    }
    this.#takes.push([...this.#dirty])
    this.#dirty.clear()
    this.#removed.clear()
    this.#unborn.clear()
    return operations
  }

  /** The oldest unconfirmed take is in the store. */
  confirm(): void {
    for (const id of this.#takes.shift() ?? []) {
      const pinned = this.#pinned.get(id)
      if (pinned === undefined || --pinned.takes > 0 || pinned.dirty) continue
      this.#pinned.delete(id)
      this.#keep(pinned.node)
    }
    this.evict()
  }

  #keep(node: TreeNode): void {
    this.#clean.set(node.id, node)
    this.#cleanBytes += nodeBytes(node)
  }

  #forgetClean(node: TreeNode): void {
    if (this.#clean.delete(node.id)) this.#cleanBytes -= nodeBytes(node)
  }

  #storeKey(id: number): Uint8Array {
    const key = new Uint8Array(this.#prefix.length + 4)
    key.set(this.#prefix)
    new DataView(key.buffer).setUint32(this.#prefix.length, id)
    return key
  }
}
