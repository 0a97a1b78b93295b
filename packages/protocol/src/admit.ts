/**
 * Reads a Yjs V1 update of a peer, strictly and without any Y.Doc. Whatever is not of the shape that `project` writes is refused: other
 * content, other parents, deletions, gaps, unknown clients, bytes that could be written shorter. So an admitted update, projected again,
 * gives the same bytes. Who wrote the entries is not asked here; the chain and its signatures answer that.
 */
import { fromBase32 } from './bytes.ts'
import type { Hash } from './bytes.ts'
import { PackedEntries } from './entry-list.ts'
import { ParleyError, Reject } from './errors.ts'
import { CHUNK_ENTRIES, MAX_ENTRY_BYTES, MAX_LIVE_UPDATE_BYTES, MAX_SEQ } from './limits.ts'
import { ByteReader, varUint } from './varint.ts'
import { INFO_FIRST, INFO_NEXT, MIN_CHUNK_CLIENT, PARENT_IS_ROOT, chunkClient, chunkStart, compareRuns, isSameLog } from './wire.ts'
import type { BranchRef, EntryRun } from './wire.ts'

/** A chunk of a device's log. */
export interface ChunkRef {
  /** Device id, 16 bytes. */
  readonly device: Uint8Array
  /** Undefined for the log itself. */
  readonly branch?: BranchRef | undefined
  readonly chunk: number
}

/** What `admit` must know. */
export interface AdmitContext {
  readonly hash: Hash
  /** Conversation id, 32 bytes. */
  readonly conversation: Uint8Array
  /** The chunk behind a client id that is already known; only asked for updates that do not begin at the chunk's start. */
  chunkOf(client: number): ChunkRef | undefined
  /** The branch (its 16 bytes) of a device, when it is known; without this none is. */
  branchOf?(device: Uint8Array, branch: Uint8Array): BranchRef | undefined
  readonly limits?: {
    /** Length of the update. Default 1 MiB, that of a live update; give 4 MiB for an answer to a range. */
    readonly maxBytes?: number
  }
}

/** Least bytes of an item: info, origin or parent, length. The bound on a claimed count before anything is allocated. */
const MIN_ITEM_BYTES = 3
/**
 * Chunks of one update: full ones of the shortest entries fill 4 MiB 120 times, and every device of a conversation has an open one beside.
 * Each costs a hash here, so that a member could keep us busy for seconds with roots of devices that nobody knows.
 */
const MAX_UPDATE_CHUNKS = 1_024
const MAX_CHUNK = Math.floor(MAX_SEQ / CHUNK_ENTRIES)
/** `l:` + 26 characters + `:` + 26 of the branch + `:` + 8 digits. */
const MAX_ROOT_BYTES = 64
const ROOT_PATTERN = /^l:([a-z2-7]{26}):((?:[a-z2-7]{26})?):(0|[1-9][0-9]{0,7})$/

/** A run whose list of entries is still ours to extend. */
interface OpenRun extends Omit<EntryRun, 'entries'> {
  /** Where the entries begin and end in the update, two numbers each. */
  readonly bounds: number[]
}

/**
 * The runs in an update, ascending by device, branch and sequence number, chunks that follow each other joined. Entries lie in `update` and
 * are not yet decoded.
 * @throws {Reject} BadShape, NotCanonical, LimitExceeded; DeleteSet when anything is deleted; UnknownChunk when `chunkOf` does not know a client, or `branchOf` a branch.
 */
export function admit(update: Uint8Array, context: AdmitContext): EntryRun[] {
  if (update.length > (context.limits?.maxBytes ?? MAX_LIVE_UPDATE_BYTES)) throw new Reject('LimitExceeded', 'update is too long')
  const reader = new ByteReader(update)
  const clients = readCount(reader)
  if (clients > MAX_UPDATE_CHUNKS) throw new Reject('LimitExceeded', 'update has too many chunks')
  const runs: OpenRun[] = []
  let before = Number.POSITIVE_INFINITY
  for (let i = 0; i < clients; i++) {
    const count = readCount(reader)
    if (count === 0) throw new Reject('NotCanonical', 'client without items')
    const client = reader.varUint()
    if (client < MIN_CHUNK_CLIENT) throw new Reject('BadShape', 'client is not that of a chunk')
    if (client >= before) throw new Reject('NotCanonical', 'clients are not in order')
    before = client
    runs.push(readRun(reader, client, count, context))
  }
  if (reader.varUint() !== 0) throw new Reject('DeleteSet', 'update deletes something')
  if (reader.remaining > 0) throw new Reject('BadShape', 'bytes follow after the update')
  return joined(runs).map(({ bounds, ...run }) => ({ ...run, entries: new PackedEntries(update, bounds) }))
}

