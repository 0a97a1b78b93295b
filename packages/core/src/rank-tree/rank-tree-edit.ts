/**
 * Inserting into and deleting from a rank tree, in memory. Synchronous: whoever calls has loaded every node that the edit touches, so
 * an edit happens whole or not at all.
 */
import type { NodeCache } from './rank-tree-cache.ts'
import {
  childFor,
  claimOf,
  compareAt,
  corrupt,
  countKeys,
  joinRows,
  lowerBound,
  NO_ROWS,
  rowsThatFit,
  sliceRows,
} from './rank-tree-node.ts'
import type { ChildClaim, Rows, TreeHeader, TreeNode } from './rank-tree-node.ts'

export type Edit = 'insert' | 'delete'

/** Ascending distinct keys `from` up to, not including, `to` of a batch. */
interface Span {
  readonly keys: readonly Uint8Array[]
  readonly from: number
  readonly to: number
}

export interface TreeShape {
  readonly keyBytes: number
  readonly nodeBytes: number
}

/** The nodes that an edit of these keys needs and that are not in memory yet; called again after they are loaded, until none is. */
export function missingForEdit(
  cache: NodeCache,
  shape: TreeShape,
  root: ChildClaim,
  keys: readonly Uint8Array[],
  edit: Edit,
): ChildClaim[] {
  const missing = new Map<number, ChildClaim>()
  const visit = (claim: ChildClaim, span: Span): void => {
    const node = cache.get(claim.id)
    if (node === undefined) {
      missing.set(claim.id, claim)
      return
    }
    if (node.level === 0) return
    forEachChild(node, span, (index, part) => {
      visit(claimOf(node, index, shape.keyBytes), part)
      // A child that loses keys may be joined to the one beside it.
      if (edit === 'delete') for (const beside of [index - 1, index + 1]) wantChild(node, beside)
    })
  }
  const wantChild = (node: TreeNode, index: number): void => {
    const id = node.rows.ids[index]
    if (id !== undefined && cache.peek(id) === undefined) missing.set(id, claimOf(node, index, shape.keyBytes))
  }
  visit(root, { keys, from: 0, to: keys.length })
  return [...missing.values()]
}

/** Applies the edit and changes `header` accordingly. `keys` ascending and distinct. Returns how many keys came or went. */
export function applyEdit(cache: NodeCache, shape: TreeShape, header: TreeHeader, keys: readonly Uint8Array[], edit: Edit): number {
  return new Editor(cache, shape, header).apply(keys, edit)
}

class Editor {
  readonly #cache: NodeCache
  readonly #keyBytes: number
  readonly #nodeBytes: number
  readonly #header: TreeHeader

  constructor(cache: NodeCache, shape: TreeShape, header: TreeHeader) {
    this.#cache = cache
    this.#keyBytes = shape.keyBytes
    this.#nodeBytes = shape.nodeBytes
    this.#header = header
  }

  apply(keys: readonly Uint8Array[], edit: Edit): number {
    const header = this.#header
    const span = { keys, from: 0, to: keys.length }
    const before = header.size
    let tops: Rows | undefined
    if (header.rootId !== 0) tops = this.#edit(this.#node(header.rootId), span, edit, true)
    else if (edit === 'insert') tops = this.#spread(undefined, 0, { ...NO_ROWS, keys: withKeys(NO_ROWS.keys, span, this.#keyBytes) }, true)
    if (tops === undefined) return 0
    while (tops.ids.length > 1) tops = this.#spread(undefined, ++header.rootLevel, tops, true)
    header.rootId = tops.ids[0] ?? 0
    header.size = tops.counts[0] ?? 0
    if (header.rootId === 0) header.rootLevel = 0
    this.#lowerRoot()
    return Math.abs(header.size - before)
  }

