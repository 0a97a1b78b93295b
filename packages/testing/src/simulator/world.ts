/** Everything that a simulation consists of, and the checks after every step. */
import type { CryptoProvider } from '@parley/crypto'
import { createManualClock, type ManualClock } from '../manual-clock.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../memory-transport.ts'
import { seededRandom, type SeededRandom } from '../seeded-random.ts'
import { checkDocument, checkPeer, compareShown, type Shown } from './invariants.ts'
import { Ledger } from './ledger.ts'
import { naiveFold } from './naive-fold.ts'
import { Secrecy } from './secrecy.ts'
import { simulationCrypto } from './sim-crypto.ts'
import { SimPeer, type PeerWorld, type Sabotage } from './sim-peer.ts'

/** How the networks behave at the moment. */
export interface Conditions {
  /** A frame takes up to so many milliseconds; each its own time. */
  latencyMs: number
  /** Probability that a frame is lost, and its channel with it. */
  loss: number
  /** After so many frames they are lost no more: what a hundred lost links do not bring to light, a thousand do not either. */
  lossyFrames: number
}

export interface WorldOptions {
  seed: number
  forks: boolean
  changes: boolean
  devices: boolean
  crypto: CryptoProvider
  sabotage: Sabotage
  onLine(line: string): void
}

/** Something happened that must not: `invariant` as DESIGN.md names it, or `API` for a promise of API.md. */
export interface Violation {
  readonly invariant: string
  readonly what: string
}

export const NAMES = [
  'alice',
  'bob',
  'carol',
  'dave',
  'erin',
  'frank',
  'grace',
  'heidi',
  'ivan',
  'judy',
  'kim',
  'lee',
  'mia',
  'nils',
  'olga',
  'paul',
] as const

/** A call of the application settles within this time, on the slowest disk. */
const MAX_CALL_MS = 60_000
/** Pages are all read at every so many steps, and at the end. */
const FULL_CHECK_EVERY = 50
/** The view document follows what is stored within this time after the disk has come to rest. */
const VIEW_DUE_MS = 300
/** Frames sent within one millisecond by a handful of peers; the largest bursts stay below a tenth. */
const MAX_FRAMES_AT_ONCE = 20_000
/** So much longer frames take in a storm. */
const STORM_MS = 1_000
/** Turns of the event loop in which a peer at rest must have answered everything that it is asked. */
const MAX_LOOK_TURNS = 200

export class World implements PeerWorld {
  readonly clock: ManualClock
  readonly crypto: CryptoProvider
  readonly ledger: Ledger
  readonly secrecy: Secrecy
  readonly sabotage: Sabotage
  readonly conditions: Conditions = { latencyMs: 10, loss: 0, lossyFrames: 0 }
  readonly networks: readonly MemoryNetwork[]
  readonly peers: SimPeer[] = []
  /** Peers that are there from the beginning. */
  startedWith = 0
  readonly violations: Violation[] = []
  readonly lines: string[] = []
  /** How often each kind of step was done. */
  readonly done = new Map<string, number>()
  /** What happens, and to whom. */
  readonly random: SeededRandom
  readonly #seed: number
  readonly #hasForks: boolean
  /** Whether people are put out, leave, come back and change roles. */
  readonly hasChanges: boolean
  /** Whether one user has two devices, of which one is lost. */
  readonly hasDevices: boolean
  readonly #onLine: (line: string) => void
  readonly #start: number
  /** What each peer last showed. */
  readonly #shown = new Map<SimPeer, Shown>()
  #calls = 0
  #frames = { at: 0, count: 0 }
  #checks = 0

