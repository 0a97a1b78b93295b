/**
 * LevelDB keeps what a row said before, and rows that were deleted, until it happens to merge the tables that they lie in. This merges them soon after
 * somebody asked for it.
 */

/** What is asked for meanwhile is done together: merging writes some megabytes, and people delete several messages in a row. */
const SCRUB_AFTER_MS = 5_000

/** Requests that wait no longer. */
const MAX_WAITING = 1_024

export interface ScrubbingInit {
  /** Writes the rows under these keys again, as they are, or deletes them again. */
  rewrite(keys: readonly Uint8Array[]): Promise<void>
  /** Writes what is in memory into a table, and merges the tables that hold something between these keys, as far as several do. */
  compact(from: Uint8Array, to: Uint8Array): Promise<void>
  /** Whether there is room for merging. */
  hasRoom(): Promise<boolean>
}

export class Scrubbing {
  readonly #init: ScrubbingInit
  /** Keys by request, each in ascending order. */
  #waiting: (readonly Uint8Array[])[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | undefined

  constructor(init: ScrubbingInit) {
    this.#init = init
  }

  /** In a while. What fails is tried again with the next request, and in `finish`. */
  add(keys: readonly Uint8Array[]): void {
    if (keys.length === 0) return
    this.#waiting.push(keys.map((key) => key.slice()).toSorted((a, b) => Buffer.compare(a, b)))
    const start = (): void => void this.#start().catch(() => undefined)
    if (this.#waiting.length >= MAX_WAITING) start()
    else this.#timer ??= setTimeout(start, SCRUB_AFTER_MS).unref()
  }

  /** Now. @throws what rewriting and merging throw */
  async finish(): Promise<void> {
    await Promise.allSettled([this.#running])
    await this.#start()
  }

  #start(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    return (this.#running ??= this.#run().finally(() => (this.#running = undefined)))
  }

  async #run(): Promise<void> {
    if (this.#waiting.length === 0 || !(await this.#init.hasRoom())) return
    const requests = this.#waiting.splice(0)
    try {
      // A table alone is not merged, whatever old rows it holds. So what is in memory becomes a table, and rows that are newer one above it.
      const first = requests[0]![0]!
      await this.#init.compact(first, first)
      await this.#init.rewrite(requests.flat())
      for (const keys of requests) await this.#init.compact(keys[0]!, keys.at(-1)!)
    } catch (error) {
      this.#waiting.unshift(...requests)
      throw error
    }
  }
}
