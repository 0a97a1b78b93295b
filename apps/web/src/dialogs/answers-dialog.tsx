import type { Conversation, Message } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import { MessageList } from '../timeline/message-list.tsx'

interface AnswersDialogProps {
  conversation: Conversation
  message: Message
  onJump: (id: Message['id']) => void
  onClose: () => void
}

/** What people answered to a message; a press leads to the answer. */
export function AnswersDialog({ conversation, message, onJump, onClose }: AnswersDialogProps): ReactNode {
  const [answers, setAnswers] = useState<readonly Message[]>()
  const { run } = useAction()
  useEffect(() => {
    void run(async () => setAnswers(await conversation.replies(message.id)))
  }, [conversation, message.id, run])
  return (
    <Dialog title={t('Answers')} onClose={onClose}>
      {answers === undefined ? (
        <p className="quiet">{t('Looking for the answers…')}</p>
      ) : (
        <MessageList
          messages={answers}
          onPick={(id) => {
            onClose()
            onJump(id)
          }}
        />
      )}
    </Dialog>
  )
}