  constructor(options: WorldOptions) {
    this.#seed = options.seed
    this.#hasForks = options.forks
    this.hasChanges = options.changes
    this.hasDevices = options.devices
    this.#onLine = options.onLine
    this.sabotage = options.sabotage
    this.clock = createManualClock()
    this.#start = this.clock.now()
    this.crypto = simulationCrypto(options.crypto)
    this.ledger = new Ledger(this.crypto)
    this.secrecy = new Secrecy(this.ledger, (invariant, what) => this.violate(invariant, what))
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

  /** Adds a copy of a peer's profile as it is now; not started yet. */
  addCopy(original: SimPeer): SimPeer {
    const index = this.peers.length
    const copy = new SimPeer(this, `${original.name}-copy`, this.#seed * 64 + index + 1, original)
    copy.restore(original.disk.backUp(), original)
    original.isSuspect = true
    this.peers.push(copy)
    return copy
  }

  get isAnySuspect(): boolean {
    return this.peers.some(({ isSuspect }) => isSuspect)
  }

  /** Whether profiles are copied and restored. */
  get hasForks(): boolean {
    return this.#hasForks
  }

  /** Who belongs to the group and must be there in the end: who was invited, where nobody is put out; else whom the founder takes for a member. */
  present(): SimPeer[] {
    const [founder] = this.peers
    if (!(this.hasChanges || this.hasDevices) || founder === undefined)
      return this.peers.filter((peer, index) => (index === 0 || peer.inviteLink !== undefined) && !peer.isGone)
    const { devices } = naiveFold(this.ledger, founder.held).membership
    return this.peers.filter(
      (peer) => !peer.isDeaf && peer.deviceId !== undefined && devices.get(peer.deviceId)?.isActive === true && !peer.isOutOfReach,
    )
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
  call<T>(
    peer: SimPeer,
    what: string,
    call: () => Promise<T>,
    onDone: (value: T) => void = () => undefined,
    expected: readonly string[] = [],
  ): void {
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
        const isExpected =
          peer.isDeaf ||
          expected.includes(code) ||
          (code === 'StorageFull' && peer.disk.wasFull) ||
          (code === 'ProfileForked' && peer.isSuspect)
        if (settle(code) && !isExpected) this.violate('API', `${peer.name} ${what} failed: ${explain(error)}`)
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
        if (this.clock.now() - since > MAX_CALL_MS && !peer.isDeaf)
          this.violate('I6', `${peer.name} ${what} has not settled in ${MAX_CALL_MS} ms`)
      }
    }
    await this.ledger.learnUsers()
    this.secrecy.check(this.peers)
    const isFull = full || count % FULL_CHECK_EVERY === 0
    const shown: Shown[] = []
    for (const peer of this.peers) {
      if (!peer.isAtRest || !peer.isMember || peer.isDeaf) continue
      if (isFull || peer.isTouched) {
        const one = await this.#look(peer, () => checkPeer(peer, this, count, isFull, (invariant, what) => this.violate(invariant, what)))
        peer.isTouched = false
        if (one === undefined) this.#shown.delete(peer)
        else this.#shown.set(peer, one)
      }
      if (peer.touchedAt !== undefined && this.clock.now() - Math.max(peer.touchedAt, peer.disk.usedAt) >= VIEW_DUE_MS) {
        peer.touchedAt = undefined
        checkDocument(peer, this.ledger, (invariant, what) => this.violate(invariant, what))
      }
      const last = this.#shown.get(peer)
      if (last !== undefined) shown.push(last)
    }
    compareShown(shown, (invariant, what) => this.violate(invariant, what))
    return shown
  }

  /** Frames that bring about frames without end would keep time from going on: reported, and slowed down. In milliseconds. */
  #storm(): number {
    const now = this.clock.now()
    if (now !== this.#frames.at) this.#frames = { at: now, count: 0 }
    if (++this.#frames.count <= MAX_FRAMES_AT_ONCE) return 0
    if (this.#frames.count === MAX_FRAMES_AT_ONCE + 1) this.violate('I6', `more than ${MAX_FRAMES_AT_ONCE} frames within one millisecond`)
    return STORM_MS
  }

  /** Looking at a peer takes no time, however slow its disk. What a look cannot finish at once hangs. */
  async #look<T>(peer: SimPeer, task: () => Promise<T>): Promise<T | undefined> {
    const { slownessMs } = peer.disk
    peer.disk.slownessMs = 0
    const seen: { value?: T; isOver: boolean } = { isOver: false }
    const reading = task().then(
      (value) => Object.assign(seen, { value, isOver: true }),
      (error: unknown) => {
        seen.isOver = true
        this.violate('API', `${peer.name} cannot be read: ${explain(error)}`)
      },
    )
    for (let turn = 0; turn < MAX_LOOK_TURNS && !seen.isOver; turn++) await this.settle()
    peer.disk.slownessMs = slownessMs
    if (seen.isOver) await reading
    else this.violate('I6', `${peer.name} hangs while it is read`)
    return seen.value
  }

  #network(name: string, index: number): MemoryNetwork {
    const random = seededRandom(this.#seed * 8 + index + 100)
    const { conditions } = this
    return createMemoryNetwork({
      name,
      clock: this.clock,
      random: () => random.float(),
      latencyMs: () => random.integer(conditions.latencyMs + 1) + this.#storm(),
      get loss() {
        return conditions.lossyFrames-- > 0 ? conditions.loss : 0
      },
    })
  }
}

/** What is known of a failure, for people. */
export function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error)
}
