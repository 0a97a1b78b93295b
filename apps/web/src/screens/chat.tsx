import type { Conversation, Message } from '@parley/chat'
import { useCallback, useState } from 'react'
import type { ReactNode } from 'react'
import { Composer } from '../composer/composer.tsx'
import type { ComposerMode } from '../composer/composer.tsx'
import { TypingLine } from '../composer/typing-line.tsx'
import { DeleteDialog } from '../dialogs/delete-dialog.tsx'
import { timelineStore } from '../engine/timeline-store.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import type { MessageDeed } from '../timeline/message-row.tsx'
import { Timeline } from '../timeline/timeline.tsx'

interface ChatProps {
  conversation: Conversation
  title: string
  onInvite: () => void
}

const NEW: ComposerMode = { kind: 'new' }

/** On a phone the keyboard comes only when asked for. */
function hasKeyboard(): boolean {
  return matchMedia('(hover: hover) and (pointer: fine)').matches
}

/** What is said, who types, and where to write. */
export function Chat({ conversation, title, onInvite }: ChatProps): ReactNode {
  const me = useMe()
  const { typing } = useConversation(conversation)
  const [mode, setMode] = useState<ComposerMode>(NEW)
  const [deleting, setDeleting] = useState<Message>()
  const [focusRequests, setFocusRequests] = useState(() => (hasKeyboard() ? 1 : 0))

  const onDeed = useCallback((deed: MessageDeed, message: Message) => {
    if (deed === 'delete') setDeleting(message)
    else setMode({ kind: deed, message })
  }, [])
  const editLast = (): void => {
    const message = timelineStore(conversation)
      .getSnapshot()
      .messages.findLast((shown) => shown.author.id === me.id)
    if (message !== undefined) onDeed('edit', message)
  }
  const done = (): void => {
    setMode(NEW)
    setFocusRequests((count) => count + 1)
  }
  // What is gone can be neither edited nor answered.
  const forget = (message: Message): void => {
    if (mode.kind !== 'new' && mode.message.id === message.id) setMode(NEW)
    setFocusRequests((count) => count + 1)
  }
  return (
    <>
      <Timeline conversation={conversation} onDeed={onDeed} onInvite={onInvite} />
      <TypingLine typing={typing} />
      <Composer
        key={mode.kind === 'edit' ? mode.message.id : 'new'}
        conversation={conversation}
        title={title}
        mode={mode}
        focusRequests={focusRequests}
        onDone={done}
        onEditLast={editLast}
      />
      {deleting !== undefined && (
        <DeleteDialog
          conversation={conversation}
          message={deleting}
          onClose={() => setDeleting(undefined)}
          onDeleted={() => forget(deleting)}
        />
      )}
    </>
  )
}
