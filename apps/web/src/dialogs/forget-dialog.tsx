import type { Conversation } from '@parley/chat'
import { useParley } from '@parley/react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

interface ForgetDialogProps {
  conversation: Conversation
  onClose: () => void
  onForgotten: () => void
}

/** Deletes the copy of a conversation that this person is not in any more. */
export function ForgetDialog({ conversation, onClose, onForgotten }: ForgetDialogProps): ReactNode {
  const parley = useParley()
  return (
    <ConfirmDialog
      title={t('Delete it from this device?')}
      confirm={t('Delete')}
      work={() => parley.forget(conversation.getId())}
      onDone={onForgotten}
      onClose={onClose}
    >
      <p>{t('Messages and files of this conversation go from this device, and nobody can bring them back here. Others keep theirs.')}</p>
    </ConfirmDialog>
  )
}
