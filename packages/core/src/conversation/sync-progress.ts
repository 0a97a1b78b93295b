/** How far a conversation is in step with its peers. */
import type { ConversationEvents, SyncState } from '../api.ts'
import type { Network } from '../network/network.ts'
import type { Replica } from '../replica/replica.ts'
import type { Emitter } from '../support/emitter.ts'
import { sameOr } from './same.ts'

export class SyncProgress {
  readonly #replica: Replica
  readonly #network: Network
  readonly #events: Emitter<ConversationEvents>
  #state: SyncState = { phase: 'offline', peers: 0, done: 0, total: 0 }
  #total = 0

  constructor(replica: Replica, network: Network, events: Emitter<ConversationEvents>) {
    this.#replica = replica
    this.#network = network
    this.#events = events
  }

  get state(): SyncState {
    return this.#state
  }

  /** Links or progress changed. */
  update(): void {
    const sessions = this.#network.sessions(this.#replica)
    const outstanding = Math.max(0, ...sessions.map((s) => s.outstanding))
    const isSyncing = outstanding > 0 || (sessions.length > 0 && !sessions.some((s) => s.isLevel))
    this.#total = isSyncing ? Math.max(this.#total, outstanding) : 0
    const phase = sessions.length === 0 ? (this.#network.isReachable ? 'connecting' : 'offline') : isSyncing ? 'syncing' : 'live'
    const isComplete = this.#replica.history.isComplete
    const next: SyncState = Object.freeze({
      phase,
      peers: sessions.length,
      done: this.#total - outstanding,
      total: this.#total,
      ...(isComplete ? {} : { complete: false as const }),
    })
    const state = sameOr(this.#state, next)
    if (state === this.#state) return
    this.#state = state
    this.#events.emit('syncState', state)
  }
}
