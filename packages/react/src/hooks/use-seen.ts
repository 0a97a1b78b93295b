import type { Conversation, Message } from '@parley/chat'
import { useEffect } from 'react'
import { reportUnlessClosed } from '../support/closed.ts'

/**
 * Marks a conversation as seen when `last` changes, but only while `isWanted` and while somebody can look at the page.
 * @example
 * ```tsx
 * const { messages } = useTimeline(conversation)
 * const { unread } = useConversation(conversation)
 * useSeen(conversation, messages.at(-1)?.id, unread > 0)
 * ```
 */
export function useSeen(conversation: Conversation, last: Message['id'] | undefined, isWanted: boolean): void {
  useEffect(() => {
    if (!isWanted || last === undefined) return
    const markIfVisible = (): void => {
      if (document.visibilityState === 'visible') conversation.seen().catch(reportUnlessClosed)
    }
    markIfVisible()
    document.addEventListener('visibilitychange', markIfVisible)
    return () => document.removeEventListener('visibilitychange', markIfVisible)
  }, [conversation, last, isWanted])
}
