import type { Conversation, Message } from '@parley/chat'
import { useEffect, useState } from 'react'
import { reportUnlessClosed } from '../support/closed.ts'
import { timelineStore } from '../stores/timeline-store.ts'

/**
 * One message by its id, from what is shown or else from the store; `undefined` until found, or when it is gone.
 * @example
 * ```tsx
 * const answered = useMessage(conversation, messageId)
 * ```
 */
export function useMessage(conversation: Conversation, id: Message['id']): Message | undefined {
  const shown = timelineStore(conversation)
    .getSnapshot()
    .messages.find((message) => message.id === id)
  const [fetched, setFetched] = useState<Message>()
  useEffect(() => {
    if (shown !== undefined) return
    let wanted = true
    conversation.getMessage(id).then((message) => {
      if (wanted) setFetched(message)
    }, reportUnlessClosed)
    return () => {
      wanted = false
    }
  }, [conversation, id, shown])
  return shown ?? fetched
}
