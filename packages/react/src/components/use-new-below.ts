import type { Message, User } from '@parley/chat'
import { useState } from 'react'

/** How many messages of others came in below what the reader sees. */
export function useNewBelow(messages: readonly Message[], isAtEnd: boolean, me: User['id']): number {
  const last = messages.at(-1)?.id
  const [lastRead, setLastRead] = useState(last)
  if (isAtEnd && lastRead !== last) setLastRead(last)
  if (isAtEnd) return 0
  const from = messages.findLastIndex(({ id }) => id === lastRead)
  return from < 0 ? 0 : messages.slice(from + 1).filter(({ author }) => author.id !== me).length
}
