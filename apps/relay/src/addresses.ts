import type { RelayLimits } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

interface Entry {
  connections: number
  attempts: TokenBucket
  messages: TokenBucket
}

/**
 * What each address has open and how fast it may go on. An address is remembered while it has a connection and until its rates are full
 * again, which the attempt rate bounds: nobody can make the table grow faster than they may connect.
 */
export class Addresses {
  readonly #limits: RelayLimits
  readonly #entries = new Map<string, Entry>()

  constructor(limits: RelayLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** Takes one place, or says why there is none. A refused attempt costs nothing: who keeps trying gets in at the rate. */
  admit(address: string, now: number): 'AddressFull' | 'AddressRate' | undefined {
    const { connectionsPerAddress, attemptBurst, attemptsPerSecond, addressBurst, addressMessagesPerSecond } = this.#limits
    const entry = this.#entries.get(address) ?? {
      connections: 0,
      attempts: new TokenBucket(attemptBurst, attemptsPerSecond, now),
      messages: new TokenBucket(addressBurst, addressMessagesPerSecond, now),
    }
    this.#entries.set(address, entry)
    if (entry.connections >= connectionsPerAddress) return 'AddressFull'
    if (!entry.attempts.tryTake(1, now)) return 'AddressRate'
    entry.connections += 1
    return undefined
  }

  /** Gives the place back. */
  leave(address: string): void {
    const entry = this.#entries.get(address)
    if (entry !== undefined) entry.connections -= 1
  }

  /** Charges messages to an address; returns what `TokenBucket.take` does. */
  pay(address: string, cost: number, now: number): number {
    return this.#entries.get(address)?.messages.take(cost, now) ?? 0
  }

  /** Forgets addresses that a new entry would treat the same. */
  prune(now: number): void {
    for (const [address, entry] of this.#entries) {
      if (entry.connections === 0 && entry.attempts.isFull(now) && entry.messages.isFull(now)) this.#entries.delete(address)
    }
  }
}
