/** A process for every core that simulates seeds, so that they are done as soon as this machine can. */
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SimulationReport } from '@parley/testing'

/** What is told of one seed. */
export type SeedResult = Pick<SimulationReport, 'violations' | 'repro' | 'entries' | 'steps'> & { readonly seed: number }

/** A simulation makes much that lives shortly; with more room for it the collector takes a tenth less of the time (measured, Node 24). */
const YOUNG_SPACE = '--max-semi-space-size=64'
const WORKER = fileURLToPath(new URL('seed-worker.ts', import.meta.url))

export class SeedPool {
  readonly #results = new Map<number, PromiseWithResolvers<SeedResult>>()
  readonly #left: number[]
  readonly #optionsOf: (seed: number) => {
    seed: number
    forks: boolean
    changes: boolean
    devices: boolean
    steps?: number
    peers?: number
  }
  #workers: ChildProcess[] = []

  constructor(
    seeds: readonly number[],
    optionsOf: (seed: number) => { seed: number; forks: boolean; changes: boolean; devices: boolean; steps?: number; peers?: number },
  ) {
    this.#optionsOf = optionsOf
    this.#left = [...seeds]
    for (const seed of seeds) this.#results.set(seed, Promise.withResolvers())
    // Whoever asks for one hears of its failure.
    for (const { promise } of this.#results.values()) promise.catch(() => undefined)
  }

  start(): void {
    this.#workers = Array.from({ length: availableParallelism() }, () => {
      const worker = fork(WORKER, { execArgv: ['--conditions=@parley/source', YOUNG_SPACE] })
      worker.on('message', (result) => {
        const { seed } = result as SeedResult
        this.#results.get(seed)?.resolve(result as SeedResult)
        this.#next(worker)
      })
      worker.on('exit', (code) => this.#fail(new Error(`a process that simulates ended with ${code}`)))
      this.#next(worker)
      return worker
    })
  }

  /** @throws {Error} when a process that simulates has ended. */
  result(seed: number): Promise<SeedResult> {
    const result = this.#results.get(seed)
    if (result === undefined) throw new RangeError(`seed ${seed} is none of these`)
    return result.promise
  }

  stop(): void {
    for (const worker of this.#workers) worker.kill()
  }

  #next(worker: ChildProcess): void {
    const seed = this.#left.shift()
    if (seed !== undefined) worker.send(this.#optionsOf(seed))
  }

  #fail(error: Error): void {
    for (const { reject } of this.#results.values()) reject(error)
  }
}
