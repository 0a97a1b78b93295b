import type { Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { useNow } from '../components/use-now.ts'
import type { FormerMember } from '../engine/types.ts'
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
  const nameOfId = (id: string): string =>
    id === me ? 'you' : nameOf([...members, ...former].find((person) => person.id === id) ?? { name: '' })
  return (
    <details className="former">
      <summary>Former members ({former.length})</summary>
      <ul className="members-list" aria-label="Who was here before">
        {former.map((person) => (
          <li key={person.id} className="member">
            <Avatar id={person.id} name={person.name} image={person.avatar} size="medium" />
            <span className="member-name">
              <bdi>{nameOf(person)}</bdi>
            </span>
            <span className="member-status">
              {person.how === 'left' ? (
                'Left'
              ) : (
                <>
                  Removed by <bdi>{nameOfId(person.by)}</bdi>
                </>
              )}
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
