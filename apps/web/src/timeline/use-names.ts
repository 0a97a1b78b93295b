import type { User } from '@parley/chat'
import { useKept } from '@parley/react'
import type { ConversationInfo } from '@parley/react'
import { useCallback } from 'react'
import { nameOf } from '../text/people.ts'

type Names = Readonly<Record<string, string>>

function namesOf({ members, formerMembers }: ConversationInfo): Names {
  return Object.fromEntries([...formerMembers, ...members].map((person) => [person.id, nameOf(person)]))
}

/** What people are called now, those who went included. The function stays the same one until a name changes, whoever comes online. */
export function useNames(info: ConversationInfo): (id: User['id'], otherwise?: Pick<User, 'name'>) => string {
  const names = useKept(namesOf(info))
  return useCallback((id, otherwise = { name: '' }) => names[id] ?? nameOf(otherwise), [names])
}