  /** Changes what lies below `node`. Returns the rows that stand for it in its parent from now on, or undefined when nothing changed. */
  #edit(node: TreeNode, span: Span, edit: Edit, edge: boolean): Rows | undefined {
    const rows = node.level === 0 ? this.#editLeaf(node, span, edit) : this.#editBranch(node, span, edit, edge)
    return rows === undefined ? undefined : this.#spread(node, node.level, rows, edge)
  }

  #editLeaf(node: TreeNode, span: Span, edit: Edit): Rows | undefined {
    const keys = edit === 'insert' ? withKeys(node.rows.keys, span, this.#keyBytes) : withoutKeys(node.rows.keys, span, this.#keyBytes)
    return keys.length === node.rows.keys.length ? undefined : { ...NO_ROWS, keys }
  }

  #editBranch(node: TreeNode, span: Span, edit: Edit, edge: boolean): Rows | undefined {
    const last = node.rows.ids.length - 1
    const parts: Rows[] = []
    let copied = 0
    forEachChild(node, span, (index, part) => {
      const child = this.#node(node.rows.ids[index] as number)
      const replaced = this.#edit(child, part, edit, edge && index === last)
      if (replaced === undefined) return
      parts.push(sliceRows(node.rows, copied, index, this.#keyBytes), replaced)
      copied = index + 1
    })
    if (copied === 0) return undefined
    parts.push(sliceRows(node.rows, copied, last + 1, this.#keyBytes))
    const rows = joinRows(parts)
    return edit === 'insert' ? rows : this.#joinNeighbours(rows)
  }

  /**
   * Joins children that are neighbours when half a node holds both. So two neighbours always hold more than half a node together, which
   * bounds the number of nodes by about four times the least possible; the room left keeps the next insert from splitting again.
   * Only a child that lost keys can break the rule, and it and its neighbours are in memory.
   */
  #joinNeighbours(rows: Rows): Rows {
    const parts: Rows[] = []
    let left: TreeNode | undefined
    for (let i = 0; i < rows.ids.length; i++) {
      const row = sliceRows(rows, i, i + 1, this.#keyBytes)
      const node = this.#cache.peek(rows.ids[i] as number)
      if (left !== undefined && node !== undefined && this.#length(left) + this.#length(node) <= this.#capacity(node.level) / 2) {
        const joined = joinRows([left.rows, node.rows])
        this.#cache.remove(node)
        this.#setRows(left, joined)
        parts[parts.length - 1] = this.#rowOf(left)
      } else {
        parts.push(row)
        left = node
      }
    }
    return parts.length === rows.ids.length ? rows : joinRows(parts)
  }

  /**
   * Puts the rows into `node`, and into new nodes to its right when they are too many; removes it when there are none. At the right edge
   * all but the last are filled, since a log grows there; elsewhere all get about the same.
   */
  #spread(node: TreeNode | undefined, level: number, rows: Rows, edge: boolean): Rows {
    const total = rows.keys.length / this.#keyBytes
    if (total === 0) {
      if (node !== undefined) this.#cache.remove(node)
      return NO_ROWS
    }
    const capacity = this.#capacity(level)
    const pieces = Math.ceil(total / capacity)
    const stands: Rows[] = []
    for (let i = 0, from = 0; i < pieces; i++) {
      const to = edge ? Math.min(total, from + capacity) : Math.floor(((i + 1) * total) / pieces)
      // A lone piece may keep the buffer; several would each keep all of it alive.
      const piece = pieces === 1 ? rows : joinRows([sliceRows(rows, from, to, this.#keyBytes)])
      stands.push(this.#rowOf(i === 0 && node !== undefined ? this.#setRows(node, piece) : this.#create(level, piece)))
      from = to
    }
    return stands.length === 1 ? (stands[0] as Rows) : joinRows(stands)
  }

  /** A root with a single child adds a step to every way down. */
  #lowerRoot(): void {
    for (;;) {
      const root = this.#cache.peek(this.#header.rootId)
      if (root === undefined || root.level === 0 || root.rows.ids.length > 1) return
      this.#header.rootId = root.rows.ids[0] as number
      this.#header.rootLevel--
      this.#cache.remove(root)
    }
  }

  #create(level: number, rows: Rows): TreeNode {
    if (this.#header.nextId > 0xffff_ffff) throw corrupt('ids used up')
    const node: TreeNode = { id: this.#header.nextId++, level, rows }
    this.#cache.add(node)
    return node
  }

  #setRows(node: TreeNode, rows: Rows): TreeNode {
    this.#cache.markDirty(node)
    node.rows = rows
    return node
  }

  #rowOf(node: TreeNode): Rows {
    return { keys: node.rows.keys.subarray(0, this.#keyBytes), ids: [node.id], counts: [countKeys(node, this.#keyBytes)] }
  }

  #node(id: number): TreeNode {
    const node = this.#cache.get(id)
    if (node === undefined) throw corrupt('node not loaded')
    return node
  }

  #length(node: TreeNode): number {
    return node.rows.keys.length / this.#keyBytes
  }

  #capacity(level: number): number {
    return rowsThatFit(this.#nodeBytes, level, this.#keyBytes)
  }
}

/** Calls back for each child that some of the keys belong to, ascending, with those keys. */
function forEachChild(branch: TreeNode, span: Span, callback: (index: number, part: Span) => void): void {
  const { keys, to } = span
  const last = branch.rows.ids.length - 1
  for (let from = span.from; from < to;) {
    const key = keys[from] as Uint8Array
    const index = childFor(branch.rows, key)
    const end = index === last ? to : firstFrom(keys, from, to, branch.rows.keys, (index + 1) * key.length)
    callback(index, { keys, from, to: end })
    from = end
  }
}

/** The first of `keys[from..to)` that is not smaller than the packed key at `offset`. */
function firstFrom(keys: readonly Uint8Array[], from: number, to: number, packedKeys: Uint8Array, offset: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    const key = keys[middle] as Uint8Array
    const difference = compareAt(packedKeys, offset, key)
    if (difference > 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The packed keys with those of the span merged in; equal keys once. */
function withKeys(old: Uint8Array, span: Span, keyBytes: number): Uint8Array {
  const merged = new Uint8Array(old.length + (span.to - span.from) * keyBytes)
  let length = 0
  let row = 0
  for (let i = span.from; i < span.to; i++) {
    const key = span.keys[i] as Uint8Array
    const at = lowerBound(old, key, row)
    merged.set(old.subarray(row * keyBytes, at * keyBytes), length)
    length += (at - row) * keyBytes
    row = at
    if (at * keyBytes < old.length && compareAt(old, at * keyBytes, key) === 0) continue
    merged.set(key, length)
    length += keyBytes
  }
  merged.set(old.subarray(row * keyBytes), length)
  return merged.subarray(0, length + old.length - row * keyBytes)
}

/** The packed keys without those of the span. */
function withoutKeys(old: Uint8Array, span: Span, keyBytes: number): Uint8Array {
  const kept = new Uint8Array(old.length)
  let length = 0
  let row = 0
  for (let i = span.from; i < span.to; i++) {
    const key = span.keys[i] as Uint8Array
    const at = lowerBound(old, key, row)
    kept.set(old.subarray(row * keyBytes, at * keyBytes), length)
    length += (at - row) * keyBytes
    const found = at * keyBytes < old.length && compareAt(old, at * keyBytes, key) === 0
    row = found ? at + 1 : at
  }
  kept.set(old.subarray(row * keyBytes), length)
  return kept.slice(0, length + old.length - row * keyBytes)
}
