import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { useNow } from '../components/use-now.ts'
import { useAction } from '../components/use-action.ts'
import type { InviteInfo } from '../engine/types.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import { nameOf, ROLE_WORDS } from '../text/people.ts'
import { completeTime, inDays } from '../text/time.ts'

interface OpenInvitesProps {
  conversation: Conversation
  invites: readonly InviteInfo[]
  onRevoked: () => void
}

/** The links that still let people in, and the way to end each. */
export function OpenInvites({ conversation, invites, onRevoked }: OpenInvitesProps): ReactNode {
  const { members } = useConversation(conversation)
  const me = useMe()
  const now = useNow()
  const { run, busy } = useAction()
  const open = invites.filter(({ state }) => state === 'open')
  if (open.length === 0) return null
  return (
    <details className="open-invites">
      <summary>Links that still let people in ({open.length})</summary>
      <ul aria-label="Links that still let people in">
        {open.map(({ id, role, uses, used, expiresAt, by }) => (
          <li key={id} className="open-invite">
            <span>
              {used} of {uses} let in, as {ROLE_WORDS[role].toLocaleLowerCase()}
            </span>
            <span className="quiet" title={completeTime(expiresAt)}>
              Ends {inDays(expiresAt, now)}, made by{' '}
              {by === me.id ? 'you' : nameOf(members.find((member) => member.id === by) ?? { name: '' })}
            </span>
            <button
              type="button"
              className="button"
              disabled={busy}
              onClick={() =>
                void run(async () => {
                  await conversation.revokeInvite(id)
                  onRevoked()
                })
              }
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
