/**
 * The smallest thing that `useSyncExternalStore` can read: one value and who wants to know when it changes.
 */

/** What a component reads: `subscribe` and `getSnapshot` can be passed to `useSyncExternalStore` as they are. */
export interface Readable<T> {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => T
}

/** A value that tells its listeners when it is replaced. Setting an identical value tells nobody. */
export class Cell<T> implements Readable<T> {
  #value: T
  readonly #listeners = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  readonly getSnapshot = (): T => this.#value

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

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) listener()
  }
}
