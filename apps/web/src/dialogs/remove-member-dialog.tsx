import type { Conversation, Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { removeMember } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { nameOf } from '../text/people.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

interface RemoveMemberDialogProps {
  conversation: Conversation
  member: Member
  onClose: () => void
}

/** Putting somebody out of a group. */
export function RemoveMemberDialog({ conversation, member, onClose }: RemoveMemberDialogProps): ReactNode {
  return (
    <ConfirmDialog
      title={t('Remove from the group?')}
      confirm={t('Remove')}
      work={() => removeMember(conversation, member.id)}
      onClose={onClose}
    >
      <p>
        {rich(
          '{name} can read nothing of what is said from now on. What they have read until now stays with them, and what they wrote stays here.',
          { name: <bdi className="strong">{nameOf(member)}</bdi> },
        )}
      </p>
    </ConfirmDialog>
  )
}
