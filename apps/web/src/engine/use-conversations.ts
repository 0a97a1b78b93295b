import type { Conversation, Parley } from '@parley/chat'
import { useMemo, useSyncExternalStore } from 'react'
import { Cell } from './cell.ts'
import type { Readable } from './cell.ts'
import { conversationStore } from './conversation-store.ts'
import { useParley } from './use-parley.tsx'

/** What the list as a whole shows; rows read their conversation themselves. */
interface ConversationsSnapshot {
  readonly conversations: readonly Conversation[]
  /** Direct conversations that somebody else began and that nobody has answered yet. */
  readonly requests: readonly Conversation[]
  readonly unread: number
}

function kept(previous: readonly Conversation[] | undefined, next: readonly Conversation[]): readonly Conversation[] {
  return previous?.length === next.length && next.every((one, index) => one === previous[index]) ? previous : [...next]
}

function read(parley: Parley, previous: ConversationsSnapshot | undefined): ConversationsSnapshot {
  const conversations = kept(previous?.conversations, parley.conversations)
  const requests = kept(previous?.requests, parley.requests)
  // What is muted does not call for attention.
  const unread = conversations.reduce((sum, { isMuted, unread: count }) => sum + (isMuted ? 0 : count), 0)
  const same = previous?.conversations === conversations && previous.requests === requests && previous.unread === unread
  return same ? previous : { conversations, requests, unread }
}

function conversationsStore(parley: Parley): Readable<ConversationsSnapshot> {
  const cell = new Cell(read(parley, undefined))
  const refresh = (): void => {
    cell.set(read(parley, cell.getSnapshot()))
    for (const conversation of [...parley.conversations, ...parley.requests]) conversationStore(conversation).refresh()
  }
  return {
    getSnapshot: cell.getSnapshot,
    subscribe: (listener) => {
      const stops = [
        cell.subscribe(listener),
        parley.on('conversations', refresh),
        parley.on('request', refresh),
        parley.on('contacts', refresh),
      ]
      refresh()
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}

/** All conversations by last activity, newest first, and how many messages wait unread. */
export function useConversations(): ConversationsSnapshot {
  const parley = useParley()
  const store = useMemo(() => conversationsStore(parley), [parley])
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
