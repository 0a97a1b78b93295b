type Listener = (...args: never[]) => void

/** Listeners by the name of what they hear. */
export class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>()

  on(name: string, listener: Listener): () => void {
    const all = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, all.add(listener))
    return () => all.delete(listener)
  }

  emit(name: string, ...args: unknown[]): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(...(args as never[]))
  }

  count(name: string): number {
    return this.#listeners.get(name)?.size ?? 0
  }
}
