/** Events with isolated listeners: one that throws is reported and stops no other. */

type Listener = (...args: never[]) => void

export class Emitter<Events extends { [K in keyof Events]: Listener }> {
  readonly #listeners = new Map<keyof Events, Set<Listener>>()
  readonly #report: (error: unknown, event: string) => void

  /** `report` hears of listeners that threw. */
  constructor(report: (error: unknown, event: string) => void) {
    this.#report = report
  }

  /** Adds a listener; returns the function that removes it. */
  on<K extends keyof Events>(name: K, listener: Events[K]): () => void {
    let set = this.#listeners.get(name)
    if (set === undefined) this.#listeners.set(name, (set = new Set()))
    // A wrapper, so that the same function added twice is two listeners with two removals.
    const own: Listener = (...args) => listener(...args)
    set.add(own)
    return () => {
      set.delete(own)
    }
  }

  emit<K extends keyof Events>(name: K, ...args: Parameters<Events[K]>): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        const result: unknown = listener(...args)
        // An asynchronous listener fails later, and is isolated all the same.
        if (result instanceof Promise) result.catch((error: unknown) => this.#report(error, String(name)))
      } catch (error) {
        this.#report(error, String(name))
      }
    }
  }

  /** Whether anybody listens. */
  has(name: keyof Events): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0
  }

  clear(): void {
    this.#listeners.clear()
  }
}
