import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { useConversation } from '../hooks/use-conversation.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'

/**
 * Who is in a conversation, with which role, and whether they are online.
 * @example
 * ```tsx
 * <MemberList conversation={conversation} />
 * ```
 */
export function MemberList({ conversation }: { readonly conversation: Conversation }): ReactNode {
  const { members } = useConversation(conversation)
  const words = useWords()
  const me = useMe()
  return (
    <ul className="parley-members" aria-label={words.members}>
      {members.map(({ id, name, role, status }) => (
        <li key={id} data-status={status}>
          <bdi>{id === me.id ? words.you : name || words.somebody}</bdi>
          <span className="parley-quiet">{words.roles[role]}</span>
          <span className="parley-quiet">{status === 'ONLINE' ? words.online : words.offline}</span>
        </li>
      ))}
    </ul>
  )
}
