/** What a peer has said to have and nobody has pushed: it is asked for when it has not come soon. */
import type { LogId } from '../replica/forks.ts'
import type { SessionLine } from './session-line.ts'

/** So long others have to push it: a few steps from member to member over a slow network. */
const PULL_AFTER_MS = 300
/** More is no live talk but history, which has its own order; comparing heads brings it. */
const MAX_PULL_ENTRIES = 64

export class Pull {
  readonly #line: SessionLine
  readonly #ask: (wanted: ReadonlyMap<LogId, number>) => void
  /** How far the peer is, and how far we were when we looked last. */
  readonly #offers = new Map<LogId, { to: number; here: number }>()
  #cancel: (() => void) | undefined

  /** `ask` gets the logs that are behind, with the ends that the peer has. */
  constructor(line: SessionLine, ask: (wanted: ReadonlyMap<LogId, number>) => void) {
    this.#line = line
    this.#ask = ask
  }

  /** The peer has so many entries of a log. */
  offer(log: LogId, nextSeq: number): void {
    const { replica, context } = this.#line.shared
    const to = Math.min(nextSeq, replica.limit(log))
    const here = replica.log.nextSeq(log)
    if (!this.#line.isMember || replica.ownerOf(log) === undefined || to <= here || to - here > MAX_PULL_ENTRIES) return
    this.#offers.set(log, { to, here: this.#offers.get(log)?.here ?? here })
    this.#cancel ??= context.clock.setTimeout(() => this.#look(), PULL_AFTER_MS)
  }

  /** Nothing is asked for any more. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#offers.clear()
  }

  #look(): void {
    this.#cancel = undefined
    const { replica, context } = this.#line.shared
    const wanted = new Map<LogId, number>()
    for (const [log, offer] of this.#offers) {
      const here = replica.log.nextSeq(log)
      // Something has come meanwhile, so the rest may be on its way as well.
      if (here > offer.here && here < offer.to) {
        offer.here = here
        continue
      }
      this.#offers.delete(log)
      if (here < offer.to) wanted.set(log, offer.to)
    }
    if (this.#offers.size > 0) this.#cancel = context.clock.setTimeout(() => this.#look(), PULL_AFTER_MS)
    if (wanted.size > 0) this.#ask(wanted)
  }
}
