import type { Conversation } from '@parley/chat'
import { useConversation, useMe } from '@parley/react'
import type { ReactNode } from 'react'
import { useNow } from '../components/use-now.ts'
import { useAction } from '../components/use-action.ts'
import type { InviteInfo } from '../engine/types.ts'
import { t } from '../i18n/translate.ts'
import { nameOf, roleWords } from '../text/people.ts'
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
      <summary>{t('Links that still let people in ({count})', { count: open.length })}</summary>
      <ul aria-label={t('Links that still let people in')}>
        {open.map(({ id, role, uses, used, expiresAt, by }) => (
          <li key={id} className="open-invite">
            <span>{t('{used} of {uses} let in. Role: {role}', { used, uses, role: roleWords(role) })}</span>
            <span className="quiet" title={completeTime(expiresAt)}>
              {by === me.id
                ? t('Ends {when}, made by you', { when: inDays(expiresAt, now) })
                : t('Ends {when}, made by {name}', {
                    when: inDays(expiresAt, now),
                    name: nameOf(members.find((member) => member.id === by) ?? { name: '' }),
                  })}
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
              {t('Revoke')}
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
