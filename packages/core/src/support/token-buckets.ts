/** How much may come at once and on average, by name: a bucket for each that fills again with time. */
import type { Clock } from '../transport.ts'

/** Buckets kept at a time; those that are full again are no different from new ones and go first. */
const MAX_BUCKETS = 4_096

export class TokenBuckets<K> {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  readonly #buckets = new Map<K, { tokens: number; at: number }>()

  /** `burst`: what a full bucket holds; `perSecond`: what it gains. */
  constructor(clock: Clock, { burst, perSecond }: { burst: number; perSecond: number }) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
  }

  /** Takes that many tokens, or none when there are not so many. */
  take(name: K, count: number): boolean {
    const now = this.#clock.now()
    const tokens = this.#tokens(name, now)
    if (tokens < count) return false
    this.#buckets.delete(name)
    this.#buckets.set(name, { tokens: tokens - count, at: now })
    if (this.#buckets.size > MAX_BUCKETS) this.#shrink(now)
    return true
  }

  #tokens(name: K, now: number): number {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined) return this.#burst
    // A clock that was set back gives nothing.
    return Math.min(this.#burst, bucket.tokens + (Math.max(0, now - bucket.at) * this.#perSecond) / 1_000)
  }

  #shrink(now: number): void {
    for (const name of this.#buckets.keys()) if (this.#tokens(name, now) >= this.#burst) this.#buckets.delete(name)
    for (const name of this.#buckets.keys()) {
      if (this.#buckets.size <= MAX_BUCKETS) return
      this.#buckets.delete(name)
    }
  }
}
