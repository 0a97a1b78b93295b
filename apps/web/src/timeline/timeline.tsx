import { Timeline as Messages, useConversation, useMe, useTimeline } from '@parley/react'
import type { JumpTarget } from '@parley/react'
import type { Conversation, Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { toast } from '../components/toasts.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { nameList } from '../text/people.ts'
import type { MessageDeed } from './message-menu.ts'
import { MessageRow } from './message-row.tsx'
import { TimelineStart } from './timeline-start.tsx'
import { useNames } from './use-names.ts'
import { usePermissions } from './use-permissions.ts'

interface TimelineProps {
  conversation: Conversation
  /** The message to show; another object asks again for the same one. */
  target: JumpTarget | undefined
  onDeed: (deed: MessageDeed, message: Message) => void
  onReact: (message: Message, emoji: string) => Promise<void>
  onInvite: () => void
}

/** The messages of a conversation, as this app draws them. */
export function Timeline({ conversation, target, onDeed, onReact, onInvite }: TimelineProps): ReactNode {
  const me = useMe()
  const info = useConversation(conversation)
  const { messages } = useTimeline(conversation)
  const lastOwn = messages.findLast((message) => message.author.id === me.id)
  const nameOfUser = useNames(info)
  const may = usePermissions(info)
  return (
    <Messages
      conversation={conversation}
      target={target}
      start={<TimelineStart conversation={conversation} onInvite={onInvite} />}
      onError={(error) => toast(wordsFor(error), 'error')}
      renderToNewest={(count) => (
        <>
          <Icon name="down" />
          {count === 0 ? (
            <span className="visually-hidden">{t('Go to the newest message')}</span>
          ) : count === 1 ? (
            t('1 new message')
          ) : (
            t('{count} new messages', { count })
          )}
        </>
      )}
      renderMessage={({ message, isFirst, place, onJump }, { isLast, isActive }) => {
        const stateInWords = message.id === lastOwn?.id
        return (
          <MessageRow
            conversation={conversation}
            message={message}
            me={me.id}
            authorName={nameOfUser(message.author.id, message.author)}
            nameOfUser={nameOfUser}
            may={may}
            first={isFirst}
            last={isLast}
            place={place}
            active={isActive}
            stateInWords={stateInWords}
            seenBy={stateInWords ? nameList(message.seenBy.map((id) => nameOfUser(id))) : ''}
            onDeed={onDeed}
            onReact={onReact}
            onJump={onJump}
          />
        )
      }}
    />
  )
}
