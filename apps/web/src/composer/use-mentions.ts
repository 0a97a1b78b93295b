import type { Member, User } from '@parley/chat'
import { useState } from 'react'
import type { KeyboardEvent } from 'react'
import { mentionQuery, suggestions } from '../text/mentions.ts'
import type { MentionQuery, Picked } from '../text/mentions.ts'

interface MentionsInit {
  readonly members: readonly Member[]
  readonly me: User['id']
  readonly picked: readonly Picked[]
  /** Puts the words in the place of what was typed, with the caret behind them. */
  readonly onPick: (query: MentionQuery, words: string) => void
}

interface Mentions {
  readonly picked: readonly Picked[]
  /** Who is offered now; empty when nobody is. */
  readonly offered: readonly Member[]
  readonly active: number
  readonly pick: (member: Member) => void
  /** The text or the caret changed. */
  readonly follow: (text: string, caret: number) => void
  readonly close: () => void
  /** Whether the key was for the list. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean
}

/** Offers members to be spoken of while somebody types after an `@`. */
export function useMentions({ members, me, picked: initial, onPick }: MentionsInit): Mentions {
  const [picked, setPicked] = useState(initial)
  const [query, setQuery] = useState<MentionQuery>()
  const [active, setActive] = useState(0)
  const offered = query === undefined ? [] : suggestions(members, me, query.letters)
  const close = (): void => setQuery(undefined)

  const pick = (member: Member): void => {
    if (query === undefined) return
    const label = `@${member.name}`
    setPicked((known) => [...known, { user: member.id, label }])
    onPick(query, `${label} `)
    close()
  }
  const follow = (text: string, caret: number): void => {
    const next = mentionQuery(text, caret)
    if (next?.at !== query?.at || next?.letters !== query?.letters) setActive(0)
    setQuery(next)
  }
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (offered.length === 0) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const chosen = offered[active]
    if (step !== undefined) setActive((active + step + offered.length) % offered.length)
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) pick(chosen)
    else if (event.key === 'Escape') close()
    else return false
    event.preventDefault()
    return true
  }
  return { picked, offered, active: Math.min(active, Math.max(0, offered.length - 1)), pick, follow, close, onKeyDown }
}
