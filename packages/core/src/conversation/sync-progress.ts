/** How far a conversation is in step with its peers. */
import type { ConversationEvents, SyncState } from '../api.ts'
import type { Network } from '../network/network.ts'
import type { Replica } from '../replica/replica.ts'
import type { Emitter } from '../support/emitter.ts'

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
    const next: SyncState = Object.freeze({ phase, peers: sessions.length, done: this.#total - outstanding, total: this.#total })
    const before = this.#state
    if (before.phase === next.phase && before.peers === next.peers && before.done === next.done && before.total === next.total) return
    this.#state = next
    this.#events.emit('syncState', next)
  }
}
