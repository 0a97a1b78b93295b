/**
 * What the core needs of a place for the bytes of attached files: sealed chunks under (blob id, index), and one manifest for each blob.
 *
 * A blob store knows nothing of what it holds: no hash, no key, no name. Whoever reads checks every chunk against the manifest, and the
 * manifest against the blob id, so that a damaged disk is found out and the chunk fetched again. Ids are bytes, and so never become a path
 * that somebody else chose. A store belongs to one engine at a time: the lock of the profile's `Store` covers it too.
 *
 * For one blob, a deletion is ordered with everything else: it removes what was put before it was called, and what is put after stays.
 * Bytes that are handed in must not change until the call has settled; bytes that are handed out are the caller's own.
 */
export interface BlobStore {
  /** Keeps the manifest of a blob, durably once it resolves, in place of an earlier one. @throws {StorageFull} nothing was changed. */
  putManifest(blobId: Uint8Array, manifest: Uint8Array): Promise<void>
  /** The manifest, or undefined when there is none. */
  getManifest(blobId: Uint8Array): Promise<Uint8Array | undefined>
  /**
   * Keeps one chunk, whole or not at all, whatever crashes; durably, as far as the platform can promise, once it resolves. A chunk that is
   * there already is replaced. @throws {StorageFull} nothing was changed. {TooLarge, InvalidArgument} beyond the bounds below.
   */
  put(blobId: Uint8Array, index: number, chunk: Uint8Array): Promise<void>
  /** The chunk, or undefined when it is not held. */
  get(blobId: Uint8Array, index: number): Promise<Uint8Array | undefined>
  /** Forgets one chunk, because it does not read back as it should. Does nothing when it is not held. */
  drop(blobId: Uint8Array, index: number): Promise<void>
  /** The indexes of the chunks held, ascending. */
  held(blobId: Uint8Array): Promise<number[]>
  /** Removes the manifest and every chunk, durably once it resolves. Does nothing when there is no such blob. */
  delete(blobId: Uint8Array): Promise<void>
  /** Every blob of which anything is held, in no order. Takes a look at each of its files: not for every message. */
  list(): Promise<BlobInfo[]>
  /** Bytes of all blobs together, and how many they may become as far as the platform tells. As slow as `list`. */
  estimate(): Promise<{ usageBytes: number; quotaBytes?: number }>
  /** Waits for calls under way, then frees everything. Safe to call twice; later calls are refused with `Closed`. */
  close(): Promise<void>
}

/** What is held of one blob. */
export interface BlobInfo {
  /** 32 bytes. */
  readonly blobId: Uint8Array
  /** How many chunks. */
  readonly chunks: number
  /** Bytes of manifest and chunks. */
  readonly bytes: number
}

/** Bytes of a blob id: SHA-256 of its manifest. */
export const BLOB_ID_BYTES = 32

/** Chunks of one blob. With 256 KiB each this is a file of 2 GiB, and a manifest of 256 KiB, which is checked as a whole. */
export const MAX_BLOB_CHUNKS = 8_192

/**
 * A chunk of a file before it is sealed: what is asked for, checked and stored at once. A wrong one costs 16 frames of a link; smaller ones
 * would make manifests longer than they need be, larger ones hold memory and lanes for longer.
 */
export const FILE_CHUNK_BYTES = 262_144

/** A sealed chunk: with the tag of its cipher. */
export const MAX_BLOB_CHUNK_BYTES = FILE_CHUNK_BYTES + 16

/** A manifest: 32 bytes for each chunk, and a few for its head. */
export const MAX_MANIFEST_BYTES = MAX_BLOB_CHUNKS * 32 + 64

/** The largest file. Decided by the manifest, which is held in memory; it keeps every offset within 31 bits, too. */
export const MAX_FILE_BYTES = MAX_BLOB_CHUNKS * FILE_CHUNK_BYTES
