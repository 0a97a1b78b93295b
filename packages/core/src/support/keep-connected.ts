import type { Clock, Random } from '../transport.ts'

/** The first wait after a failure: long enough for a peer to restart, short enough not to be noticed. */
export const BACKOFF_MIN_MS = 1_000

/** The longest wait. A peer that comes back is found within a minute; one that never does costs a packet a minute. */
export const BACKOFF_MAX_MS = 60_000

/** Between a dial and one for the sake of news about the peer: a member who always has news makes others dial strangers no more often than this. */
const HURRY_AFTER_MS = 5_000

/** A channel that lived this long counts as a success, and the next wait is the first one again. */
const STABLE_MS = 10_000

/** What keeping one peer, or one server, connected needs. */
export interface KeepInit {
  /** Dials; resolves once there is a channel. May reject, any number of times. */
  dial(): Promise<void>
  /** Whether there is a channel to that peer, whoever dialled. */
  isConnected(): boolean
  clock: Clock
  random: Random
  /** Milliseconds. Default `BACKOFF_MAX_MS`. */
  longestWaitMs?: number
}

/** Dials one configured peer again and again until there is a channel, and after every loss of it. */
export class KeepConnected {
  readonly #init: KeepInit
  #failures = 0
  #cancelTimer: (() => void) | undefined
  #dialling = false
  #triedAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(init: KeepInit) {
    this.#init = init
  }

  start(): void {
    void this.#attempt()
  }

  /** The network may be back: forget the back-off and dial now. */
  wake(): void {
    this.#failures = 0
    void this.#attempt()
  }

  /** There may be a better chance than the last time: dials now, or `HURRY_AFTER_MS` after the last dial. */
  hurry(): void {
    if (this.#stopped || this.#dialling || this.#init.isConnected()) return
    this.#cancelTimer?.()
    const wait = Math.max(0, this.#triedAt + HURRY_AFTER_MS - this.#init.clock.now())
    this.#cancelTimer = this.#init.clock.setTimeout(() => void this.#attempt(), wait)
  }

  /** A channel to this peer has ended, `livedMs` after it began. Dials again after a wait unless another one is left. */
  lost(livedMs: number): void {
    if (this.#dialling || this.#init.isConnected()) return
    // A peer that takes the connection and closes it at once would otherwise be dialled every second for ever.
    if (livedMs >= STABLE_MS) this.#failures = 0
    this.#wait()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  async #attempt(): Promise<void> {
    if (this.#stopped || this.#dialling) return
    this.#cancelTimer?.()
    if (this.#init.isConnected()) return
    this.#dialling = true
    this.#triedAt = this.#init.clock.now()
    await this.#init.dial().then(nothing, nothing)
    this.#dialling = false
    if (!this.#init.isConnected()) this.#wait()
  }

  /** Twice as long after every failure; the upper half is random, so that peers that lost each other together do not dial together. */
  #wait(): void {
    if (this.#stopped) return
    this.#cancelTimer?.()
    const longest = Math.min(this.#init.longestWaitMs ?? BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** (this.#failures + 1))
    const [byte = 0] = this.#init.random.bytes(1)
    this.#cancelTimer = this.#init.clock.setTimeout(() => void this.#attempt(), longest / 2 + ((longest / 2) * byte) / 255)
    this.#failures += 1
  }
}

/** Whether there is a channel now says more than how the dial ended, and who dials has logged it. */
function nothing(): void {}
