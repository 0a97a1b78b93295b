import type { Conversation } from '@parley/chat'
import { useEffect, useMemo } from 'react'

/** Said again after this pause, so that a person who stopped to think no longer types. */
const PAUSE_MS = 4_000

interface OwnTyping {
  /** The person changed the text; an empty one means that they stopped. */
  readonly changed: (text: string) => void
  readonly stopped: () => void
}

/** Tells the others that this person types, and that they stopped. */
export function useOwnTyping(conversation: Conversation): OwnTyping {
  const own = useMemo(() => {
    let typing = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const stopped = (): void => {
      clearTimeout(timer)
      if (typing) conversation.stopTyping()
      typing = false
    }
    const changed = (text: string): void => {
      if (text.trim() === '') return stopped()
      typing = true
      conversation.startTyping()
      clearTimeout(timer)
      timer = setTimeout(stopped, PAUSE_MS)
    }
    return { changed, stopped }
  }, [conversation])
  useEffect(() => own.stopped, [own])
  return own
}
