/**
 * The messages that a screen holds: always the newest N without a gap, N growing by a page when the reader nears the top.
 *
 * Page numbers shift while messages arrive, so pages are stitched by message id, and by the count of messages that are not held: when that
 * count does not add up, a message arrived late inside the window and further pages are read again.
 */
import type { Conversation, Message, MessagePage } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { Cell } from './cell.ts'
import type { Readable } from './cell.ts'
import { keep, keepMessages } from './equal.ts'

export interface TimelineSnapshot {
  /** Oldest first, the newest `messages.length` of the conversation. */
  readonly messages: readonly Message[]
  readonly total: number
  readonly hasOlder: boolean
  readonly loading: 'first' | 'older' | undefined
}

/** The size of a page in the engine's contract. */
const PAGE_SIZE = 25
/** More pages than this between what is shown and what is new, and the window starts afresh at the newest page. */
const MAX_CATCH_UP_PAGES = 20
/** During a burst the window is read at most this often. */
const BURST_INTERVAL_MS = 60

const EMPTY: TimelineSnapshot = { messages: [], total: 0, hasOlder: false, loading: 'first' }

class TimelineStore implements Readable<TimelineSnapshot> {
  readonly #conversation: Conversation
  readonly #cell = new Cell<TimelineSnapshot>(EMPTY)
  #stop: (() => void) | undefined
  #wantsNewest = false
  #wantsOlder = false
  #running = false

  constructor(conversation: Conversation) {
    this.#conversation = conversation
  }

  readonly getSnapshot = (): TimelineSnapshot => this.#cell.getSnapshot()

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#cell.subscribe(listener)
    this.#stop ??= this.#follow()
    this.refresh()
    return () => {
      unsubscribe()
      if (this.#cell.observed) return
      this.#stop?.()
      this.#stop = undefined
      // Nobody looks: what comes now is missed, so the next reader begins afresh.
      this.#cell.set(EMPTY)
    }
  }

  /** Something changed near the newest end: reads it again soon. */
  readonly refresh = (): void => {
    if (!this.#cell.observed) return
    this.#wantsNewest = true
    void this.#run()
  }

  /** Extends the window by a page towards the oldest message. */
  readonly loadOlder = (): void => {
    const { hasOlder, loading } = this.getSnapshot()
    if (!hasOlder || loading !== undefined) return
    this.#wantsOlder = true
    this.#patch({ loading: 'older' })
    void this.#run()
  }

  #follow(): () => void {
    const conversation = this.#conversation
    const stops = [
      conversation.on('message', this.refresh),
      conversation.on('state', this.refresh),
      conversation.on('seen', this.refresh),
      conversation.on('messageUpdated', (message) => this.#replace(message)),
      conversation.on('messageState', (id) => void this.#reread(id)),
      conversation.on('messageDeleted', (id) => {
        this.#patch({ messages: this.getSnapshot().messages.filter((message) => message.id !== id) })
        this.refresh()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** One reader at a time; what is asked for meanwhile is done in the next round. */
  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#wantsNewest || this.#wantsOlder) {
        if (this.#wantsNewest) {
          this.#wantsNewest = false
          await this.#readNewest()
        } else {
          this.#wantsOlder = false
          await this.#readOlder()
        }
        if (this.#wantsNewest) await new Promise((resolve) => setTimeout(resolve, BURST_INTERVAL_MS))
      }
    } catch (error) {
      this.#patch({ loading: undefined })
      if (!isParleyError(error, 'Closed')) reportError(error)
    } finally {
      this.#running = false
    }
  }

  async #readNewest(): Promise<void> {
    const before = this.getSnapshot()
    const hiddenBefore = before.total - before.messages.length
    let read: readonly Message[] = []
    let total = 0
    for (let number = 1; ; number++) {
      const page = await this.#page(number)
      if (page === undefined) break
      read = joined(page.messages, read)
      total = page.totalMessages
      const from = before.messages.findIndex((message) => message.id === read[0]?.id)
      if (from >= 0 && total - from - read.length === hiddenBefore) {
        read = [...before.messages.slice(0, from), ...read]
        break
      }
      const covered =
        read.length >= before.messages.length &&
        (before.messages[0] === undefined || read.some((message) => message.id === before.messages[0]?.id))
      if (number >= page.totalPages || covered) break
      if (number >= MAX_CATCH_UP_PAGES) {
        read = read.slice(-PAGE_SIZE)
        break
      }
    }
    this.#show(read, total)
  }

  async #readOlder(): Promise<void> {
    const { messages } = this.getSnapshot()
    const page = await this.#page(Math.floor(messages.length / PAGE_SIZE) + 1)
    if (page === undefined) return this.#patch({ loading: undefined })
    const extended = joined(page.messages, messages)
    this.#show(extended, page.totalMessages)
    // Nothing new in the page that should hold the next message: numbers have shifted, look at the newest end again.
    if (extended.length === messages.length) this.#wantsNewest = true
  }

  /** A page, or none when deletions made it vanish meanwhile. */
  async #page(number: number): Promise<MessagePage | undefined> {
    try {
      return await this.#conversation.getMessages(number)
    } catch (error) {
      if (isParleyError(error, 'PageOutOfRange')) return undefined
      throw error
    }
  }

  async #reread(id: Message['id']): Promise<void> {
    try {
      const message = await this.#conversation.getMessage(id)
      if (message !== undefined) this.#replace(message)
    } catch (error) {
      if (!isParleyError(error, 'Closed')) reportError(error)
    }
  }

  #replace(message: Message): void {
    const { messages } = this.getSnapshot()
    if (!messages.some((shown) => shown.id === message.id)) return
    this.#patch({
      messages: keepMessages(
        messages,
        messages.map((shown) => (shown.id === message.id ? message : shown)),
      ),
    })
  }

  #show(messages: readonly Message[], total: number): void {
    if (!this.#cell.observed) return
    const kept = keepMessages(this.getSnapshot().messages, messages)
    this.#cell.set(keep(this.getSnapshot(), { messages: kept, total, hasOlder: kept.length < total, loading: undefined }))
  }

  #patch(change: Partial<TimelineSnapshot>): void {
    if (!this.#cell.observed) return
    this.#cell.set({ ...this.getSnapshot(), ...change })
  }
}

/** `older` before `newer`, each message once. */
function joined(older: readonly Message[], newer: readonly Message[]): readonly Message[] {
  const known = new Set(newer.map((message) => message.id))
  return [...older.filter((message) => !known.has(message.id)), ...newer]
}

const stores = new WeakMap<Conversation, TimelineStore>()

/** The timeline of a conversation, always the same one. */
export function timelineStore(conversation: Conversation): TimelineStore {
  const store = stores.get(conversation) ?? new TimelineStore(conversation)
  stores.set(conversation, store)
  return store
}

export type { TimelineStore }
