import type { Conversation, Message } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { keep } from '@parley/react'
import { useEffect, useState } from 'react'

const NONE: readonly Message[] = []

/** What is pinned in a conversation, the oldest first. */
export function usePinned(conversation: Conversation): readonly Message[] {
  const [pinned, setPinned] = useState(NONE)
  useEffect(() => {
    let wanted = true
    const read = (): void => {
      conversation.pinned().then(
        (messages) => {
          if (wanted) setPinned((before) => keep(before, messages))
        },
        (error: unknown) => {
          if (!isParleyError(error, 'Closed')) reportError(error)
        },
      )
    }
    read()
    const stops = [
      conversation.on('pinned', read),
      conversation.on('messageUpdated', read),
      conversation.on('messageDeleted', read),
      conversation.on('state', read),
    ]
    return () => {
      wanted = false
      for (const stop of stops) stop()
    }
  }, [conversation])
  return pinned
}
