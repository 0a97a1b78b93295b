import type { Conversation, TimelineAnchor } from '@parley/chat'
import { useMemo, useSyncExternalStore } from 'react'
import { timelineStore } from '../stores/timeline-store.ts'
import type { TimelineState } from '../stores/timeline-store.ts'

/** The ways to other messages than those that are shown. */
export interface TimelineMoves {
  /** Shows more messages at the old end; does nothing while it does so already. */
  readonly loadOlder: () => void
  /** The same at the new end. */
  readonly loadNewer: () => void
  /** Shows the messages around a message, a time or one of two places by name. @throws {MessageNotFound} */
  readonly jump: (to: TimelineAnchor) => Promise<void>
}

/** The messages that are shown, and the ways to others. */
export interface TimelineHandle extends TimelineState, TimelineMoves {}

/** The window that `useTimeline` shows, for handlers: it moves while some component shows it. */
export interface TimelineSource extends TimelineMoves {
  /** What is shown now. */
  readonly getSnapshot: () => TimelineState
  /** Calls the listener after each change, until the function that this returns is called. */
  readonly subscribe: (listener: () => void) => () => void
}

/**
 * The window of a conversation outside of a render.
 * @example
 * ```tsx
 * await timelineOf(conversation).jump(new Date('2026-01-01'))
 * ```
 */
export function timelineOf(conversation: Conversation): TimelineSource {
  return timelineStore(conversation)
}

/**
 * A live window of a conversation's messages, opened at the first unread one. All components that show a conversation share one window.
 * @example
 * ```tsx
 * const { messages, hasOlder, loadOlder } = useTimeline(conversation)
 * ```
 */
export function useTimeline(conversation: Conversation): TimelineHandle {
  const store = timelineStore(conversation)
  const state = useSyncExternalStore(store.subscribe, store.getSnapshot)
  return useMemo(() => ({ ...state, loadOlder: store.loadOlder, loadNewer: store.loadNewer, jump: store.jump }), [state, store])
}
