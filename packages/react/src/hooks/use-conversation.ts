/**
 * What a screen shows of one conversation: all of it, or the part that a component needs.
 */
import type { Conversation, SyncState, User } from '@parley/chat'
import { useCallback, useSyncExternalStore } from 'react'
import { useParley } from '../use-parley.ts'
import { conversationStore } from '../stores/conversation-store.ts'
import type { ConversationInfo } from '../stores/conversation-store.ts'

function useSelected<T>(conversation: Conversation, select: (info: ConversationInfo) => T): T {
  const parley = useParley()
  const store = conversationStore(conversation)
  const subscribe = useCallback((listener: () => void) => store.subscribe(parley, listener), [store, parley])
  return useSyncExternalStore(subscribe, () => select(store.getSnapshot()))
}

/**
 * What a screen shows of a conversation besides its messages: title, members with status, who types, how it is connected.
 * @example
 * ```tsx
 * const { title, unread, members } = useConversation(conversation)
 * ```
 */
export function useConversation(conversation: Conversation): ConversationInfo {
  return useSelected(conversation, (info) => info)
}

/**
 * Who types now, in the order in which they began. Renders when that changes, and then only.
 * @example
 * ```tsx
 * const names = useTyping(conversation).map(({ name }) => name)
 * ```
 */
export function useTyping(conversation: Conversation): readonly User[] {
  return useSelected(conversation, ({ typing }) => typing)
}

/**
 * The ids of the members of whom a device is connected.
 * @example
 * ```tsx
 * const isOnline = usePresence(conversation).includes(userId)
 * ```
 */
export function usePresence(conversation: Conversation): readonly User['id'][] {
  return useSelected(conversation, ({ online }) => online)
}

/**
 * How a conversation is connected, and how far it is.
 * @example
 * ```tsx
 * const { phase, peers } = useSyncState(conversation)
 * ```
 */
export function useSyncState(conversation: Conversation): SyncState {
  return useSelected(conversation, ({ sync }) => sync)
}
