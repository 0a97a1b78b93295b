/** Dialling the addresses of invite links and cards again and again, for conversations and people that nobody is connected for. */
import type { Replica } from '../replica/replica.ts'
import { errorFacts } from '../support/error-facts.ts'
import type { Clock, Logger } from '../transport.ts'

/** First pause between attempts, doubled up to the second. */
const REDIAL_MS = 1_000
const MAX_REDIAL_MS = 30_000

/** What is to be reached now. */
export interface Lonely {
  readonly replicas: readonly Replica[]
  /** Addresses at which people are who are to be told something. */
  readonly hints: readonly string[]
}

export class Redial {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #lonely: () => Lonely
  readonly #dial: (address: string) => Promise<void>
  readonly #onReached: (replicas: readonly Replica[]) => void
  #waitMs = REDIAL_MS
  /** Not before then, by the clock. */
  #nextMs = 0
  #cancel = (): void => undefined
  #isRunning = false

  /** `onReached` hears which conversations named an address that answered. */
  constructor(options: {
    clock: Clock
    logger: Logger
    lonely: () => Lonely
    dial: (address: string) => Promise<void>
    onReached: (replicas: readonly Replica[]) => void
  }) {
    this.#clock = options.clock
    this.#logger = options.logger
    this.#lonely = options.lonely
    this.#dial = options.dial
    this.#onReached = options.onReached
  }

  start(): void {
    this.#isRunning = true
    this.look()
  }

  stop(): void {
    this.#isRunning = false
    this.#cancel()
  }

  /** The network may be back: forgets the pause and dials now. */
  wake(): void {
    this.#waitMs = REDIAL_MS
    this.#nextMs = 0
    this.look()
  }

  /** Somebody may be missing now: dials unless it is too early. */
  look(): void {
    this.#cancel()
    if (!this.#isRunning) return
    const { replicas, hints: more } = this.#lonely()
    const hints = new Set([...replicas.flatMap(({ record }) => record.hints), ...more])
    if (hints.size === 0) return
    // A link that is closed as soon as it is there must not be dialled in circles: two copies of a profile drive each other out.
    const wait = Math.min(this.#waitMs, this.#nextMs - this.#clock.now())
    if (wait > 0) return this.#after(wait)
    this.#nextMs = this.#clock.now() + this.#waitMs
    for (const hint of hints) {
      const wanted = replicas.filter(({ record }) => record.hints.includes(hint))
      const reached = this.#dial(hint).then(() => this.#onReached(wanted))
      reached.catch((error: unknown) => this.#logger.debug('unreachable', errorFacts(error)))
    }
    this.#after(this.#waitMs)
  }

  #after(ms: number): void {
    this.#cancel = this.#clock.setTimeout(() => {
      this.#waitMs = Math.min(this.#waitMs * 2, MAX_REDIAL_MS)
      this.look()
    }, ms)
  }
}
