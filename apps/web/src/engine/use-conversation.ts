import type { Conversation } from '@parley/chat'
import { useSyncExternalStore } from 'react'
import { conversationStore } from './conversation-store.ts'
import type { ConversationInfo } from './conversation-store.ts'

/** What a screen shows of a conversation besides its messages: title, members with status, who types, how it is connected. */
export function useConversation(conversation: Conversation): ConversationInfo {
  const store = conversationStore(conversation)
  return useSyncExternalStore(store.subscribe, store.getSnapshot)
}
