/** What is announced to the application, one thing after the other: an event never overtakes an earlier one. */
import type { ConversationEvents } from '../api.ts'
import type { Context } from '../context.ts'
import type { Emitter } from '../support/emitter.ts'
import { Mutex } from '../support/mutex.ts'
import type { Standing } from './standing.ts'

export class InOrder {
  readonly #context: Context
  readonly #events: Emitter<ConversationEvents>
  readonly #standing: Standing
  readonly #queue = new Mutex()

  constructor(context: Context, events: Emitter<ConversationEvents>, standing: Standing) {
    this.#context = context
    this.#events = events
    this.#standing = standing
  }

  /** Resolves when everything so far has been announced. */
  idle(): Promise<void> {
    return this.#queue.idle()
  }

  /** Does this after what was asked for before; a failure is reported as of `where`. */
  run(task: () => Promise<void>, where: string): void {
    if (this.#standing.isClosed) return
    this.#queue.run(task).catch((error: unknown) => {
      this.#context.report(error, where)
      this.#events.emit('error', error instanceof Error ? error : new Error(String(error)))
    })
  }
}
