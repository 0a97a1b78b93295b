/** Tells those who show messages when to look again: whatever may change how a message shows. */
import type { ConversationEvents } from '../api.ts'
import type { Replica } from '../replica/replica.ts'
import type { Emitter } from '../support/emitter.ts'
import type { Receipts } from './receipts.ts'

export class ShownChanges {
  readonly #replica: Replica
  readonly #receipts: Receipts
  readonly #events: Emitter<ConversationEvents>
  readonly #listeners = new Set<() => void>()

  constructor(options: { replica: Replica; receipts: Receipts; events: Emitter<ConversationEvents> }) {
    this.#replica = options.replica
    this.#receipts = options.receipts
    this.#events = options.events
  }

  /** Calls back whenever a message may show differently. Returns what ends it. */
  on(listener: () => void): () => void {
    const stops = [
      this.#replica.events.on('timeline', listener),
      this.#replica.events.on('control', listener),
      this.#receipts.events.on('seen', listener),
      this.#events.on('messageState', listener),
    ]
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      for (const stop of stops) stop()
    }
  }

  /** People are seen differently. */
  tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
