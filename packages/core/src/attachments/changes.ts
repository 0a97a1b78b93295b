/** Lets several callers wait for the next change of something. */
export class Changes {
  readonly #waiting = new Set<() => void>()

  /** Everybody who waits looks again. */
  tell(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves at the next change, or when the signal fires. */
  next(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }
}
