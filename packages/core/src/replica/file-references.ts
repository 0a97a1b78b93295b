/**
 * Which messages refer to which blobs, as they now are: what may be given to members, and what nobody needs any more. Two rank trees, which are
 * kept with the timeline and can be rebuilt with it.
 */
import { concatBytes, Reject, toBase32 } from '@parley/protocol'
import { decodeDescriptor } from '../attachments/descriptor.ts'
import { BLOB_ID_BYTES } from '../blob-store.ts'
import { openRankTree, type RankTree } from '../rank-tree/rank-tree.ts'
import type { Store, StoreOperation } from '../store.ts'
import type { Keyspace } from './keyspace.ts'
import { TIMELINE_KEY_BYTES } from './timeline-key.ts'

const ROW_BYTES = BLOB_ID_BYTES + TIMELINE_KEY_BYTES
/** Nodes in memory: what a screen of attachments needs. */
const CACHE_BYTES = 262_144

export class FileReferences {
  /** blob id | timeline key. */
  #byBlob!: RankTree
  /** timeline key | blob id. */
  #byMessage!: RankTree
  /** Hears of blobs that a message does not refer to any more; others may. */
  onDropped: (blobIds: readonly Uint8Array[]) => void = () => undefined

  /** Reads what was last written down. */
  async open(store: Store, keys: Keyspace): Promise<void> {
    const open = (prefix: Uint8Array): Promise<RankTree> => openRankTree({ store, prefix, keyBytes: ROW_BYTES, cacheBytes: CACHE_BYTES })
    ;[this.#byBlob, this.#byMessage] = await Promise.all([open(keys.blobs()), open(keys.blobsOf())])
  }

  /** The message under this timeline key refers to the blobs of these attachments, and to no others. */
  async set(key: Uint8Array, attachments: readonly Uint8Array[]): Promise<void> {
    if (attachments.length === 0 && this.#byMessage.size === 0) return
    const blobs = new Map(attachments.flatMap(blobOf).map((blobId) => [toBase32(blobId), blobId]))
    const before = await this.#of(key)
    const dropped = before.filter((blobId) => !blobs.has(toBase32(blobId)))
    for (const blobId of before) blobs.delete(toBase32(blobId))
    const added = [...blobs.values()]
    if (dropped.length > 0) {
      await this.#byBlob.delete(dropped.map((blobId) => concatBytes(blobId, key)))
      await this.#byMessage.delete(dropped.map((blobId) => concatBytes(key, blobId)))
    }
    if (added.length > 0) {
      await this.#byBlob.insert(added.map((blobId) => concatBytes(blobId, key)))
      await this.#byMessage.insert(added.map((blobId) => concatBytes(key, blobId)))
    }
    if (dropped.length > 0) this.onDropped(dropped)
  }

  /** Whether a message refers to the blob. */
  async has(blobId: Uint8Array): Promise<boolean> {
    if (this.#byBlob.size === 0) return false
    const rank = await this.#byBlob.rank(concatBytes(blobId, new Uint8Array(TIMELINE_KEY_BYTES)))
    const [row] = await this.#byBlob.slice(rank, rank + 1)
    return row !== undefined && toBase32(row.subarray(0, BLOB_ID_BYTES)) === toBase32(blobId)
  }

  /** Every blob that a message refers to. */
  async all(): Promise<Uint8Array[]> {
    return (await this.#byBlob.slice(0, this.#byBlob.size)).map((row) => row.subarray(0, BLOB_ID_BYTES))
  }

  /** As that of a rank tree. */
  takeOperations(): StoreOperation[] {
    return [...this.#byBlob.takeOperations(), ...this.#byMessage.takeOperations()]
  }

  confirm(): void {
    this.#byBlob.confirm()
    this.#byMessage.confirm()
  }

  async #of(key: Uint8Array): Promise<Uint8Array[]> {
    if (this.#byMessage.size === 0) return []
    const from = await this.#byMessage.rank(concatBytes(key, new Uint8Array(BLOB_ID_BYTES)))
    const to = await this.#byMessage.rank(concatBytes(key, new Uint8Array(BLOB_ID_BYTES).fill(0xff)))
    return (await this.#byMessage.slice(from, to)).map((row) => row.subarray(TIMELINE_KEY_BYTES))
  }
}

/** None when it cannot be read: such an attachment is not shown either. */
function blobOf(attachment: Uint8Array): Uint8Array[] {
  try {
    return [decodeDescriptor(attachment).blobId.slice()]
  } catch (error) {
    if (error instanceof Reject) return []
    throw error
  }
}
