/** A process for every core that simulates seeds, so that they are done as soon as this machine can. */
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SimulationReport } from '@parley/testing'

/** What can happen in a simulation besides messages, disks and networks; `plain`: nothing. */
export type SeedKind = 'plain' | 'changes' | 'devices' | 'forks'

/** One simulation of the default length. */
export interface SeedJob {
  readonly kind: SeedKind
  readonly seed: number
}

/** What is told of one. */
export type SeedResult = Pick<SimulationReport, 'violations' | 'repro' | 'entries' | 'steps'> & SeedJob

const WORKER = fileURLToPath(new URL('seed-worker.ts', import.meta.url))
/** A simulation makes much that lives shortly; with more room for it the collector takes a tenth less of the time (measured, Node 24). */
const YOUNG_SPACE = '--max-semi-space-size=64'

export class SeedPool {
  readonly #results = new Map<string, PromiseWithResolvers<SeedResult>>()
  readonly #left: SeedJob[]
  #workers: ChildProcess[] = []

  constructor(jobs: readonly SeedJob[]) {
    this.#left = [...jobs]
    for (const job of jobs) this.#results.set(nameOf(job), Promise.withResolvers())
    // Whoever asks for one hears of its failure.
    for (const { promise } of this.#results.values()) promise.catch(() => undefined)
  }

  start(): void {
    this.#workers = Array.from({ length: availableParallelism() }, () => {
      const worker = fork(WORKER, { execArgv: ['--conditions=@parley/source', YOUNG_SPACE] })
      worker.on('message', (message) => {
        const result = message as SeedResult
        this.#results.get(nameOf(result))?.resolve(result)
        this.#next(worker)
      })
      worker.on('exit', (code) => this.#fail(new Error(`a process that simulates ended with ${code}`)))
      this.#next(worker)
      return worker
    })
  }

  /** @throws {Error} when a process that simulates has ended. */
  result(job: SeedJob): Promise<SeedResult> {
    const result = this.#results.get(nameOf(job))
    if (result === undefined) throw new RangeError(`${nameOf(job)} is none of these`)
    return result.promise
  }

  stop(): void {
    for (const worker of this.#workers) worker.kill()
  }

  #next(worker: ChildProcess): void {
    const job = this.#left.shift()
    if (job !== undefined) worker.send(job)
  }

  #fail(error: Error): void {
    for (const { reject } of this.#results.values()) reject(error)
  }
}

const nameOf = ({ kind, seed }: SeedJob): string => `${kind} seed ${seed}`