function readCount(reader: ByteReader): number {
  const count = reader.varUint()
  if (count > reader.remaining / MIN_ITEM_BYTES) throw new Reject('LimitExceeded', 'update claims more items than it has bytes for')
  return count
}

function readRun(reader: ByteReader, client: number, count: number, context: AdmitContext): OpenRun {
  const clock = reader.varUint()
  if (clock + count > CHUNK_ENTRIES) throw new Reject('BadShape', 'items lie beyond the chunk')
  const clientBytes = varUint(client)
  let where: ChunkRef | undefined
  if (clock > 0) {
    where = context.chunkOf(client)
    if (where === undefined) throw new Reject('UnknownChunk', 'client is not known')
  }
  const bounds: number[] = []
  for (let place = clock; place < clock + count; place++) {
    const info = reader.byte()
    if (place === 0) {
      if (info !== INFO_FIRST) throw new Reject('BadShape', 'first item is not binary content of a root')
      where = readRoot(reader, client, context)
    } else {
      if (info !== INFO_NEXT) throw new Reject('BadShape', 'item is not binary content after another')
      readOrigin(reader, clientBytes, place - 1)
    }
    const length = reader.varUint()
    if (length > MAX_ENTRY_BYTES) throw new Reject('LimitExceeded', 'entry is too long')
    bounds.push(reader.offset, reader.skip(length))
  }
  const { device, branch, chunk } = where as ChunkRef
  const seq = chunkStart(chunk, branch) + clock
  if (seq + count > (chunk + 1) * CHUNK_ENTRIES) throw new Reject('BadShape', 'items lie beyond the chunk')
  return { device, ...(branch === undefined ? {} : { branch }), seq, bounds }
}

/** The origin must be the item just before, by the same client. Numbers have one form, so comparing bytes is enough. */
function readOrigin(reader: ByteReader, clientBytes: Uint8Array, clock: number): void {
  const { bytes, offset } = reader
  for (let i = 0; i < clientBytes.length; i++) {
    if (bytes[offset + i] !== clientBytes[i]) throw new Reject('BadShape', 'item follows another client')
  }
  reader.offset += clientBytes.length
  if (reader.varUint() !== clock) throw new Reject('BadShape', 'item does not follow the one before')
}

function readRoot(reader: ByteReader, client: number, context: AdmitContext): ChunkRef {
  if (reader.varUint() !== PARENT_IS_ROOT) throw new Reject('BadShape', 'parent is not a root')
  const length = reader.varUint()
  if (length > MAX_ROOT_BYTES) throw new Reject('BadShape', 'root is not that of a chunk')
  const match = ROOT_PATTERN.exec(String.fromCharCode(...reader.take(length)))
  if (match === null) throw new Reject('BadShape', 'root is not that of a chunk')
  const chunk = Number(match[3])
  if (chunk > MAX_CHUNK) throw new Reject('BadShape', 'root is not that of a chunk')
  const device = bytesOf(match[1] as string)
  const id = bytesOf(match[2] as string)
  if (chunkClient(context.hash, context.conversation, device, chunk, id) !== client)
    throw new Reject('BadShape', 'client does not belong to the root')
  if (id.length === 0) return { device, chunk }
  const branch = context.branchOf?.(device, id)
  if (branch === undefined) throw new Reject('UnknownChunk', 'branch is not known')
  if ((chunk + 1) * CHUNK_ENTRIES <= branch.seq) throw new Reject('BadShape', 'chunk lies before its branch')
  return { device, branch, chunk }
}

function bytesOf(text: string): Uint8Array {
  try {
    return fromBase32(text)
  } catch (cause) {
    if (cause instanceof ParleyError) throw new Reject('BadShape', 'root names no log')
    throw cause
  }
}

/** Joins them in place. */
function joined(runs: OpenRun[]): OpenRun[] {
  const all: OpenRun[] = []
  for (const run of runs.sort(compareRuns)) {
    const last = all.at(-1)
    if (last !== undefined && isSameLog(last, run) && last.seq + last.bounds.length / 2 === run.seq) {
      for (const bound of run.bounds) last.bounds.push(bound)
    } else {
      all.push(run)
    }
  }
  return all
}
