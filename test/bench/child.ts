/** A fresh process for a measurement, so that no earlier one has warmed anything up or filled the heap. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { SystemName } from './peer.ts'
import type { Tasks } from './tasks.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Flags of Node for every child, e.g. `--cpu-prof`. */
export type NodeFlags = readonly string[]

export class Child {
  readonly #process: ChildProcess
  readonly #calls = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>()
  #nextId = 0

  constructor(system: SystemName, flags: NodeFlags = []) {
    this.#process = fork(WORKER, [system], {
      execArgv: ['--conditions=@parley/source', '--expose-gc', ...flags],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#process.on('message', (reply) => {
      const { id, result, error } = reply as { id: number; result?: unknown; error?: string }
      const call = this.#calls.get(id)
      this.#calls.delete(id)
      if (error === undefined) call?.resolve(result)
      else call?.reject(new Error(`${system}: ${error}`))
    })
    this.#process.on('exit', (code) => {
      for (const call of this.#calls.values()) call.reject(new Error(`${system}: the process ended with ${code}`))
    })
  }

  /** Runs a task there and gives its result. */
  call<K extends keyof Tasks>(task: K, ...args: Parameters<Tasks[K]>): Promise<Awaited<ReturnType<Tasks[K]>>> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#calls.set(id, { resolve: (result) => resolve(result as Awaited<ReturnType<Tasks[K]>>), reject })
      this.#process.send({ id, task, args })
    })
  }

  /** Ends the process, after its peer has been closed. */
  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

/** Starts children, hands them to `use` and ends them, whatever happens. */
export async function withChildren<T>(
  systems: readonly SystemName[],
  flags: NodeFlags,
  use: (...children: Child[]) => Promise<T>,
): Promise<T> {
  const children = systems.map((system) => new Child(system, flags))
  try {
    const result = await use(...children)
    for (const child of children) await child.call('close')
    await Promise.all(children.map((child) => child.end()))
    return result
  } catch (error) {
    for (const child of children) child.kill()
    throw error
  }
}
