import type { Clock } from '@parley/core'
import type { RtcConnection } from './rtc-connection.ts'

/** An offer that nobody has answered for so long may have gone nowhere: when the peer is heard, it gets another one. */
const STALE_OFFER_MS = 1_000

/** Between two requests to one peer to make an offer, while none has come: it hears us on every topic that we have in common. */
const ASK_EVERY_MS = 1_000

/**
 * Everybody this transport is connected with, whatever topic brought them together: one connection for each peer, and at most one more on its way that
 * is to take its place. That one comes from the same peer, for the certificate is the name; so it may replace the other unasked.
 */
export class Roster {
  readonly #clock: Clock
  #reachedAt = -Infinity
  /** When peers were asked for an offer lately, in that order. */
  readonly #asked = new Map<string, number>()
  readonly #open = new Map<string, RtcConnection>()
  readonly #rising = new Map<string, RtcConnection>()
  /** With those that were closed and send what is queued. */
  readonly #all = new Set<RtcConnection>()
  #onEmpty = (): void => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Every connection that is not gone yet. */
  all(): RtcConnection[] {
    return [...this.#all]
  }

  /** Connections with a channel. */
  open(): RtcConnection[] {
    return [...this.#open.values()]
  }

  /** The connection to a peer that is on its way. */
  rising(name: string): RtcConnection | undefined {
    return this.#rising.get(name)
  }

  /**
   * A rendezvous was reached again. What was on its way may have lost a signal, or the network that it began in: heard again, its peer gets another offer
   * and need not wait until the attempt has failed.
   */
  reachedRendezvous(): void {
    this.#reachedAt = this.#clock.now()
  }

  /** Whether a new connection to that peer is needed. */
  isSought(name: string): boolean {
    const rising = this.#rising.get(name)
    if (rising === undefined) return this.#open.get(name)?.isLive !== true
    return this.#isBroken(rising) || (!rising.isDescribed && rising.triedMs > STALE_OFFER_MS)
  }

  /** Whether another offer of that peer is to be taken: an attempt that has just begun is left alone, for anybody in a room can repeat an old offer there. */
  mayReplace(name: string): boolean {
    const rising = this.#rising.get(name)
    return rising === undefined || this.#isBroken(rising) || rising.triedMs > STALE_OFFER_MS
  }

  /** Whether to ask that peer for an offer now; if so it is noted. */
  mayAsk(name: string): boolean {
    const now = this.#clock.now()
    for (const [other, at] of this.#asked) {
      if (now - at < ASK_EVERY_MS) break
      this.#asked.delete(other)
    }
    if (this.#asked.has(name)) return false
    this.#asked.set(name, now)
    return true
  }

  /** A connection is being made; an earlier attempt is given up. */
  rise(connection: RtcConnection): void {
    const before = this.#rising.get(connection.name)
    this.#rising.set(connection.name, connection)
    this.#asked.delete(connection.name)
    this.#all.add(connection)
    before?.destroy('tried anew', 'replaced')
  }

  /** A connection has got its channel; an earlier one to the same peer is over. */
  opened(connection: RtcConnection): void {
    const before = this.#open.get(connection.name)
    this.#forgetRising(connection)
    this.#open.set(connection.name, connection)
    before?.destroy('the peer has come anew', 'replaced')
  }

  /** A connection is used no more. */
  ended(connection: RtcConnection): void {
    this.#forgetRising(connection)
    if (this.#open.get(connection.name) === connection) this.#open.delete(connection.name)
  }

  /** A connection is closed. */
  gone(connection: RtcConnection): void {
    this.ended(connection)
    this.#all.delete(connection)
    if (this.#all.size === 0) this.#onEmpty()
  }

  /** Resolves once no connection is left. */
  async empty(): Promise<void> {
    if (this.#all.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve))
  }

  #isBroken(rising: RtcConnection): boolean {
    return !rising.isLive && this.#clock.now() - rising.triedMs < this.#reachedAt
  }

  #forgetRising(connection: RtcConnection): void {
    if (this.#rising.get(connection.name) === connection) this.#rising.delete(connection.name)
  }
}
