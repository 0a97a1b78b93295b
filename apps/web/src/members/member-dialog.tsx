import type { Conversation, Member } from '@parley/chat'
import type { ReactNode } from 'react'
import { SafetyDialog } from '../devices/safety-dialog.tsx'
import { BlockPersonDialog } from '../dialogs/block-dialog.tsx'
import { RemoveMemberDialog } from '../dialogs/remove-member-dialog.tsx'

/** What is asked about a member. */
export interface MemberQuestion {
  readonly kind: 'remove' | 'block' | 'safety'
  readonly member: Member
}

interface MemberDialogProps {
  conversation: Conversation
  question: MemberQuestion
  onClose: () => void
}

/** The dialog that asks it. */
export function MemberDialog({ conversation, question: { kind, member }, onClose }: MemberDialogProps): ReactNode {
  switch (kind) {
    case 'remove':
      return <RemoveMemberDialog conversation={conversation} member={member} onClose={onClose} />
    case 'safety':
      return <SafetyDialog person={member} onClose={onClose} />
    case 'block':
      return <BlockPersonDialog person={member} onClose={onClose} />
  }
}
