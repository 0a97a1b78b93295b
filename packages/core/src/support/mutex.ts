/** Runs asynchronous tasks one after the other, in the order of the calls. A task that fails fails its own caller only. */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task)
    this.#tail = result.then(ignoreOutcome, ignoreOutcome)
    return result
  }

  /** Resolves once every task so far has ended. */
  async idle(): Promise<void> {
    await this.#tail
  }
}

// The outcome belongs to the caller of `run`; the queue only needs to know that the task ended.
function ignoreOutcome(): void {}
