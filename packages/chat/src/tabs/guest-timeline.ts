/** A live window in a guest: the host holds the real one and shows what is in it; a take-over opens it again where it was. */
import type { Message, Timeline, TimelineAnchor, TimelineOptions, TimelineSnapshot } from '@parley/core'
import { same } from './values.ts'

/** As many messages can be asked for at once. */
const MAX_OPENING = 500

const OPENING: TimelineSnapshot = Object.freeze({
  messages: Object.freeze([]),
  total: 0,
  offset: 0,
  hasBefore: false,
  hasAfter: false,
  anchor: undefined,
  firstUnread: undefined,
  isLoading: true,
  error: undefined,
})

export interface GuestTimelineInit {
  readonly options: TimelineOptions
  ask(method: 'loadBefore' | 'loadAfter' | 'jump', args: readonly unknown[]): Promise<void>
  /** A listener threw. */
  report(error: unknown): void
}

export class GuestTimeline implements Timeline {
  readonly ready: Promise<void>
  readonly #init: GuestTimelineInit
  readonly #listeners = new Set<() => void>()
  readonly #readied = Promise.withResolvers<void>()
  #snapshot = OPENING
  #isReady = false

  constructor(init: GuestTimelineInit) {
    this.#init = init
    this.ready = this.#readied.promise
  }

  readonly getSnapshot = (): TimelineSnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  loadBefore(count?: number): Promise<void> {
    return this.#init.ask('loadBefore', count === undefined ? [] : [count])
  }

  loadAfter(count?: number): Promise<void> {
    return this.#init.ask('loadAfter', count === undefined ? [] : [count])
  }

  jump(to: TimelineAnchor): Promise<void> {
    return this.#init.ask('jump', [to])
  }

  /** How the next host has to open it so that it shows what it shows. */
  reopening(): TimelineOptions {
    const { messages, hasAfter } = this.#snapshot
    const middle = messages[messages.length >> 1]
    if (!this.#isReady || middle === undefined) return this.#init.options
    return { around: hasAfter ? middle.id : 'newest', limit: Math.min(MAX_OPENING, messages.length) }
  }

  /** What the host's window shows. */
  show(snapshot: TimelineSnapshot, isReady: boolean): void {
    const before = new Map(this.#snapshot.messages.map((message) => [message.id, message]))
    const messages = snapshot.messages.map((message): Message => {
      const old = before.get(message.id)
      return old !== undefined && same(old, message) ? old : message
    })
    const isSame = messages.length === this.#snapshot.messages.length && messages.every((row, i) => row === this.#snapshot.messages[i])
    const next = { ...snapshot, messages: isSame ? this.#snapshot.messages : Object.freeze(messages) }
    if (isReady) this.#isReady = true
    if (!same({ ...next, messages: 0 }, { ...this.#snapshot, messages: 0 }) || !isSame) {
      this.#snapshot = Object.freeze(next)
      for (const listener of [...this.#listeners]) this.#notify(listener)
    }
    if (isReady) this.#readied.resolve()
  }

  #notify(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#init.report(error)
    }
  }
}
