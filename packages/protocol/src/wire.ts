/**
 * Entries as Yjs V1 updates of one canonical shape, written without any Y.Doc: one Y.Array of binary items for each chunk of a log, by a
 * client id that follows from conversation, device and chunk. Peers with the same entries hold byte-identical documents.
 */
import { compareBytes, concatBytes, toBase32, u32be } from './bytes.ts'
import type { Hash } from './bytes.ts'
import type { EntryList } from './entry-list.ts'
import { ParleyError } from './errors.ts'
import { CHUNK_ENTRIES, MAX_SEQ } from './limits.ts'
import { varUint, varUintLength, writeVarUint } from './varint.ts'

/** Entries of one log in their order, without a gap. */
export interface EntryRun {
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** The branch that they lie on; undefined for the log itself. */
  readonly branch?: BranchRef
  /** Sequence number of the first entry. */
  readonly seq: number
  /** Stored entries. From `admit` they lie in the update. */
  readonly entries: EntryList
}

/** A branch of a forked log. */
export interface BranchRef {
  /** First 16 bytes of the id of its first entry. */
  readonly id: Uint8Array
  /** Sequence number of its first entry. */
  readonly seq: number
}

/** How far a log reaches. */
export interface LogHead {
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** The branch that it is the head of; undefined for the log itself. */
  readonly branch?: BranchRef
  /** Number of entries, which is the sequence number of the next one. */
  readonly nextSeq: number
}

/** Client ids of chunks begin here: beyond the 32 bits of Yjs's own random ids, so that the two never meet. */
export const MIN_CHUNK_CLIENT = 2 ** 52

/** Info byte of the first item of an array: binary content, parent follows. */
export const INFO_FIRST = 0x03
/** Info byte of every later item: binary content, left origin follows. */
export const INFO_NEXT = 0x83
/** Says that the parent is a root type, named by the text that follows. */
export const PARENT_IS_ROOT = 1

const NO_BRANCH = new Uint8Array(0)

/** The Yjs client id of a chunk: 2^52 + the first 52 bits of SHA-256(conversation | device | branch | u32be chunk). `branch` is the 16 bytes of a branch, else empty. */
export function chunkClient(
  hash: Hash,
  conversation: Uint8Array,
  device: Uint8Array,
  chunk: number,
  branch: Uint8Array = NO_BRANCH,
): number {
  const digest = hash(concatBytes(conversation, device, branch, u32be(chunk)))
  const view = new DataView(digest.buffer, digest.byteOffset, 8)
  return MIN_CHUNK_CLIENT + view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12)
}

/** The name of the root type that holds a chunk: `l:<device>:<branch>:<chunk>`, chunk in decimal. `branch` is the 16 bytes of a branch, else empty. */
export function rootName(deviceId: string, chunk: number, branch: Uint8Array = NO_BRANCH): string {
  return `l:${deviceId}:${toBase32(branch)}:${chunk}`
}

/** Where the items of a chunk begin: in the first one of a branch at its first entry, which is item 0. */
export function chunkStart(chunk: number, branch: BranchRef | undefined): number {
  return Math.max(chunk * CHUNK_ENTRIES, branch?.seq ?? 0)
}

/**
 * The Yjs V1 update that holds these entries. Runs may come in any order and span chunks.
 * @throws {ParleyError} InvalidArgument when two runs overlap, or leave a gap within one chunk.
 */
export function project(hash: Hash, conversation: Uint8Array, runs: readonly EntryRun[]): Uint8Array {
  const blocks = blocksOf(hash, conversation, runs)
  let length = varUintLength(blocks.length) + 1
  for (const block of blocks) length += block.length
  const update = new Uint8Array(length)
  let at = writeVarUint(update, 0, blocks.length)
  for (const block of blocks) at = writeBlock(update, at, block)
  // The last byte stays 0: an empty delete set.
  return update
}

/** The state vector of the document that holds all entries of these logs, as Yjs encodes it. */
export function encodeStateVector(hash: Hash, conversation: Uint8Array, heads: readonly LogHead[]): Uint8Array {
  const clocks: { client: number; clock: number }[] = []
  for (const { device, branch, nextSeq } of heads) {
    for (let chunk = Math.floor((branch?.seq ?? 0) / CHUNK_ENTRIES); chunk * CHUNK_ENTRIES < nextSeq; chunk++) {
      const start = chunkStart(chunk, branch)
      const client = chunkClient(hash, conversation, device, chunk, branch?.id)
      clocks.push({ client, clock: Math.min((chunk + 1) * CHUNK_ENTRIES, nextSeq) - start })
    }
  }
  clocks.sort((a, b) => b.client - a.client)
  let length = varUintLength(clocks.length)
  for (const { client, clock } of clocks) length += varUintLength(client) + varUintLength(clock)
  const vector = new Uint8Array(length)
  let at = writeVarUint(vector, 0, clocks.length)
  for (const { client, clock } of clocks) {
    at = writeVarUint(vector, at, client)
    at = writeVarUint(vector, at, clock)
  }
  return vector
}

