import type { Conversation, Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { removeMember } from '../engine/actions.ts'
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
    <ConfirmDialog title="Remove from the group?" confirm="Remove" work={() => removeMember(conversation, member.id)} onClose={onClose}>
      <p>
        <bdi className="strong">{nameOf(member)}</bdi> can read nothing of what is said from now on. What they have read until now stays
        with them, and what they wrote stays here.
      </p>
    </ConfirmDialog>
  )
}
