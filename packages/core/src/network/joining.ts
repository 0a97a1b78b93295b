/**
 * When a refusal is believed. Anybody who holds the same link can refuse, and no refusal proves anything: so it is told only when nobody linked
 * may still let us in, and even then this device goes on asking. Who is refused by a liar is let in by the first honest member that comes.
 */
import type { RefusalCode } from '@parley/protocol'
import type { Replica } from '../replica/replica.ts'
import type { Clock } from '../transport.ts'
import type { Peer } from './peer.ts'

/** A refusal is told after so long whoever else holds the invite and keeps silent. */
export const REFUSAL_WAIT_MS = 10_000
/** Who was reached at an address of the link itself, and knows nothing of the invite after so long, does not know it: the link is wrong. */
export const UNKNOWN_INVITE_MS = 15_000

export class Joining {
  readonly #clock: Clock
  readonly #peers: Iterable<Peer>
  readonly #tell: (replica: Replica, code: RefusalCode) => void
  /** Refusals that are not told yet, with what ends the wait. */
  readonly #refusals = new Map<Replica, { code: RefusalCode; cancel: () => void }>()
  /** Conversations whose link is being doubted. */
  readonly #doubted = new Map<Replica, () => void>()

  /** `tell` is called with a refusal that is to be believed for now. */
  constructor(clock: Clock, peers: Iterable<Peer>, tell: (replica: Replica, code: RefusalCode) => void) {
    this.#clock = clock
    this.#peers = peers
    this.#tell = tell
  }

  /** Somebody who holds the invite refused. */
  refused(replica: Replica, code: RefusalCode): void {
    const known = this.#refusals.get(replica)
    const cancel = known?.cancel ?? this.#clock.setTimeout(() => this.#believe(replica), REFUSAL_WAIT_MS)
    this.#refusals.set(replica, { code: known?.code ?? code, cancel })
    this.lost()
  }

  /** A link is gone, or a peer has refused: perhaps nobody is left who may let us in. */
  lost(): void {
    for (const replica of [...this.#refusals.keys()]) if (![...this.#peers].some((peer) => peer.mayAdmit(replica))) this.#believe(replica)
  }

  /** An address of the links by which this device wants to join those conversations was reached. */
  reached(replicas: readonly Replica[]): void {
    for (const replica of replicas) {
      if (replica.record.state !== 'joining' || this.#doubted.has(replica)) continue
      const doubt = (): void => {
        this.#doubted.delete(replica)
        const peers = [...this.#peers]
        const isUnknown = peers.some((peer) => peer.knowsNothingOf(replica)) && !peers.some((peer) => peer.mayAdmit(replica))
        if (isUnknown && replica.record.state === 'joining') this.#tell(replica, 'InviteInvalid')
      }
      this.#doubted.set(replica, this.#clock.setTimeout(doubt, UNKNOWN_INVITE_MS))
    }
  }

  /** Nothing is told any more. */
  stop(): void {
    for (const { cancel } of this.#refusals.values()) cancel()
    for (const cancel of this.#doubted.values()) cancel()
    this.#refusals.clear()
    this.#doubted.clear()
  }

  #believe(replica: Replica): void {
    const refusal = this.#refusals.get(replica)
    if (refusal === undefined) return
    refusal.cancel()
    this.#refusals.delete(replica)
    if (replica.record.state === 'joining') this.#tell(replica, refusal.code)
  }
}
