/**
 * What the devices of a person have in common beside conversations: contacts and whom they block, which conversations are muted, drafts, and the
 * secret of the contact card. Each is one value under a key, in the metadata of the conversation of the own devices: the last one said counts,
 * on every device alike. How far somebody has read needs nothing here: the slots of all their devices count already.
 */
import { utf8 } from '@parley/protocol'
import type { Context } from '../context.ts'
import type { Replica } from '../replica/replica.ts'

/** Drafts are said so long after the last keystroke: each costs an entry. */
export const DRAFT_SHARED_AFTER_MS = 5_000
/** Longest value, as metadata has it. What is longer stays on its device. */
const MAX_VALUE_BYTES = 4_096
/** Bytes and keys of one entry, when much is said at once. */
const MAX_ENTRY_VALUE_BYTES = 40_000
const MAX_ENTRY_KEYS = 64

/** Null: there is none (any more). */
export type SharedValue = string | boolean | null

export class SharedState {
  readonly #context: Context
  readonly #self: () => Replica | undefined
  readonly #take: (key: string, value: SharedValue) => Promise<void>
  /** Said later, unless something else is said by then. */
  readonly #later = new Map<string, () => void>()
  #known: Readonly<Record<string, unknown>> = {}

  /** `take` is called with what another device said, one after the other. */
  constructor(options: { context: Context; self: () => Replica | undefined; take: (key: string, value: SharedValue) => Promise<void> }) {
    this.#context = options.context
    this.#self = options.self
    this.#take = options.take
  }

  /** The value under that key; null when there is none, or this user has one device only. */
  get(key: string): SharedValue {
    const value = this.#self()?.controls.metadata()[key]
    return typeof value === 'string' || typeof value === 'boolean' ? value : null
  }

  /** Says a value to the other devices, `afterMs` from now. Nothing happens where there are none, and failures are reported. */
  put(key: string, value: SharedValue, afterMs = 0): void {
    this.#later.get(key)?.()
    this.#later.delete(key)
    if (this.#self() === undefined) return
    if (afterMs === 0) return this.#say({ [key]: value })
    const cancel = this.#context.clock.setTimeout(() => {
      this.#later.delete(key)
      this.#say({ [key]: value })
    }, afterMs)
    this.#later.set(key, cancel)
  }

  /** Whether this device is about to say something else under that key. */
  isPending(key: string): boolean {
    return this.#later.has(key)
  }

  /** Says all this when the devices begin to share. */
  putAll(values: Iterable<readonly [key: string, value: SharedValue]>): void {
    let batch: Record<string, SharedValue> = {}
    let bytes = 0
    for (const [key, value] of values) {
      const size = typeof value === 'string' ? utf8(value).length : 1
      if (bytes + size > MAX_ENTRY_VALUE_BYTES || Object.keys(batch).length === MAX_ENTRY_KEYS) {
        this.#say(batch)
        batch = {}
        bytes = 0
      }
      batch[key] = value
      bytes += size
    }
    this.#say(batch)
  }

  /** Takes over what is new in the conversation of the own devices. */
  async follow(): Promise<void> {
    const before = this.#known
    const now = this.#self()?.controls.metadata() ?? {}
    this.#known = now
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)]))
      if (before[key] !== now[key] && !this.isPending(key)) await this.#take(key, this.get(key))
  }

  close(): void {
    for (const cancel of this.#later.values()) cancel()
    this.#later.clear()
  }

  #say(values: Readonly<Record<string, SharedValue>>): void {
    const self = this.#self()
    const fresh = Object.entries(values).filter(
      ([key, value]) => this.get(key) !== value && (typeof value !== 'string' || utf8(value).length <= MAX_VALUE_BYTES),
    )
    if (self?.record.state !== 'member' || self.isFrozen || fresh.length === 0) return
    self
      .commitControl({ op: 'metadata', scope: 'application', values: Object.fromEntries(fresh) })
      .catch((error: unknown) => this.#context.report(error, 'own devices'))
  }
}
