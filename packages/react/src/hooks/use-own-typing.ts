import type { Conversation } from '@parley/chat'
import { useEffect, useMemo } from 'react'

/** A person who stopped to think for so long no longer types. */
const PAUSE_MS = 4_000

/** Telling the others about this person's typing. */
export interface OwnTyping {
  /** The person changed the text; an empty one means that they stopped. */
  readonly changed: (text: string) => void
  /** They left the field, or sent. */
  readonly stopped: () => void
}

/**
 * Tells the others that this person types, and that they stopped: also after a pause, and when the component goes.
 * @example
 * ```tsx
 * const { changed, stopped } = useOwnTyping(conversation)
 * ```
 */
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
