/**
 * Nodes of the rank tree and their bytes. Pure.
 *
 * A node is a run of rows in ascending key order. A leaf row is a key. A branch row is a child: the child's smallest key, its id and how
 * many keys lie below it. Rows are never changed in place; a change makes new ones, so views into them stay true.
 *
 * Bytes of a node: version u8 | level u8 | rows u16 | checksum u32 | keys | ids u32 each | counts u32 each; big endian, ids and counts in
 * branches only. The checksum is over the rest and the node's id, since not every store checks what it reads.
 */
import { ParleyError } from '@parley/protocol'

/** Changes when the bytes of nodes or of the header change; other versions are refused, and the owner rebuilds. */
const NODE_VERSION = 1
const NODE_HEADER_BYTES = 8
const CHECKSUM_AT = 4
const CHILD_BYTES = 8
/** What u16 can count; node sizes keep far below. */
const MAX_ROWS = 0xffff
const HEADER_BYTES = 20

/** Rows side by side: `keys` packed, `ids` and `counts` empty in leaves. */
export interface Rows {
  readonly keys: Uint8Array
  readonly ids: readonly number[]
  readonly counts: readonly number[]
}

/** One node in memory. `level` 0 is a leaf. */
export interface TreeNode {
  readonly id: number
  readonly level: number
  rows: Rows
}

/** What a parent says of a child. Checked when the child is loaded, so a broken or stale store is noticed instead of believed. */
export interface ChildClaim {
  readonly id: number
  readonly level: number
  readonly count: number
  /** Undefined for the root, whose smallest key nobody notes. */
  readonly firstKey: Uint8Array | undefined
}

/** The record under the bare prefix. `rootId` 0 means an empty tree; ids start at 1 and are never used twice. */
export interface TreeHeader {
  rootId: number
  rootLevel: number
  nextId: number
  size: number
}

export const NO_ROWS: Rows = { keys: new Uint8Array(0), ids: [], counts: [] }

/** The tree on disk cannot be trusted; it holds nothing of its own, so its owner deletes and rebuilds it. */
export function corrupt(what: string): ParleyError {
  return new ParleyError('Internal', `The index is damaged (${what}); rebuild it.`)
}

/** Bytewise order of the packed key at `offset` and `key`: negative, zero, positive. */
export function compareAt(packed: Uint8Array, offset: number, key: Uint8Array): number {
  for (let i = 0; i < key.length; i++) {
    const difference = (packed[offset + i] as number) - (key[i] as number)
    if (difference !== 0) return difference
  }
  return 0
}

