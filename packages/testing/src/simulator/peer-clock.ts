import type { Clock } from '@parley/core'
import type { ManualClock } from '../manual-clock.ts'

/** The clock of one run of one peer: the common time, a little wrong, and dead once the peer has crashed. */
export class PeerClock implements Clock {
  /** How far this peer's clock is ahead of the common one, in milliseconds. */
  skewMs: number
  readonly #base: ManualClock
  readonly #cancels = new Set<() => void>()
  #isDead = false

  constructor(base: ManualClock, skewMs: number) {
    this.#base = base
    this.skewMs = skewMs
  }

  /** Timers of this peer that have not fired yet. */
  get pending(): number {
    return this.#cancels.size
  }

  now(): number {
    return this.#base.now() + this.skewMs
  }

  setTimeout(callback: () => void, ms: number): () => void {
    if (this.#isDead) return () => undefined
    const stop = this.#base.setTimeout(() => {
      this.#cancels.delete(cancel)
      callback()
    }, ms)
    const cancel = (): void => {
      this.#cancels.delete(cancel)
      stop()
    }
    this.#cancels.add(cancel)
    return cancel
  }

  /** No timer fires any more and none is taken: the process is gone. */
  kill(): void {
    this.#isDead = true
    for (const cancel of [...this.#cancels]) cancel()
  }
}
