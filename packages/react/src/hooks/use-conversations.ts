import type { Conversation, Parley } from '@parley/chat'
import { useSyncExternalStore } from 'react'
import { useParley } from '../use-parley.ts'
import { cachedStore, parleyStore } from '../stores/parley-store.ts'

/** What a list of conversations shows as a whole; rows read their conversation themselves. */
export interface ConversationsInfo {
  /** By last activity, newest first. */
  readonly conversations: readonly Conversation[]
  /** Direct conversations that somebody else began and that nobody has answered yet. */
  readonly requests: readonly Conversation[]
  /** Messages that wait unread, without those of conversations that are muted. */
  readonly unread: number
}

function read({ conversations, requests }: Parley): ConversationsInfo {
  const unread = conversations.reduce((sum, { isMuted, unread: count }) => sum + (isMuted ? 0 : count), 0)
  return { conversations: [...conversations], requests: [...requests], unread }
}

/** Conversations are compared by who they are, not by what is in them. */
function keptList(previous: readonly Conversation[], next: readonly Conversation[]): readonly Conversation[] {
  return previous.length === next.length && next.every((one, index) => one === previous[index]) ? previous : next
}

function kept(previous: ConversationsInfo, next: ConversationsInfo): ConversationsInfo {
  const conversations = keptList(previous.conversations, next.conversations)
  const requests = keptList(previous.requests, next.requests)
  const isSame = conversations === previous.conversations && requests === previous.requests && next.unread === previous.unread
  return isSame ? previous : { conversations, requests, unread: next.unread }
}

const conversationsStore = cachedStore((parley: Parley) =>
  parleyStore(parley, ['conversations', 'request', 'contacts'], () => read(parley), kept),
)

/**
 * All conversations by last activity, newest first, and how many messages wait unread.
 * @example
 * ```tsx
 * const { conversations, unread } = useConversations()
 * ```
 */
export function useConversations(): ConversationsInfo {
  const store = conversationsStore(useParley())
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
