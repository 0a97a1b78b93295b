/** Everything that a simulation consists of, and the checks after every step. */
import type { CryptoProvider } from '@parley/crypto'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../memory-transport.ts'
import { seededRandom, type SeededRandom } from '../seeded-random.ts'
import { checkPeer, compareShown, type Shown } from './invariants.ts'
import { Ledger } from './ledger.ts'
import { simulationCrypto } from './sim-crypto.ts'
import { SimPeer, type PeerWorld, type Sabotage } from './sim-peer.ts'

/** How the networks behave at the moment. */
export interface Conditions {
  /** A frame takes up to so many milliseconds; each its own time. */
  latencyMs: number
  /** Probability that a frame is lost, and its channel with it. */
  loss: number
}

/** Something happened that must not: `invariant` as DESIGN.md names it, or `API` for a promise of API.md. */
export interface Violation {
  readonly invariant: string
  readonly what: string
}

export const NAMES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'kim', 'lee', 'mia', 'nils', 'olga', 'paul'] as const

/** A call of the application settles within this time, on the slowest disk. */
const MAX_CALL_MS = 60_000
/** Pages are all read at every so many steps, and at the end. */
const FULL_CHECK_EVERY = 50

export class World implements PeerWorld {
  readonly clock: ManualClock
  readonly crypto: CryptoProvider
  readonly ledger: Ledger
  readonly sabotage: Sabotage
  readonly conditions: Conditions = { latencyMs: 10, loss: 0 }
  readonly networks: readonly MemoryNetwork[]
  readonly peers: SimPeer[] = []
  readonly violations: Violation[] = []
  readonly lines: string[] = []
  /** What happens, and to whom. */
  readonly random: SeededRandom
  readonly #seed: number
  readonly #onLine: (line: string) => void
  readonly #start: number
  #calls = 0
  #checks = 0

  constructor(options: { seed: number; crypto: CryptoProvider; sabotage: Sabotage; onLine: (line: string) => void }) {
    this.#seed = options.seed
    this.#onLine = options.onLine
    this.sabotage = options.sabotage
    this.clock = createManualClock()
    this.#start = this.clock.now()
    this.crypto = simulationCrypto(options.crypto)
    this.ledger = new Ledger(this.crypto)
    this.random = seededRandom(options.seed)
    // Every second seed gives each pair of peers two paths, so that the same entries come twice and in another order.
    const names = options.seed % 2 === 0 ? ['memory'] : ['memory', 'second']
    this.networks = names.map((name, index) => this.#network(name, index))
  }

  /** Adds a peer that is not started yet. */
  addPeer(): SimPeer {
    const index = this.peers.length
    const peer = new SimPeer(this, NAMES[index] ?? `peer-${index}`, this.#seed * 64 + index + 1)
    this.peers.push(peer)
    return peer
  }

  /** Members that are up. */
  members(): SimPeer[] {
    return this.peers.filter((peer) => peer.isMember)
  }

  log(line: string): void {
    this.lines.push(line)
    this.#onLine(line)
  }

  violate(invariant: string, what: string): void {
    this.violations.push({ invariant, what })
    this.log(`  VIOLATION ${invariant}: ${what}`)
  }

  /** Milliseconds since the simulation began. */
  get elapsedMs(): number {
    return this.clock.now() - this.#start
  }

  /**
   * A call of the application at a peer. It is not waited for; its outcome is logged when it is there. `expected` are the error codes that
   * can come of a race with other calls.
   */
  call<T>(peer: SimPeer, what: string, call: () => Promise<T>, onDone: (value: T) => void = () => undefined, expected: readonly string[] = []): void {
    const number = ++this.#calls
    const run = peer.runs
    peer.waiting.set(number, { what, since: this.clock.now() })
    const settle = (outcome: string): boolean => {
      // A dead peer's calls have no outcome; what is left of its engine is of no interest.
      if (!peer.waiting.delete(number) || peer.runs !== run) return false
      this.log(`  #${number} ${peer.name} ${what}: ${outcome}`)
      return true
    }
    call().then(
      (value) => {
        if (settle('done')) onDone(value)
      },
      (error: unknown) => {
        const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
        if (settle(code) && !expected.includes(code)) this.violate('API', `${peer.name} ${what} failed: ${error instanceof Error ? error.stack : code}`)
      },
    )
  }

  /** Lets everything that is under way in this instant come to rest. */
  settle(): Promise<void> {
    return this.clock.advance(0)
  }

  /** The invariants at this moment. `full` reads all pages of all peers. */
  async check(full = false): Promise<Shown[]> {
    await this.settle()
    const count = ++this.#checks
    for (const peer of this.peers) {
      for (const { what, since } of peer.waiting.values()) {
        if (this.clock.now() - since > MAX_CALL_MS) this.violate('I6', `${peer.name} ${what} has not settled in ${MAX_CALL_MS} ms`)
      }
    }
    const isFull = full || count % FULL_CHECK_EVERY === 0
    const shown: Shown[] = []
    for (const peer of this.peers) {
      if (!peer.isAtRest || !peer.isMember || (!isFull && !peer.isTouched)) continue
      const one = await this.#withFastDisk(peer, () => checkPeer(peer, this.ledger, count, isFull, (invariant, what) => this.violate(invariant, what)))
      peer.isTouched = false
      if (one !== undefined) shown.push(one)
    }
    compareShown(shown, (invariant, what) => this.violate(invariant, what))
    return shown
  }

  /** Looking at a peer takes no time, however slow its disk. */
  async #withFastDisk<T>(peer: SimPeer, task: () => Promise<T>): Promise<T> {
    const { slownessMs } = peer.disk
    peer.disk.slownessMs = 0
    try {
      return await task()
    } finally {
      peer.disk.slownessMs = slownessMs
    }
  }

  #network(name: string, index: number): MemoryNetwork {
    const random = seededRandom(this.#seed * 8 + index + 100)
    const { conditions } = this
    return createMemoryNetwork({
      name,
      clock: this.clock,
      random: () => random.float(),
      latencyMs: () => random.integer(conditions.latencyMs + 1),
      get loss() {
        return conditions.loss
      },
    })
  }
}
