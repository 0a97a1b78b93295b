import type { Conversation } from '@parley/chat'
import { useConversation } from '@parley/react'
import type { ReactNode } from 'react'
import { leave } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { titleOf } from '../text/people.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

/** Going out of a group. */
export function LeaveDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const info = useConversation(conversation)
  return (
    <ConfirmDialog title={t('Leave this group?')} confirm={t('Leave group')} work={() => leave(conversation)} onClose={onClose}>
      <p>
        {rich(
          'You get no more messages of {title} and cannot write there. What was said until now stays readable on this device. To come back you need somebody who lets you in.',
          { title: <bdi className="strong">{titleOf(info)}</bdi> },
        )}
      </p>
      {info.role === 'founder' && (
        <p>{t('You founded it: nobody else has your role then. Give somebody the role of admin before you go.')}</p>
      )}
    </ConfirmDialog>
  )
}
