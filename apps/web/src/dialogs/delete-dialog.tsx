import type { Conversation, Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { deleteMessage } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { summaryOf } from '../text/messages.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

interface DeleteDialogProps {
  conversation: Conversation
  message: Message
  onClose: () => void
  onDeleted: () => void
}

/** Deleting cannot be undone, so it is asked first. */
export function DeleteDialog({ conversation, message, onClose, onDeleted }: DeleteDialogProps): ReactNode {
  return (
    <ConfirmDialog
      title={t('Delete this message?')}
      confirm={t('Delete')}
      work={() => deleteMessage(conversation, message.id)}
      onDone={onDeleted}
      onClose={onClose}
    >
      <blockquote className="quote">
        <span className="quote-text" dir="auto">
          {summaryOf(message)}
        </span>
      </blockquote>
      <p>{t('It is removed here now, and on every other member’s device as soon as it hears of it. This cannot be undone.')}</p>
    </ConfirmDialog>
  )
}
