import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { leave } from '../engine/actions.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { titleOf } from '../text/people.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

/** Going out of a group. */
export function LeaveDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const info = useConversation(conversation)
  return (
    <ConfirmDialog title="Leave this group?" confirm="Leave group" work={() => leave(conversation)} onClose={onClose}>
      <p>
        You get no more messages of <bdi className="strong">{titleOf(info)}</bdi> and cannot write there. What was said until now stays
        readable on this device. To come back you need somebody who lets you in.
      </p>
      {info.role === 'founder' && <p>You founded it: nobody else has your role then. Give somebody the role of admin before you go.</p>}
    </ConfirmDialog>
  )
}
