/** How far this device's messages got: sent on a link, stored by another member. */
import { decodeCbor, deviceIdBytes, deviceIdOf, encodeCbor, type DeviceId, type MessageId, type UserId } from '@parley/protocol'
import type { ConversationEvents, MessageState } from '../api.ts'
import type { Context } from '../context.ts'
import type { Content } from '../replica/content-cache.ts'
import type { Replica } from '../replica/replica.ts'
import { parseTimelineKey } from '../replica/timeline-key.ts'
import type { StoreOperation } from '../store.ts'
import type { Emitter } from '../support/emitter.ts'
import type { InOrder } from './in-order.ts'
import { isBy } from './newest.ts'

/** Own messages whose further states are announced; a page tells the state of any. */
const ANNOUNCED_STATES = 256

export class Delivery {
  readonly #context: Context
  readonly #replica: Replica
  readonly #events: Emitter<ConversationEvents>
  readonly #inOrder: InOrder
  readonly #onChange: () => void
  readonly #onDelivered: () => void
  /** Own messages of late, by seq, and whether it was announced that they are delivered, or at least sent. */
  readonly #own = new Map<number, { readonly id: MessageId; announced: MessageState }>()
  #sentSeq = 0
  #deliveredSeq = 0
  /** How many entries of this device each device of another member has stored. */
  readonly #stored = new Map<DeviceId, number>()

  /** `onChange`: messages show another state. `onDelivered`: `row` should be written soon. */
  constructor(options: {
    context: Context
    replica: Replica
    events: Emitter<ConversationEvents>
    inOrder: InOrder
    onChange: () => void
    onDelivered: () => void
  }) {
    this.#context = options.context
    this.#replica = options.replica
    this.#events = options.events
    this.#inOrder = options.inOrder
    this.#onChange = options.onChange
    this.#onDelivered = options.onDelivered
  }

  async load(): Promise<void> {
    const delivered = await this.#context.store.get(this.#replica.keys.delivered())
    const row: unknown = delivered === undefined ? 0 : decodeCbor(delivered)
    // Until per-member receipts there was only a number.
    const [deliveredSeq, sentSeq, stored] = Array.isArray(row) ? (row as unknown[]) : [row, row, []]
    this.#deliveredSeq = typeof deliveredSeq === 'number' ? deliveredSeq : 0
    this.#sentSeq = typeof sentSeq === 'number' ? Math.max(sentSeq, this.#deliveredSeq) : this.#deliveredSeq
    for (const [device, nextSeq] of Array.isArray(stored) ? (stored as [Uint8Array, number][]) : [])
      this.#stored.set(deviceIdOf(device), nextSeq)
  }

  /** What `load` reads. */
  row(): StoreOperation {
    const stored = [...this.#stored].map(([device, nextSeq]) => [deviceIdBytes(device), nextSeq])
    return { type: 'put', key: this.#replica.keys.delivered(), value: encodeCbor([this.#deliveredSeq, this.#sentSeq, stored]) }
  }

  /** Messages came under these keys: how far the own ones got meanwhile is announced, and will be. Call it in order with what else is announced. */
  noteOwn(keys: readonly Uint8Array[]): void {
    const own = keys.filter((key) => isBy(key, this.#context.me.deviceBytes)).slice(-ANNOUNCED_STATES)
    for (const { seq, id } of own.map(parseTimelineKey)) {
      this.#own.set(seq, { id, announced: 'stored' })
      if (seq < this.#sentSeq) this.#announce(seq, seq < this.#deliveredSeq ? 'delivered' : 'sent')
    }
    for (const seq of this.#own.keys()) {
      if (this.#own.size <= ANNOUNCED_STATES) break
      this.#own.delete(seq)
    }
  }

  /** Entries of this device went out on a link. */
  noteSent(nextSeq: number): void {
    const from = this.#sentSeq
    if (nextSeq <= from) return
    this.#sentSeq = nextSeq
    this.#onDelivered()
    this.#announceState('sent', from, nextSeq)
  }

  /** A device has stored entries of this one from `from` up to, not including, `nextSeq`. What lies between those known before and these is not stored there. */
  noteStored(device: DeviceId, nextSeq: number, from = 0): void {
    const user = this.#replica.userOf(device)
    if (user === this.#context.me.userId) return
    // Nobody has more of this log than there is.
    const stored = Math.min(nextSeq, this.#replica.log.nextSeq(this.#context.me.deviceId))
    const before = this.#stored.get(device) ?? 0
    if (user !== undefined && stored > before && from <= before) {
      this.#stored.set(device, stored)
      this.#onDelivered()
    }
    if (stored <= this.#deliveredSeq || from > this.#deliveredSeq) return
    const delivered = this.#deliveredSeq
    this.#deliveredSeq = stored
    this.#sentSeq = Math.max(this.#sentSeq, stored)
    this.#onDelivered()
    this.#announceState('delivered', delivered, stored)
  }

  /** Other members of whom a device is known to have stored this message. */
  deliveredTo({ device, seq }: Content): Set<UserId> {
    const users = new Set<UserId>()
    if (device !== this.#context.me.deviceId) return users
    for (const [holder, nextSeq] of this.#stored) {
      const user = this.#replica.userOf(holder)
      if (user !== undefined && seq < nextSeq) users.add(user)
    }
    return users
  }

  /** The state of an own message; `isSeen` by another member. */
  stateOf({ device, seq }: Content, isSeen: boolean): MessageState {
    if (isSeen) return 'seen'
    // Another device of this user sent it: it has come here over a link.
    if (device !== this.#context.me.deviceId) return 'sent'
    return seq < this.#deliveredSeq ? 'delivered' : seq < this.#sentSeq ? 'sent' : 'stored'
  }

  /** Announces a state of the own messages with `from <= seq < to`, in order with what else is announced. */
  #announceState(state: 'sent' | 'delivered', from: number, to: number): void {
    this.#inOrder.run(() => {
      this.#onChange()
      for (const seq of this.#own.keys()) if (seq >= from && seq < to) this.#announce(seq, state)
      return Promise.resolve()
    }, 'message state')
  }

  /** Announces it of one, unless that or more has been. */
  #announce(seq: number, state: 'sent' | 'delivered'): void {
    const own = this.#own.get(seq)
    if (own === undefined || own.announced === state || own.announced === 'delivered') return
    own.announced = state
    this.#events.emit('messageState', own.id, state)
  }
}
