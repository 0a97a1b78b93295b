/**
 * Which conversation is open. It is remembered for the next visit, and the browser's Back leads from it to the list.
 */
import type { Conversation } from '@parley/chat'
import { useConversations } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'
import { forget, recall, remember } from '../engine/remembered.ts'

interface Selection {
  readonly selected: Conversation | undefined
  readonly select: (conversation: Conversation | undefined) => void
}

interface PageState {
  readonly conversation: string | undefined
}

function pageState(): string | undefined {
  return (history.state as PageState | null)?.conversation
}

export function useSelection(profile: string): Selection {
  const { conversations, requests } = useConversations()
  const key = `last.${profile}`
  const [id, setId] = useState(() => pageState() ?? recall(key))

  useEffect(() => {
    if (pageState() !== id) history.replaceState({ conversation: id } satisfies PageState, '')
    if (id === undefined) forget(key)
    else remember(key, id)
  }, [id, key])

  useEffect(() => {
    const follow = (): void => setId(pageState())
    window.addEventListener('popstate', follow)
    return () => window.removeEventListener('popstate', follow)
  }, [])

  const select = useCallback((conversation: Conversation | undefined) => {
    const next = conversation?.getId()
    // The way back to the list is kept once; from one conversation to another it is replaced.
    if (pageState() === undefined && next !== undefined) history.pushState({ conversation: next } satisfies PageState, '')
    else history.replaceState({ conversation: next } satisfies PageState, '')
    setId(next)
  }, [])

  return { selected: [...conversations, ...requests].find((conversation) => conversation.getId() === id), select }
}
