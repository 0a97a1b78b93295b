import type { Conversation, Message } from '@parley/chat'
import { useMessage } from '@parley/react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { summaryOf } from '../text/messages.ts'
import { nameOf } from '../text/people.ts'

interface QuotedMessageProps {
  conversation: Conversation
  id: Message['id']
  tabIndex: number
  onJump: (id: Message['id']) => void
}

/** The message that another one answers, in two lines; a press leads to it. */
export function QuotedMessage({ conversation, id, tabIndex, onJump }: QuotedMessageProps): ReactNode {
  const message = useMessage(conversation, id)
  if (message === undefined) {
    return (
      <blockquote className="quote">
        <span className="quote-gone">{t('A message that is not here')}</span>
      </blockquote>
    )
  }
  return (
    <blockquote className="quote-frame">
      <button type="button" className="quote quote-button" tabIndex={tabIndex} title={t('Go to this message')} onClick={() => onJump(id)}>
        <bdi className="quote-author">{nameOf(message.author)}</bdi>
        <span className="quote-text" dir="auto">
          {summaryOf(message)}
        </span>
      </button>
    </blockquote>
  )
}
