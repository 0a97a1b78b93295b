import type { Conversation, Message } from '@parley/chat'
import { useEffect, useState } from 'react'
import { reportUnlessClosed } from '../support/closed.ts'
import { timelineStore } from '../stores/timeline-store.ts'

/**
 * One message by its id as it now is, from what is shown or else from the store; `undefined` until found, or when it is gone.
 * @example
 * ```tsx
 * const answered = useMessage(conversation, messageId)
 * ```
 */
export function useMessage(conversation: Conversation, id: Message['id']): Message | undefined {
  const shown = (): Message | undefined =>
    timelineStore(conversation)
      .getSnapshot()
      .messages.find((message) => message.id === id)
  const [known, setKnown] = useState(shown)
  if (known !== undefined && known.id !== id) setKnown(shown)
  const isMissing = known === undefined
  useEffect(() => {
    let wanted = true
    if (isMissing) {
      conversation.getMessage(id).then((message) => {
        if (wanted) setKnown(message)
      }, reportUnlessClosed)
    }
    const stops = [
      conversation.on('messageUpdated', (message) => {
        if (message.id === id) setKnown(message)
      }),
      conversation.on('messageDeleted', (gone) => {
        if (gone === id) setKnown(undefined)
      }),
    ]
    return () => {
      wanted = false
      for (const stop of stops) stop()
    }
  }, [conversation, id, isMissing])
  return known
}
