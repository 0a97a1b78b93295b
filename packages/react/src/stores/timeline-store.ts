/**
 * The messages that a screen holds: a live window of the engine's timeline, opened at the first unread message, kept while somebody looks.
 */
import type { Conversation, Message, Timeline, TimelineAnchor } from '@parley/chat'
import { Cell } from '../support/cell.ts'
import type { Readable } from '../support/cell.ts'
import { reportUnlessClosed } from '../support/closed.ts'
import { cachedStore } from './parley-store.ts'

/** What a timeline shows. A message that did not change is the same object as before. */
export interface TimelineState {
  /** Oldest first, without a gap. */
  readonly messages: readonly Message[]
  /** How many messages come before the first one. */
  readonly offset: number
  /** Whether there are older messages than these. */
  readonly hasOlder: boolean
  /** Whether there are newer ones. */
  readonly hasNewer: boolean
  /** The first unread message when the window was opened: where to draw the line. */
  readonly firstUnread: Message['id'] | undefined
  /** What is being read. */
  readonly loading: 'first' | 'older' | 'newer' | undefined
  /** Why the last jump failed. */
  readonly error: Error | undefined
}

const EMPTY: TimelineState = {
  messages: [],
  offset: 0,
  hasOlder: false,
  hasNewer: false,
  firstUnread: undefined,
  loading: 'first',
  error: undefined,
}

class TimelineStore implements Readable<TimelineState> {
  readonly #conversation: Conversation
  readonly #cell = new Cell<TimelineState>(EMPTY)
  #timeline: Timeline | undefined
  #loading: 'older' | 'newer' | undefined
  #stop: (() => void) | undefined

  constructor(conversation: Conversation) {
    this.#conversation = conversation
  }

  readonly getSnapshot = (): TimelineState => this.#cell.getSnapshot()

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

  readonly jump = async (to: TimelineAnchor): Promise<void> => {
    await this.#timeline?.jump(to)
  }

  #open(): void {
    try {
      const timeline = this.#conversation.timeline({ around: 'firstUnread' })
      this.#timeline = timeline
      this.#stop = timeline.subscribe(this.#read)
      this.#read()
    } catch (error) {
      reportUnlessClosed(error)
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
    loaded.catch(reportUnlessClosed).finally(done)
  }

  readonly #read = (): void => {
    const timeline = this.#timeline
    if (timeline === undefined) return
    const { messages, offset, hasBefore, hasAfter, firstUnread, isLoading, error } = timeline.getSnapshot()
    const loading = isLoading && messages.length === 0 ? 'first' : this.#loading
    this.#cell.set({ messages, offset, hasOlder: hasBefore, hasNewer: hasAfter, firstUnread, loading, error })
  }
}

/** The timeline of a conversation, always the same one. */
export const timelineStore = cachedStore((conversation: Conversation) => new TimelineStore(conversation))
