import type { Conversation, Message } from '@parley/chat'
import { timelineOf, useComposer, useConversation, useMe } from '@parley/react'
import type { JumpTarget } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { toast } from '../components/toasts.tsx'
import { useAction } from '../components/use-action.ts'
import { Composer } from '../composer/composer.tsx'
import { TypingLine } from '../composer/typing-line.tsx'
import { useFileDrop } from '../composer/use-file-drop.ts'
import { AnswersDialog } from '../dialogs/answers-dialog.tsx'
import { DeleteDialog } from '../dialogs/delete-dialog.tsx'
import { ForwardDialog } from '../dialogs/forward-dialog.tsx'
import { HistoryDialog } from '../dialogs/history-dialog.tsx'
import { toggleHidden, togglePin, toggleReaction } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import type { MessageDeed } from '../timeline/message-menu.ts'
import { PinnedBar } from '../timeline/pinned-bar.tsx'
import { Timeline } from '../timeline/timeline.tsx'
import { StandingNotice } from './standing-notice.tsx'

interface ChatProps {
  conversation: Conversation
  title: string
  target: JumpTarget | undefined
  onJump: (id: Message['id']) => void
  onInvite: () => void
  onBack: () => void
}

type Open = { readonly kind: 'delete' | 'history' | 'answers' | 'forward'; readonly message: Message }

/** On a phone the keyboard comes only when asked for. */
function hasKeyboard(): boolean {
  return matchMedia('(hover: hover) and (pointer: fine)').matches
}

/** What is said, who types, and where to write. */
export function Chat({ conversation, title, target, onJump, onInvite, onBack }: ChatProps): ReactNode {
  const me = useMe()
  const { typing, state, role } = useConversation(conversation)
  const composer = useComposer(conversation)
  const { mode, reply, edit, cancel, error } = composer
  const [open, setOpen] = useState<Open>()
  const [focusRequests, setFocusRequests] = useState(() => (hasKeyboard() ? 1 : 0))
  const { run } = useAction()
  const writer = state === 'member' && role !== 'reader'
  const drop = useFileDrop(writer && mode.kind !== 'edit', composer.addFiles)

  useEffect(() => {
    if (error !== undefined) toast(wordsFor(error), 'error')
  }, [error])

  const onDeed = useCallback(
    (deed: MessageDeed, message: Message) => {
      switch (deed) {
        case 'reply':
          reply(message)
          return
        case 'edit':
          edit(message)
          return
        case 'delete':
        case 'history':
        case 'answers':
        case 'forward':
          setOpen({ kind: deed, message })
          return
        case 'pin':
          void run(() => togglePin(conversation, message))
          return
        case 'hide':
          void run(() => toggleHidden(conversation, message))
          return
        case 'copy':
          void run(() => navigator.clipboard.writeText(message.text)).then((copied) => copied && toast(t('Copied.')))
          return
        case 'unread':
          // It is for later: whoever stayed here would go on reading.
          onBack()
          void run(() => conversation.markUnread(message.id))
      }
    },
    [conversation, onBack, reply, edit, run],
  )
  const onReact = useCallback(
    (message: Message, emoji: string) => toggleReaction(conversation, message, emoji, me.id),
    [conversation, me.id],
  )
  const editLast = (): void => {
    const message = timelineOf(conversation)
      .getSnapshot()
      .messages.findLast((shown) => shown.author.id === me.id)
    if (message !== undefined) edit(message)
  }
  const focusAgain = (): void => setFocusRequests((count) => count + 1)
  // What is gone can be neither edited nor answered.
  const forget = (message: Message): void => {
    if (mode.kind !== 'new' && mode.message.id === message.id) cancel()
    focusAgain()
  }
  const close = (): void => setOpen(undefined)
  return (
    <div className="chat" {...drop.handlers}>
      <PinnedBar conversation={conversation} onJump={onJump} />
      <Timeline conversation={conversation} target={target} onDeed={onDeed} onReact={onReact} onInvite={onInvite} />
      <TypingLine typing={typing} />
      {writer ? (
        <Composer
          key={mode.kind === 'edit' ? mode.message.id : 'new'}
          conversation={conversation}
          title={title}
          composer={composer}
          focusRequests={focusRequests}
          onEnded={focusAgain}
          onEditLast={editLast}
        />
      ) : (
        <StandingNotice conversation={conversation} onBack={onBack} />
      )}
      {drop.over && (
        <div className="drop-hint" aria-hidden="true">
          <Icon name="attach" />
          {t('Drop files here to send them')}
        </div>
      )}
      {open?.kind === 'delete' && (
        <DeleteDialog conversation={conversation} message={open.message} onClose={close} onDeleted={() => forget(open.message)} />
      )}
      {open?.kind === 'forward' && <ForwardDialog message={open.message} onClose={close} />}
      {open?.kind === 'history' && <HistoryDialog conversation={conversation} message={open.message} onClose={close} />}
      {open?.kind === 'answers' && <AnswersDialog conversation={conversation} message={open.message} onJump={onJump} onClose={close} />}
    </div>
  )
}
