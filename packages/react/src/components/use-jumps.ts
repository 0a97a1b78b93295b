import type { Message, User } from '@parley/chat'
import { useCallback, useEffect, useRef } from 'react'
import type { TimelineHandle } from '../hooks/use-timeline.ts'
import { useStable } from '../support/use-stable.ts'

/** A message that somebody wants to see. */
export interface JumpTarget {
  /** Which. */
  readonly id: Message['id']
}

interface Init {
  readonly timeline: TimelineHandle
  readonly target: JumpTarget | undefined
  readonly me: User['id']
  readonly reveal: (id: string, how?: 'found') => boolean
  readonly toEnd: () => void
  readonly onError: (error: unknown) => void
}

interface Jumps {
  /** To a message, fetching what is around it when it is not here. */
  readonly toMessage: (id: Message['id']) => void
  /** To the newest one. */
  readonly toNewest: () => void
}

/** The ways of a timeline: to a message that was asked for, to the newest one, and to what this user has just sent. */
export function useJumps({ timeline: { messages, hasNewer, jump }, target, me, reveal, toEnd, onError }: Init): Jumps {
  const wanted = useRef<string>(undefined)
  const toMessage = useStable((id: Message['id']) => {
    if (reveal(id, 'found')) return
    wanted.current = id
    jump(id).catch((error: unknown) => {
      wanted.current = undefined
      onError(error)
    })
  })
  useEffect(() => {
    if (target !== undefined) toMessage(target.id)
  }, [target, toMessage])
  // Another `reveal` comes with other messages.
  useEffect(() => {
    if (wanted.current !== undefined && reveal(wanted.current, 'found')) wanted.current = undefined
  }, [reveal])

  // Who sends wants to see it there. Other messages than before are none that were sent.
  const last = messages.at(-1)
  const seenLast = useRef(last?.id)
  useEffect(() => {
    const before = seenLast.current
    seenLast.current = last?.id
    if (last?.id === before || last?.author.id !== me || hasNewer) return
    if (messages.some(({ id }) => id === before)) toEnd()
  }, [last, messages, hasNewer, me, toEnd])

  const toNewest = useCallback(() => {
    if (hasNewer) jump('newest').then(toEnd, onError)
    else toEnd()
  }, [hasNewer, jump, toEnd, onError])
  return { toMessage, toNewest }
}
