/** Who sent what no honest peer sends, how often, and for how long nobody listens to it. */
import { MAX_STRIKES } from '@parley/protocol'
import type { Clock } from '../transport.ts'

/** A ban outlasts reconnections and ends without anybody's help, should a fault of ours have caused it. */
export const BAN_MS = 600_000
/** Names remembered at a time: far more than misbehave at once. Who makes more of them drives out its own oldest. */
export const MAX_STRUCK = 1_024

interface Record {
  count: number
  /** Forgotten from then on, in milliseconds since 1970. */
  until: number
}

/** Counts by a name that outlives a link: the device, once it is proved, and the remote address before. */
export class Strikes {
  readonly #clock: Clock
  /** The latest last. */
  readonly #struck = new Map<string, Record>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Names remembered. */
  get size(): number {
    this.#prune()
    return this.#struck.size
  }

  /** One more; returns whether it was one too many. What lies further back than a ban lasts is forgotten. */
  strike(name: string): boolean {
    this.#prune()
    const count = (this.#struck.get(name)?.count ?? 0) + 1
    // Behind the others again: the oldest is first in the map.
    this.#struck.delete(name)
    this.#struck.set(name, { count, until: this.#clock.now() + BAN_MS })
    for (const oldest of this.#struck.keys()) {
      if (this.#struck.size <= MAX_STRUCK) break
      this.#struck.delete(oldest)
    }
    return count >= MAX_STRIKES
  }

  isBanned(name: string): boolean {
    const record = this.#struck.get(name)
    return record !== undefined && record.count >= MAX_STRIKES && record.until > this.#clock.now()
  }

  #prune(): void {
    const now = this.#clock.now()
    for (const [name, { until }] of this.#struck) {
      if (until > now) return
      this.#struck.delete(name)
    }
  }
}

/** The part of a remote address that stays when its owner connects again: the port does not, the key of the other end does. */
export function addressName(remote: string): string {
  const key = /\/p2p\/([^/]+)$/.exec(remote)?.[1]
  return key ?? remote
}