/** How many packed keys are smaller than `key`. Only `from` and later ones are looked at. */
export function lowerBound(packed: Uint8Array, key: Uint8Array, from = 0): number {
  let low = from
  let high = packed.length / key.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareAt(packed, middle * key.length, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The row of a branch whose child is the one for `key`: the last that does not begin after it, or the first. */
export function childFor(branch: Rows, key: Uint8Array): number {
  const at = lowerBound(branch.keys, key)
  const exact = at < branch.ids.length && compareAt(branch.keys, at * key.length, key) === 0
  return exact ? at : Math.max(0, at - 1)
}

/** Rows `from` up to, not including, `to`; a view. */
export function sliceRows(rows: Rows, from: number, to: number, keyBytes: number): Rows {
  return {
    keys: rows.keys.subarray(from * keyBytes, to * keyBytes),
    ids: rows.ids.slice(from, to),
    counts: rows.counts.slice(from, to),
  }
}

/** Copies the parts into one run. */
export function joinRows(parts: readonly Rows[]): Rows {
  const keys = new Uint8Array(parts.reduce((bytes, part) => bytes + part.keys.length, 0))
  let offset = 0
  for (const part of parts) {
    keys.set(part.keys, offset)
    offset += part.keys.length
  }
  return { keys, ids: parts.flatMap((part) => part.ids), counts: parts.flatMap((part) => part.counts) }
}

/** The keys at or below a node. */
export function countKeys(node: TreeNode, keyBytes: number): number {
  if (node.level === 0) return node.rows.keys.length / keyBytes
  return node.rows.counts.reduce((sum, count) => sum + count, 0)
}

/** What a branch says of its child in row `index`. */
export function claimOf(branch: TreeNode, index: number, keyBytes: number): ChildClaim {
  return {
    id: branch.rows.ids[index] as number,
    level: branch.level - 1,
    count: branch.rows.counts[index] as number,
    firstKey: branch.rows.keys.subarray(index * keyBytes, (index + 1) * keyBytes),
  }
}

/** Bytes that a node takes in the store, and about what it takes in memory. */
export function nodeBytes(node: TreeNode): number {
  return NODE_HEADER_BYTES + node.rows.keys.length + node.rows.ids.length * CHILD_BYTES
}

/** The most rows that keep a node of this level within `bytes`. Four at least: a tree of fewer children would not get shallower. */
export function rowsThatFit(bytes: number, level: number, keyBytes: number): number {
  const rowBytes = level === 0 ? keyBytes : keyBytes + CHILD_BYTES
  return Math.min(MAX_ROWS, Math.max(4, Math.floor((bytes - NODE_HEADER_BYTES) / rowBytes)))
}

export function encodeNode(node: TreeNode, keyBytes: number): Uint8Array {
  const { keys, ids, counts } = node.rows
  const bytes = new Uint8Array(nodeBytes(node))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, NODE_VERSION)
  view.setUint8(1, node.level)
  view.setUint16(2, keys.length / keyBytes)
  bytes.set(keys, NODE_HEADER_BYTES)
  const idsAt = NODE_HEADER_BYTES + keys.length
  const countsAt = idsAt + ids.length * 4
  for (let i = 0; i < ids.length; i++) {
    view.setUint32(idsAt + i * 4, ids[i] as number)
    view.setUint32(countsAt + i * 4, counts[i] as number)
  }
  view.setUint32(CHECKSUM_AT, checksum(bytes, node.id))
  return bytes
}

/** @throws {Internal} when the bytes are no node, or not the one that its parent claims. */
export function decodeNode(bytes: Uint8Array, claim: ChildClaim, keyBytes: number): TreeNode {
  if (bytes.length < NODE_HEADER_BYTES) throw corrupt('node too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(CHECKSUM_AT) !== checksum(bytes, claim.id)) throw corrupt('checksum')
  const level = view.getUint8(1)
  const length = view.getUint16(2)
  if (view.getUint8(0) !== NODE_VERSION || level !== claim.level) throw corrupt('node of another kind')
  const rowBytes = level === 0 ? keyBytes : keyBytes + CHILD_BYTES
  if (length === 0 || bytes.length !== NODE_HEADER_BYTES + length * rowBytes) throw corrupt('node length')
  const idsAt = NODE_HEADER_BYTES + length * keyBytes
  const keys = bytes.slice(NODE_HEADER_BYTES, idsAt)
  const ids: number[] = []
  const counts: number[] = []
  for (let i = 0; i < length; i++) {
    if (i > 0 && compareAt(keys, (i - 1) * keyBytes, keys.subarray(i * keyBytes, (i + 1) * keyBytes)) >= 0) throw corrupt('key order')
    if (level === 0) continue
    ids.push(view.getUint32(idsAt + i * 4))
    counts.push(view.getUint32(idsAt + (length + i) * 4))
  }
  const node: TreeNode = { id: claim.id, level, rows: { keys, ids, counts } }
  if (countKeys(node, keyBytes) !== claim.count) throw corrupt('key count')
  if (claim.firstKey !== undefined && compareAt(keys, 0, claim.firstKey) !== 0) throw corrupt('first key')
  return node
}

export function encodeHeader(header: TreeHeader, keyBytes: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, NODE_VERSION)
  view.setUint8(1, header.rootLevel)
  view.setUint16(2, keyBytes)
  view.setUint32(8, header.rootId)
  view.setUint32(12, header.nextId)
  view.setUint32(16, header.size)
  view.setUint32(CHECKSUM_AT, checksum(bytes, 0))
  return bytes
}

/** @throws {Internal} when the bytes are no header, or one of a tree with other keys. */
export function decodeHeader(bytes: Uint8Array, keyBytes: number): TreeHeader {
  if (bytes.length !== HEADER_BYTES) throw corrupt('header length')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(CHECKSUM_AT) !== checksum(bytes, 0)) throw corrupt('header checksum')
  if (view.getUint8(0) !== NODE_VERSION || view.getUint16(2) !== keyBytes) throw corrupt('header of another kind')
  const header = { rootLevel: view.getUint8(1), rootId: view.getUint32(8), nextId: view.getUint32(12), size: view.getUint32(16) }
  if (header.rootId >= header.nextId || (header.rootId === 0) !== (header.size === 0)) throw corrupt('header')
  return header
}

/** FNV-1a, 32 bits, over `id` and all bytes but the checksum itself. Notices every change of a single byte; against accidents, not attackers. */
function checksum(bytes: Uint8Array, id: number): number {
  let hash = Math.imul(0x811c9dc5 ^ id, 0x01000193)
  for (let i = 0; i < bytes.length; i++) {
    if (i < CHECKSUM_AT || i >= CHECKSUM_AT + 4) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  }
  return hash >>> 0
}
