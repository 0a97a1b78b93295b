import type { Conversation } from '@parley/chat'
import { useSyncExternalStore } from 'react'
import { timelineStore } from './timeline-store.ts'
import type { TimelineSnapshot } from './timeline-store.ts'

interface Timeline extends TimelineSnapshot {
  readonly loadOlder: () => void
}

/** The newest messages of a conversation, and the way to older ones. */
export function useTimeline(conversation: Conversation): Timeline {
  const store = timelineStore(conversation)
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot)
  return { ...snapshot, loadOlder: store.loadOlder }
}
