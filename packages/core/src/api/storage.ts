/** What applications see of the place that all this takes. The meaning of every call is the contract of `docs/API.md`. */

/** Bytes in use and allowed, as far as the platform tells. */
export interface StorageUse {
  readonly usageBytes?: number
  readonly quotaBytes?: number
}

export interface StorageEstimate {
  /** Messages and everything beside files. In browsers the whole origin, files included. */
  readonly store: StorageUse
  /** Attached files; undefined where there is no place for them. */
  readonly files: StorageUse | undefined
}

export interface StorageCalls {
  /**
   * How much room this profile takes, and how much there is.
   *
   * @example
   * ```ts
   * const { store } = await parley.storageEstimate()
   * console.log(`${store.usageBytes} of ${store.quotaBytes} bytes`)
   * ```
   * @throws {StorageUnavailable, Closed}
   */
  storageEstimate(): Promise<StorageEstimate>
  /**
   * Asks the platform not to clear what is here when it runs short of room. Browsers decide by themselves, or ask their user; a disk keeps everything.
   * Resolves with whether it is kept.
   *
   * @example
   * ```ts
   * if (!(await parley.persist())) console.warn('the browser may clear these conversations')
   * ```
   * @throws {Closed}
   */
  persist(): Promise<boolean>
}
