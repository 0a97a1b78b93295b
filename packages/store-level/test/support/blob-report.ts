/** What `blob-sealer.ts` prints when it lives to the end. */
export interface BlobReport {
  /** The code of the error that sealing ended with, if any. */
  refusal: string | undefined
  /** Chunks that were written. */
  written: number
  /** What the store holds in the end. */
  blobs: { chunks: number; bytes: number }[]
  /** SHA-256 of the file as it was opened again, in hex. */
  opened: string | undefined
  /** By how much the memory of the process grew, at its worst, since just before the file was sealed. */
  grownBytes: number
}

/** The secret that the file is sealed under. */
export const BLOB_SECRET = new Uint8Array(32).fill(3)
