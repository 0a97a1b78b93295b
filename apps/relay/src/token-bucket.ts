/** How much a bucket may go into debt, in bursts: the messages of one read of the socket arrive together, whatever was said to stop. */
const MAX_DEBT_BURSTS = 1

/**
 * A rate with a burst. Time comes in as an argument (milliseconds, never backwards), so it needs no clock of its own.
 * A spender may go into debt once and then waits: signalling that is dropped is never sent again, so slowing down beats dropping.
 */
export class TokenBucket {
  readonly #burst: number
  readonly #perMs: number
  #tokens: number
  #at: number

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst
    this.#perMs = perSecond / 1000
    this.#tokens = burst
    this.#at = now
  }

  /** Takes `cost` tokens. Returns the milliseconds to wait before the next read: 0 while within the rate, Infinity when beyond all bounds. */
  take(cost: number, now: number): number {
    this.#refill(now)
    this.#tokens -= cost
    if (this.#tokens >= 0) return 0
    if (-this.#tokens > this.#burst * MAX_DEBT_BURSTS) return Infinity
    return Math.ceil(-this.#tokens / this.#perMs)
  }

  /** Takes `cost` tokens if they are there, without debt: for what is refused rather than slowed down. */
  tryTake(cost: number, now: number): boolean {
    this.#refill(now)
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }

  /** Nothing was taken for long enough that this bucket says no more than a new one would. */
  isFull(now: number): boolean {
    this.#refill(now)
    return this.#tokens >= this.#burst
  }

  /** One more token would be beyond the largest debt; for a bucket that many share, where the next spender is not the one to blame. */
  isOverdrawn(now: number): boolean {
    this.#refill(now)
    return 1 - this.#tokens > this.#burst * MAX_DEBT_BURSTS
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}