/** Where a run begins. */
type RunStart = Omit<EntryRun, 'entries'>

/** The order of runs: by device, branch (the log itself first), sequence number. */
export function compareRuns(a: RunStart, b: RunStart): number {
  return compareBytes(a.device, b.device) || compareBytes(a.branch?.id ?? NO_BRANCH, b.branch?.id ?? NO_BRANCH) || a.seq - b.seq
}

/** Whether two runs are of one log. */
export function isSameLog(a: RunStart, b: RunStart): boolean {
  return compareBytes(a.device, b.device) === 0 && compareBytes(a.branch?.id ?? NO_BRANCH, b.branch?.id ?? NO_BRANCH) === 0
}

/** The part of an update that belongs to one client: consecutive entries of one chunk. */
interface Block {
  readonly client: number
  readonly clientBytes: Uint8Array
  /** Position of the first entry within the chunk. */
  readonly clock: number
  /** Name of the root type, ASCII; only when `clock` is 0. */
  readonly root: string
  readonly entries: Uint8Array[]
  length: number
}

function blocksOf(hash: Hash, conversation: Uint8Array, runs: readonly EntryRun[]): Block[] {
  const ordered = runs.filter((run) => run.entries.length > 0).sort(compareRuns)
  const blocks: Block[] = []
  let open: { run: EntryRun; nextSeq: number; block: Block } | undefined
  for (const run of ordered) {
    const { device, branch, seq: first, entries } = run
    if (device.length !== 16 || !Number.isInteger(first) || first < (branch?.seq ?? 0) || first + entries.length - 1 > MAX_SEQ) {
      throw new ParleyError('InvalidArgument', 'a run needs a device of 16 bytes and a sequence number of 32 bits')
    }
    if (open !== undefined && !isSameLog(open.run, run)) open = undefined
    for (let i = 0; i < entries.length;) {
      const seq = first + i
      const chunk = Math.floor(seq / CHUNK_ENTRIES)
      const chunkEnd = (chunk + 1) * CHUNK_ENTRIES
      if (open !== undefined && (seq < open.nextSeq || (seq > open.nextSeq && chunk * CHUNK_ENTRIES < open.nextSeq))) {
        throw new ParleyError('InvalidArgument', 'runs overlap, or leave a gap within a chunk')
      }
      const piece = [...entries.slice(i, i + chunkEnd - seq)]
      if (open === undefined || seq !== open.nextSeq || seq % CHUNK_ENTRIES === 0) {
        const client = chunkClient(hash, conversation, device, chunk, branch?.id)
        const clock = seq - chunkStart(chunk, branch)
        const root = clock === 0 ? rootName(toBase32(device), chunk, branch?.id) : ''
        open = { run, nextSeq: seq, block: { client, clientBytes: varUint(client), clock, root, entries: piece, length: 0 } }
        blocks.push(open.block)
      } else {
        for (const entry of piece) open.block.entries.push(entry)
      }
      i += piece.length
      open.nextSeq = seq + piece.length
    }
  }
  for (const block of blocks) block.length = blockLength(block)
  // As Yjs does: higher client ids first.
  return blocks.sort((a, b) => b.client - a.client)
}

function blockLength(block: Block): number {
  const { clientBytes, clock, root, entries } = block
  let length = varUintLength(entries.length) + clientBytes.length + varUintLength(clock)
  for (let i = 0; i < entries.length; i++) {
    const place = clock + i
    const parent = place === 0 ? 1 + varUintLength(root.length) + root.length : clientBytes.length + varUintLength(place - 1)
    const size = (entries[i] as Uint8Array).length
    length += 1 + parent + varUintLength(size) + size
  }
  return length
}

function writeBlock(target: Uint8Array, offset: number, block: Block): number {
  const { clientBytes, clock, root, entries } = block
  let at = writeVarUint(target, offset, entries.length)
  target.set(clientBytes, at)
  at = writeVarUint(target, at + clientBytes.length, clock)
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Uint8Array
    const place = clock + i
    if (place === 0) {
      target[at++] = INFO_FIRST
      target[at++] = PARENT_IS_ROOT
      at = writeVarUint(target, at, root.length)
      for (let c = 0; c < root.length; c++) target[at++] = root.charCodeAt(c)
    } else {
      target[at++] = INFO_NEXT
      // Eight bytes: fewer than calling `set` is worth.
      for (let c = 0; c < clientBytes.length; c++) target[at++] = clientBytes[c] as number
      at = writeVarUint(target, at, place - 1)
    }
    at = writeVarUint(target, at, entry.length)
    target.set(entry, at)
    at += entry.length
  }
  return at
}
