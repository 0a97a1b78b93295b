/** What applications see of a window of messages. The meaning of every call is the contract of `docs/API.md`. */
import type { MessageId } from '@parley/protocol'
import type { Message } from './messages.ts'

/** Where a timeline opens: a message, a time, or one of two places by name. */
export type TimelineAnchor = 'newest' | 'firstUnread' | MessageId | Date

export interface TimelineOptions {
  /** Default `newest`. `firstUnread` is the newest end when nothing is unread. A date means the first message from then on. */
  around?: TimelineAnchor
  /** Opens with the messages before this one. */
  before?: MessageId
  /** Opens with the messages after this one. */
  after?: MessageId
  /** Messages to open with, 1 to 500. Default 50. */
  limit?: number
}

/** What a timeline shows. Frozen; a row that did not change is the same object as before. */
export interface TimelineSnapshot {
  /** Oldest first, without a gap. */
  readonly messages: readonly Message[]
  /** How many messages there are, and how many of them come before the first one shown: page p of `getMessages` ends at `total - 25 * (p - 1)`. */
  readonly total: number
  /** See `total`. */
  readonly offset: number
  /** Whether there are older messages than those shown. */
  readonly hasBefore: boolean
  /** Whether there are newer ones. */
  readonly hasAfter: boolean
  /** Around what it was opened, when that is a message. */
  readonly anchor: MessageId | undefined
  /** The first unread message when it was opened: where to draw the line. It stays while messages arrive and are seen. */
  readonly firstUnread: MessageId | undefined
  /** Whether more is being read. */
  readonly isLoading: boolean
  /** Why the last `jump` or the opening failed. */
  readonly error: Error | undefined
}

/** A live window of a conversation that grows both ways. Follows what happens while somebody subscribes, and needs no closing. */
export interface Timeline {
  /**
   * Fits `useSyncExternalStore`, as `subscribe` does.
   * @example
   * ```ts
   * const { messages, hasBefore } = timeline.getSnapshot()
   * ```
   */
  readonly getSnapshot: () => TimelineSnapshot
  /**
   * Calls the listener after each change, until the function that this returns is called.
   * @example
   * ```ts
   * const stop = timeline.subscribe(() => console.log(timeline.getSnapshot().messages.length))
   * ```
   */
  readonly subscribe: (listener: () => void) => () => void
  /** Resolves once the opening has ended; `error` of the snapshot says whether it failed. */
  readonly ready: Promise<void>
  /**
   * Shows more messages at the old end, 50 unless told, until 1,000 are shown; then the newest ones leave. @throws {Closed}
   * @example
   * ```ts
   * if (timeline.getSnapshot().hasBefore) await timeline.loadBefore()
   * ```
   */
  loadBefore(count?: number): Promise<void>
  /**
   * The same at the new end. @throws {Closed}
   * @example
   * ```ts
   * if (timeline.getSnapshot().hasAfter) await timeline.loadAfter(100)
   * ```
   */
  loadAfter(count?: number): Promise<void>
  /**
   * Opens somewhere else. @throws {MessageNotFound, InvalidArgument, Closed}
   * @example
   * ```ts
   * await timeline.jump(new Date('2026-01-01'))
   * ```
   */
  jump(to: TimelineAnchor): Promise<void>
}
