/** Signs of life on one link: pings when it is time, the round trip that they show, and the end of a link on which nothing comes any more. */
import type { Clock } from '../transport.ts'
import type { Link } from './link.ts'

/** A link without any sign of life for so long is dead. */
export const IDLE_LINK_MS = 45_000
/** A ping after so long; three may be lost. */
export const PING_EVERY_MS = 15_000
/** The same when there is reason to doubt: a slow network answers in one second, and behind a full buffer of it in a few. */
export const PROBE_MS = 6_000

export class KeepAlive {
  readonly #clock: Clock
  readonly #link: Link
  #lastHeard: number
  #pingSentAt = 0
  #cancel = (): void => undefined
  #cancelProbe: (() => void) | undefined
  #roundTripMs: number | undefined
  #isSilent = false

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

  /** Whether it has closed the link. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Something came from the peer. */
  heard(): void {
    this.#lastHeard = this.#clock.now()
  }

  /** The device may have slept, or be in another network: asks at once, and closes the link when nothing is heard soon. */
  probe(): void {
    if (this.#cancelProbe !== undefined) return
    // Frames, for a long message may be on its way.
    const before = this.#link.counters.bytesIn
    this.#cancelProbe = this.#clock.setTimeout(() => {
      this.#cancelProbe = undefined
      if (this.#link.counters.bytesIn === before) this.#end()
    }, PROBE_MS)
    this.#send()
  }

  /** The answer to a ping came. */
  answered(): void {
    this.#roundTripMs = this.#clock.now() - this.#pingSentAt
  }

  /** Safe to call twice. */
  stop(): void {
    this.#cancel()
    this.#cancelProbe?.()
  }

  #schedule(): void {
    this.#cancel = this.#clock.setTimeout(() => this.#ping(), PING_EVERY_MS)
  }

  #ping(): void {
    const now = this.#clock.now()
    if (now - this.#lastHeard > IDLE_LINK_MS) return this.#end()
    this.#send()
    this.#schedule()
  }

  #end(): void {
    this.#isSilent = true
    this.#link.close('no sign of life')
  }

  #send(): void {
    this.#pingSentAt = this.#clock.now()
    this.#link.send('control', { type: 'ping', nonce: 0 })
  }
}
