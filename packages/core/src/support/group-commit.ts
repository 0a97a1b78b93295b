/**
 * Group commit: making bytes durable costs the same for one row as for a hundred, so calls that arrive while a commit runs leave
 * together in the next one. Order is kept and every call stays atomic, because a group is one atomic batch.
 */
import type { OwnOperation } from './store-rules.ts'
import type { Durability } from '../store.ts'

/**
 * The most that calls are gathered to. A group fails as a whole, so a call that is larger than this goes alone: a full disk then
 * refuses the large attachment and not the small message beside it.
 */
export const MAX_GROUP_BYTES = 1024 * 1024

/** Applies all operations or none, and says when they have the durability. */
export type Commit = (operations: readonly OwnOperation[], durability: Durability) => Promise<void>

interface Call {
  operations: readonly OwnOperation[]
  durability: Durability
  bytes: number
  resolve: () => void
  reject: (error: unknown) => void
}

/** Runs one commit at a time over all calls, in call order. */
export class GroupCommit {
  readonly #commit: Commit
  #waiting: Call[] = []
  #running: Promise<void> | undefined

  constructor(commit: Commit) {
    this.#commit = commit
  }

  /** Resolves or rejects with the commit that the operations went out in. They must not change any more. */
  add(operations: readonly OwnOperation[], durability: Durability): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, durability, bytes: bytesOf(operations), resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves once every call so far has its answer. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // One turn later, so that calls made in one turn share the first commit too.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup()
      // Relaxed calls gain by it; a strict one behind them would have to make them durable anyway.
      const durability = group.some((call) => call.durability === 'strict') ? 'strict' : 'relaxed'
      try {
        await this.#commit(
          group.flatMap((call) => call.operations),
          durability,
        )
        for (const call of group) call.resolve()
      } catch (error) {
        for (const call of group) call.reject(error)
      }
    }
    this.#running = undefined
  }

  #nextGroup(): Call[] {
    let bytes = 0
    const tooMany = this.#waiting.findIndex((call) => (bytes += call.bytes) > MAX_GROUP_BYTES)
    return this.#waiting.splice(0, tooMany === -1 ? this.#waiting.length : Math.max(1, tooMany))
  }
}

function bytesOf(operations: readonly OwnOperation[]): number {
  return operations.reduce((sum, operation) => sum + operation.key.length + (operation.type === 'put' ? operation.value.length : 0), 0)
}
