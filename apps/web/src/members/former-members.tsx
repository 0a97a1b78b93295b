import type { Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { useNow } from '../components/use-now.ts'
import type { FormerMember } from '../engine/types.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { nameOf } from '../text/people.ts'
import { agoInList, completeTime } from '../text/time.ts'

interface FormerMembersProps {
  former: readonly FormerMember[]
  members: readonly Member[]
  me: string
}

/** Who was in the group, and how they went. */
export function FormerMembers({ former, members, me }: FormerMembersProps): ReactNode {
  const now = useNow()
  const nameOfId = (id: string): string => nameOf([...members, ...former].find((person) => person.id === id) ?? { name: '' })
  return (
    <details className="former">
      <summary>{t('Former members ({count})', { count: former.length })}</summary>
      <ul className="members-list" aria-label={t('Who was here before')}>
        {former.map((person) => (
          <li key={person.id} className="member">
            <Avatar id={person.id} name={person.name} image={person.avatar} size="medium" />
            <span className="member-name">
              <bdi>{nameOf(person)}</bdi>
            </span>
            <span className="member-status">
              {person.how === 'left'
                ? t('Left')
                : person.by === me
                  ? t('Removed by you')
                  : rich('Removed by {name}', { name: <bdi>{nameOfId(person.by)}</bdi> })}
              {', '}
              <time dateTime={new Date(person.at).toISOString()} title={completeTime(person.at)}>
                {agoInList(person.at, now)}
              </time>
            </span>
          </li>
        ))}
      </ul>
    </details>
  )
}
