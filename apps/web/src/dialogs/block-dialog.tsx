import type { Conversation, User } from '@parley/chat'
import { useConversation, useMe, useParley } from '@parley/react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { nameOf } from '../text/people.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'

interface BlockPersonDialogProps {
  person: Pick<User, 'id' | 'name'>
  onClose: () => void
}

/** Not wanting to hear from somebody. */
export function BlockPersonDialog({ person, onClose }: BlockPersonDialogProps): ReactNode {
  const parley = useParley()
  return (
    <ConfirmDialog title={t('Block this person?')} confirm={t('Block')} work={() => parley.block(person.id)} onClose={onClose}>
      <p>
        {rich(
          'You hear nothing more from {name}: what they write in groups is covered, and they cannot ask you for a conversation. They are not told. You can unblock them at any time.',
          { name: <bdi className="strong">{nameOf(person)}</bdi> },
        )}
      </p>
    </ConfirmDialog>
  )
}

/** The same for the other person of a direct conversation. */
export function BlockDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const me = useMe()
  const { members } = useConversation(conversation)
  const other = members.find(({ id }) => id !== me.id)
  return other === undefined ? null : <BlockPersonDialog person={other} onClose={onClose} />
}
