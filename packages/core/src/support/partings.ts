import type { Clock } from '../transport.ts'

/**
 * After a channel was closed on purpose (the core keeps one per peer, and closes what it does not want), the two leave each other alone:
 * hearing each other, they would connect again at once, for ever. First wait and longest; every further parting doubles it.
 */
const FIRST_WAIT_MS = 15_000
const LONGEST_WAIT_MS = 300_000

/** More peers than a topic has; beyond it the oldest are forgotten, which costs a reconnection and no more. */
const MAX_REMEMBERED = 256

/** Whom to leave alone, and until when. Peers are session ids, new with every start of a peer. */
export class Partings {
  readonly #clock: Clock
  /** Peers to ignore now; shared with whoever does the ignoring. */
  readonly #ignored: Set<string>
  readonly #onOver: () => void
  readonly #times = new Map<string, number>()
  readonly #timers = new Map<string, () => void>()

  constructor(clock: Clock, ignored: Set<string>, onOver: () => void) {
    this.#clock = clock
    this.#ignored = ignored
    this.#onOver = onOver
  }

  /** Ignores a peer for a while, and calls back when it is over. */
  part(peer: string): void {
    const times = this.#times.get(peer) ?? 0
    this.#times.delete(peer)
    this.#times.set(peer, times + 1)
    this.#ignored.add(peer)
    this.#timers.get(peer)?.()
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** times)
    this.#timers.set(
      peer,
      this.#clock.setTimeout(() => {
        this.#release(peer)
        this.#onOver()
      }, wait),
    )
    for (const oldest of this.#times.keys()) {
      if (this.#times.size <= MAX_REMEMBERED) break
      this.#release(oldest)
      this.#times.delete(oldest)
    }
  }

  /** Leaves nobody alone any more; says whether there was somebody. */
  forgive(): boolean {
    const parted = [...this.#timers.keys()]
    for (const peer of parted) this.#release(peer)
    return parted.length > 0
  }

  #release(peer: string): void {
    this.#timers.get(peer)?.()
    this.#timers.delete(peer)
    this.#ignored.delete(peer)
  }
}
