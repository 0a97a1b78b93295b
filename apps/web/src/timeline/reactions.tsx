import type { User } from '@parley/chat'
import type { ReactNode } from 'react'
import type { Reaction } from '../engine/types.ts'
import { t } from '../i18n/translate.ts'
import { nameList } from '../text/people.ts'

interface ReactionsProps {
  reactions: readonly Reaction[]
  me: User['id']
  nameOfUser: (id: User['id']) => string
  /** Whether they can be changed: not by those who only read. */
  enabled: boolean
  tabIndex: number
  onToggle: (emoji: string) => void
}

/** What people answered with a sign: each sign once, with how many and who. A press adds or takes back the own one. */
export function Reactions({ reactions, me, nameOfUser, enabled, tabIndex, onToggle }: ReactionsProps): ReactNode {
  if (reactions.length === 0) return null
  return (
    <ul className="reactions" aria-label={t('Reactions')}>
      {reactions.map(({ emoji, users }) => {
        const own = users.includes(me)
        const others = users.filter((user) => user !== me).map(nameOfUser)
        const who = nameList(own ? [t('You'), ...others] : others)
        return (
          <li key={emoji}>
            <button
              type="button"
              className="reaction"
              aria-pressed={own}
              aria-label={`${emoji} ${users.length}: ${who}`}
              title={who}
              tabIndex={tabIndex}
              disabled={!enabled}
              onClick={() => onToggle(emoji)}
            >
              <span aria-hidden="true">{emoji}</span>
              <span aria-hidden="true">{users.length}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}
