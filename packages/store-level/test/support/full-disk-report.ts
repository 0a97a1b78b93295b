/** What `full-disk.ts` prints. */
export interface FullDiskReport {
  /** Keys of the writes that resolved, in order. */
  acknowledged: number[]
  /** Codes of the writes that were refused. */
  refusals: string[]
  /** The key of the first refused write. */
  refusedKey: number
  /** The row under `LAST_KEY` just after the refusal, and after all the small writes. */
  lastWhileRefused: number | undefined
  lastAtEnd: number | undefined
}

/** One row of this size is a tenth of the file limit that the test sets, or less. */
export const LARGE_BYTES = 100_000
export const SMALL_BYTES = 100
export const SMALL_ROWS = 50

/** Names the row that every write puts its own key into. */
export const LAST_KEY = Uint8Array.of(255)
