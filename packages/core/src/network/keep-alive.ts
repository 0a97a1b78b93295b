/** Signs of life on one link: pings when it is time, the round trip that they show, and the end of a link on which nothing comes any more. */
import type { Clock } from '../transport.ts'
import type { Link } from './link.ts'

/** A link without any sign of life for so long is dead. */
export const IDLE_LINK_MS = 45_000
/** A ping after so long; three may be lost. */
export const PING_EVERY_MS = 15_000

export class KeepAlive {
  readonly #clock: Clock
  readonly #link: Link
  #lastHeard: number
  #pingSentAt = 0
  #cancel = (): void => undefined
  #roundTripMs: number | undefined

  /** Runs until `stop`; closes the link when nothing is heard on it. */
  constructor(clock: Clock, link: Link) {
    this.#clock = clock
    this.#link = link
    this.#lastHeard = clock.now()
    this.#schedule()
  }

  /** How long the last ping took, there and back; undefined before the first. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** Something came from the peer. */
  heard(): void {
    this.#lastHeard = this.#clock.now()
  }

  /** The answer to a ping came. */
  answered(): void {
    this.#roundTripMs = this.#clock.now() - this.#pingSentAt
  }

  /** Safe to call twice. */
  stop(): void {
    this.#cancel()
  }

  #schedule(): void {
    this.#cancel = this.#clock.setTimeout(() => this.#ping(), PING_EVERY_MS)
  }

  #ping(): void {
    const now = this.#clock.now()
    if (now - this.#lastHeard > IDLE_LINK_MS) return this.#link.close('no sign of life')
    this.#pingSentAt = now
    this.#link.send('control', { type: 'ping', nonce: 0 })
    this.#schedule()
  }
}
