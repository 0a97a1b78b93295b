/**
 * The smallest thing that `useSyncExternalStore` can read: one value and who wants to know when it changes.
 */

/** What a component reads: `subscribe` and `getSnapshot` can be passed to `useSyncExternalStore` as they are. */
export interface Readable<T> {
  /** Calls the listener after each change, until the function that this returns is called. */
  readonly subscribe: (listener: () => void) => () => void
  /** The value now. */
  readonly getSnapshot: () => T
}

/**
 * A value that tells its listeners when it is replaced.
 * @example
 * ```tsx
 * const open = new Cell(false)
 * const isOpen = useSyncExternalStore(open.subscribe, open.getSnapshot)
 * open.set(true)
 * ```
 */
export class Cell<T> implements Readable<T> {
  #value: T
  readonly #listeners = new Set<() => void>()

  /** Begins with this value. */
  constructor(value: T) {
    this.#value = value
  }

  /** See `Readable`. */
  readonly getSnapshot = (): T => this.#value

  /** See `Readable`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Whether anybody listens. */
  get observed(): boolean {
    return this.#listeners.size > 0
  }

  /** Replaces it; an identical value tells nobody. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener()
  }
}
