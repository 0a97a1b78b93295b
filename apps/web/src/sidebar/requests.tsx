import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { ConversationRow } from './conversation-row.tsx'

interface RequestsProps {
  requests: readonly Conversation[]
  selected: Conversation | undefined
  onSelect: (conversation: Conversation) => void
}

/** People who are no contacts and want to talk. Opening one says nothing to them. */
export function Requests({ requests, selected, onSelect }: RequestsProps): ReactNode {
  if (requests.length === 0) return null
  return (
    <section className="requests" aria-label={t('Message requests')}>
      <h2>
        {t('Requests')} <span className="row-unread">{requests.length}</span>
      </h2>
      <ul>
        {requests.map((conversation) => (
          <ConversationRow
            key={conversation.getId()}
            conversation={conversation}
            selected={conversation === selected}
            onSelect={onSelect}
          />
        ))}
      </ul>
    </section>
  )
}
