import type { Durability, RangeQuery, Store, StoreOperation, StoreRow } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import type { ManualClock } from '../manual-clock.ts'
import { createMemoryDisk, createMemoryStore } from '../memory-store.ts'
import type { CrashKind, MemoryDisk, MemoryStore } from '../memory-store.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { STORE_KEY_BYTES } from '../store-suite.ts'

/** All keys lie between these. */
const FIRST_KEY = new Uint8Array(0)
const LAST_KEY = new Uint8Array(STORE_KEY_BYTES).fill(0xff)

/** A crash that waits for a write. */
interface ArmedCrash {
  writesLeft: number
  /** Whether the write at which it happens still reaches the disk. */
  isApplied: boolean
  happen(): void
}

/**
 * The disk of one peer through all its runs. Each run gets a `Store` on it; after a crash the promises of that store never settle, so what
 * is left of the dead engine stands still, as a killed process does.
 */
export class PeerDisk {
  /** Longest time that an operation takes, in milliseconds; each takes a random time up to it. 0: none at all. */
  slownessMs = 0
  /** Hears of every batch once it is on the disk. */
  onApplied: (operations: readonly StoreOperation[]) => void = () => undefined
  /** So many of the next writes find the disk full. */
  fullWrites = 0
  /** Whether a write of the present run has found the disk full. */
  wasFull = false
  /** Operations under way in the present run. */
  inFlight = 0
  /** When an operation last ended, by the common clock. */
  usedAt = 0
  readonly #clock: ManualClock
  readonly #random: SeededRandom
  #disk: MemoryDisk = createMemoryDisk()
  #store: MemoryStore | undefined
  #run = 0
  #isOpen = false
  #armed: ArmedCrash | undefined

  constructor(clock: ManualClock, random: SeededRandom) {
    this.#clock = clock
    this.#random = random
  }

  /** A store for the next run of the peer. The one before must have been closed or crashed. */
  open(): Store {
    if (this.#isOpen) throw new ParleyError('ProfileLocked', 'the run before has not let go of this disk')
    this.#isOpen = true
    this.#store ??= createMemoryStore({ disk: this.#disk })
    this.inFlight = 0
    this.wasFull = false
    return new RunStore(this, this.#store, ++this.#run)
  }

  /** Ends the present run: nothing of it settles any more. What the disk still holds depends on what crashed. */
  crash(kind: CrashKind): void {
    this.#run++
    this.#isOpen = false
    this.#armed = undefined
    this.inFlight = 0
    this.#store = this.#store?.crash(kind)
  }

  /** Lets the peer crash at the n-th write from now on. */
  crashAtWrite(armed: ArmedCrash): void {
    this.#armed = armed
  }

  /** Whether a crash waits for a write. */
  get isArmed(): boolean {
    return this.#armed !== undefined
  }

  /** Fast and with room again, and no crash waits any more. */
  mend(): void {
    this.slownessMs = 0
    this.fullWrites = 0
    this.#armed = undefined
  }

  /** Everything that is on the disk at this moment, as a backup of its files would have it. */
  backUp(): readonly StoreRow[] {
    return this.#disk.rows.range(FIRST_KEY, LAST_KEY, false, Number.POSITIVE_INFINITY)
  }

  /** Puts these rows in the place of everything. No run may be under way. */
  restore(rows: readonly StoreRow[]): void {
    if (this.#isOpen) throw new ParleyError('ProfileLocked', 'the run has not let go of this disk')
    this.#disk = createMemoryDisk()
    for (const { key, value } of rows) this.#disk.rows.apply({ type: 'put', key: key.slice(), value: value.slice() })
    this.#store = undefined
  }

  /** @internal For the store of a run. */
  isCurrent(run: number): boolean {
    return this.#run === run
  }

  /** @internal */
  async pause(): Promise<void> {
    const ms = this.slownessMs === 0 ? 0 : this.#random.integer(this.slownessMs + 1)
    if (ms > 0) await new Promise<void>((resolve) => void this.#clock.setTimeout(resolve, ms))
  }

  /** @internal Says whether the peer crashes at this write. */
  takeCrash(): ArmedCrash | undefined {
    const armed = this.#armed
    if (armed === undefined || --armed.writesLeft > 0) return undefined
    this.#armed = undefined
    return armed
  }

  /** @internal An operation of the present run has ended. */
  ended(): void {
    this.inFlight--
    this.usedAt = this.#clock.now()
  }

  /** @internal The run closed its store properly. */
  closed(): void {
    this.#isOpen = false
    this.#store = undefined
  }
}

class RunStore implements Store {
  readonly #disk: PeerDisk
  readonly #inner: MemoryStore
  readonly #run: number
  /** Writes reach the disk in the order of the calls. */
  #writes: Promise<unknown> = Promise.resolve()

  constructor(disk: PeerDisk, inner: MemoryStore, run: number) {
    this.#disk = disk
    this.#inner = inner
    this.#run = run
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#perform(() => this.#inner.get(key))
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#perform(() => this.#inner.getMany(keys))
  }

  range(query: RangeQuery): Promise<StoreRow[]> {
    return this.#perform(() => this.#inner.range(query))
  }

  write(operations: readonly StoreOperation[], options?: { durability?: Durability }): Promise<void> {
    const before = this.#writes
    const done = this.#perform(async () => {
      await before
      if (this.#disk.fullWrites > 0) {
        this.#disk.fullWrites--
        this.#disk.wasFull = true
        throw new ParleyError('StorageFull', 'the simulated disk is full')
      }
      const crash = this.#disk.takeCrash()
      if (crash === undefined || crash.isApplied) {
        await this.#inner.write(operations, options)
        this.#disk.onApplied(operations)
      }
      crash?.happen()
    })
    this.#writes = done.catch(() => undefined)
    return done
  }

  estimate(): Promise<{ usageBytes?: number; quotaBytes?: number }> {
    return this.#perform(() => this.#inner.estimate())
  }

  async close(): Promise<void> {
    await this.#perform(async () => {
      await this.#writes
      await this.#inner.close()
      this.#disk.closed()
    })
  }

  /** The outcome, after the time that the disk takes; never, when the peer crashed before it was there. */
  async #perform<T>(task: () => Promise<T>): Promise<T> {
    const disk = this.#disk
    if (!disk.isCurrent(this.#run)) return never()
    disk.inFlight++
    try {
      await disk.pause()
      if (!disk.isCurrent(this.#run)) return await never()
      const result = await task()
      return disk.isCurrent(this.#run) ? result : await never()
    } finally {
      if (disk.isCurrent(this.#run)) disk.ended()
    }
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
