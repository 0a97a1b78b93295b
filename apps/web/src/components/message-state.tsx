import type { MessageState } from '@parley/chat'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import type { PlainText } from '../i18n/translate.ts'

const WORDS: Readonly<Record<MessageState, PlainText>> = {
  stored: 'Kept here',
  sent: 'Sent',
  delivered: 'Delivered',
  seen: 'Seen',
}

/** How far an own message has come: one mark for each step, so that it reads without colour. */
const MARKS: Readonly<Record<MessageState, string>> = {
  stored: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3',
  sent: 'M3 8.5l3.3 3.3L13 4.8',
  delivered: 'M1 8.5l3.2 3.3L10.8 4.8M8 11.3l.6.5 6.5-7',
  seen: 'M1 8.5l3.2 3.3L10.8 4.8M8 11.3l.6.5 6.5-7',
}

interface MessageStateProps {
  state: MessageState
  /** Whether the words are written out: on the newest own message. */
  inWords: boolean
  /** Who has seen it, when that is worth saying. */
  seenBy: string
}

export function MessageStateMark({ state, inWords, seenBy }: MessageStateProps): ReactNode {
  const words = state === 'seen' && seenBy !== '' ? t('Seen by {names}', { names: seenBy }) : t(WORDS[state])
  return (
    <span className={`message-state message-state-${state}`} title={words}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={MARKS[state]} />
      </svg>
      <span className={inWords ? 'message-state-words' : 'visually-hidden'}>{words}</span>
    </span>
  )
}
