import type { Conversation } from '@parley/chat'
import { keep } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'
import type { InviteInfo } from './types.ts'

interface Invites {
  /** Newest first. */
  readonly invites: readonly InviteInfo[]
  /** Own deeds fire no event. */
  readonly refresh: () => void
}

/** The invite links of a group and how far each is used. */
export function useInvites(conversation: Conversation): Invites {
  const [invites, setInvites] = useState(() => conversation.invites())
  const refresh = useCallback(() => setInvites((before) => keep(before, conversation.invites())), [conversation])
  useEffect(() => {
    const stops = [conversation.on('memberAdded', refresh), conversation.on('metadataUpdated', refresh), conversation.on('state', refresh)]
    return () => {
      for (const stop of stops) stop()
    }
  }, [conversation, refresh])
  return { invites, refresh }
}
