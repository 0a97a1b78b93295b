/**
 * The messages that a screen holds: a live window of the engine's timeline, opened at the first unread message, kept while somebody looks.
 */
import type { Conversation, Message } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { Cell } from './cell.ts'
import type { Readable } from './cell.ts'
import type { TimelineView } from './types.ts'

export interface TimelineSnapshot {
  /** Oldest first, without a gap. */
  readonly messages: readonly Message[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** The first unread message when the window was opened. */
  readonly firstUnread: Message['id'] | undefined
  readonly loading: 'first' | 'older' | 'newer' | undefined
}

const EMPTY: TimelineSnapshot = { messages: [], hasOlder: false, hasNewer: false, firstUnread: undefined, loading: 'first' }

class TimelineStore implements Readable<TimelineSnapshot> {
  readonly #conversation: Conversation
  readonly #cell = new Cell<TimelineSnapshot>(EMPTY)
  #timeline: TimelineView | undefined
  #loading: 'older' | 'newer' | undefined
  #stop: (() => void) | undefined

  constructor(conversation: Conversation) {
    this.#conversation = conversation
  }

  readonly getSnapshot = (): TimelineSnapshot => this.#cell.getSnapshot()

  readonly subscribe = (listener: () => void): (() => void) => {
    const unsubscribe = this.#cell.subscribe(listener)
    if (this.#timeline === undefined) this.#open()
    return () => {
      unsubscribe()
      if (this.#cell.observed) return
      this.#stop?.()
      this.#stop = undefined
      this.#timeline = undefined
      this.#loading = undefined
      // Nobody looks: the next reader begins at what is unread then.
      this.#cell.set(EMPTY)
    }
  }

  readonly loadOlder = (): void => {
    if (this.getSnapshot().hasOlder) this.#load('older')
  }

  readonly loadNewer = (): void => {
    if (this.getSnapshot().hasNewer) this.#load('newer')
  }

  /** Shows the messages around this one. @throws {MessageNotFound} */
  readonly jump = async (to: Message['id'] | Date | 'newest'): Promise<void> => {
    await this.#timeline?.jump(to)
  }

  #open(): void {
    try {
      const timeline = this.#conversation.timeline({ around: 'firstUnread' })
      this.#timeline = timeline
      this.#stop = timeline.subscribe(this.#read)
      this.#read()
    } catch (error) {
      ignoreClosed(error)
    }
  }

  #load(which: 'older' | 'newer'): void {
    const timeline = this.#timeline
    if (timeline === undefined || this.getSnapshot().loading !== undefined) return
    this.#loading = which
    this.#read()
    const done = (): void => {
      if (this.#timeline !== timeline) return
      this.#loading = undefined
      this.#read()
    }
    const loaded = which === 'older' ? timeline.loadBefore() : timeline.loadAfter()
    loaded.catch(ignoreClosed).finally(done)
  }

  readonly #read = (): void => {
    const timeline = this.#timeline
    if (timeline === undefined) return
    const { messages, hasBefore, hasAfter, firstUnread, isLoading } = timeline.getSnapshot()
    const loading = isLoading && messages.length === 0 ? 'first' : this.#loading
    this.#cell.set({ messages, hasOlder: hasBefore, hasNewer: hasAfter, firstUnread, loading })
  }
}

/** After the engine has closed nobody waits for messages. */
function ignoreClosed(error: unknown): void {
  if (!isParleyError(error, 'Closed')) reportError(error)
}

const stores = new WeakMap<Conversation, TimelineStore>()

/** The timeline of a conversation, always the same one. */
export function timelineStore(conversation: Conversation): TimelineStore {
  const store = stores.get(conversation) ?? new TimelineStore(conversation)
  stores.set(conversation, store)
  return store
}

export type { TimelineStore }
