import type { Conversation, Parley } from '@parley/chat'
import { useMemo, useSyncExternalStore } from 'react'
import { Cell } from './cell.ts'
import type { Readable } from './cell.ts'
import { conversationStore } from './conversation-store.ts'
import { useParley } from './use-parley.tsx'

/** What the list as a whole shows; rows read their conversation themselves. */
interface ConversationsSnapshot {
  readonly conversations: readonly Conversation[]
  readonly unread: number
}

function read(parley: Parley, previous: ConversationsSnapshot | undefined): ConversationsSnapshot {
  const conversations = parley.conversations
  const same =
    previous?.conversations.length === conversations.length && conversations.every((one, index) => one === previous.conversations[index])
  const next = {
    conversations: same ? previous.conversations : [...conversations],
    unread: conversations.reduce((sum, conversation) => sum + conversation.unread, 0),
  }
  return previous !== undefined && same && previous.unread === next.unread ? previous : next
}

function conversationsStore(parley: Parley): Readable<ConversationsSnapshot> {
  const cell = new Cell(read(parley, undefined))
  const refresh = (): void => {
    cell.set(read(parley, cell.getSnapshot()))
    for (const conversation of parley.conversations) conversationStore(conversation).refresh()
  }
  return {
    getSnapshot: cell.getSnapshot,
    subscribe: (listener) => {
      const stops = [cell.subscribe(listener), parley.on('conversations', refresh)]
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
