import type { Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { summaryOf } from '../text/messages.ts'
import { nameOf } from '../text/people.ts'

interface ComposerAboutProps {
  editing: boolean
  message: Message
  onCancel: () => void
}

/** The message that is answered or edited. */
export function ComposerAbout({ editing, message, onCancel }: ComposerAboutProps): ReactNode {
  return (
    <div className="composer-about">
      <Icon name={editing ? 'edit' : 'reply'} />
      <span className="composer-about-text">
        <strong>{editing ? t('Editing your message') : rich('Reply to {name}', { name: <bdi>{nameOf(message.author)}</bdi> })}</strong>
        <span dir="auto">{summaryOf(message)}</span>
      </span>
      <IconButton icon="close" label={editing ? t('Cancel editing') : t('Cancel reply')} onClick={onCancel} />
    </div>
  )
}
