import type { Conversation } from '@parley/chat'
import { useSyncExternalStore } from 'react'
import { timelineStore } from './timeline-store.ts'
import type { TimelineSnapshot, TimelineStore } from './timeline-store.ts'

interface Timeline extends TimelineSnapshot, Pick<TimelineStore, 'loadOlder' | 'loadNewer' | 'jump'> {}

/** The messages that are shown of a conversation, and the ways to others. */
export function useTimeline(conversation: Conversation): Timeline {
  const store = timelineStore(conversation)
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot)
  return { ...snapshot, loadOlder: store.loadOlder, loadNewer: store.loadNewer, jump: store.jump }
}
