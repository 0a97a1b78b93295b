import type { Conversation } from '@parley/chat'
import { useConversation, useMe, walkByArrows } from '@parley/react'
import type { ConversationInfo } from '@parley/react'
import { memo } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { useNow } from '../components/use-now.ts'
import { t } from '../i18n/translate.ts'
import { summaryOf } from '../text/messages.ts'
import { faceOf, nameOf, titleOf, typingWords } from '../text/people.ts'
import { agoInList, completeTime } from '../text/time.ts'

interface ConversationRowProps {
  conversation: Conversation
  selected: boolean
  onSelect: (conversation: Conversation) => void
}

/** More than this is said as "99+". */
const MAX_SHOWN_UNREAD = 99

function preview(info: ConversationInfo, me: string): ReactNode {
  if (info.state === 'joining') return t('Waiting to be let in')
  if (info.state === 'refused') return t('The invite did not work')
  if (info.state === 'request') return t('Wants to talk with you')
  if (info.state === 'removed') return t('You were removed')
  if (info.state === 'left') return t('You left')
  if (info.typing.length > 0) return <span className="row-typing">{typingWords(info.typing)}…</span>
  const last = info.lastMessage
  if (last === undefined) return t('No messages yet')
  return (
    <>
      <bdi>{last.author.id === me ? t('You') : nameOf(info.members.find((member) => member.id === last.author.id) ?? last.author)}</bdi>
      {': '}
      <bdi>{summaryOf(last)}</bdi>
    </>
  )
}

/** One conversation in the list. */
export const ConversationRow = memo(function ConversationRow({ conversation, selected, onSelect }: ConversationRowProps): ReactNode {
  const info = useConversation(conversation)
  const me = useMe()
  const now = useNow()
  const direct = info.kind === 'direct'
  const online = direct && info.members.some((member) => member.id !== me.id && member.status === 'ONLINE')
  return (
    <li>
      <button
        type="button"
        className="row"
        aria-current={selected ? 'page' : undefined}
        onClick={() => onSelect(conversation)}
        onKeyDown={walkByArrows}
      >
        <Avatar id={faceOf(info, me.id)} name={info.title} shape={direct ? 'person' : 'group'} image={info.avatar} online={online} />
        <span className="row-title">
          <bdi>{titleOf(info)}</bdi>
          {info.isMuted && (
            <>
              <Icon name="bell-off" />
              <span className="visually-hidden"> {t('muted')}</span>
            </>
          )}
        </span>
        {info.lastMessage !== undefined && (
          <time
            className="row-time"
            dateTime={new Date(info.lastMessage.sentAt).toISOString()}
            title={completeTime(info.lastMessage.sentAt)}
          >
            {agoInList(info.lastMessage.sentAt, now)}
          </time>
        )}
        <span className="row-preview">{preview(info, me.id)}</span>
        {info.unread > 0 && (
          <span className={info.isMuted ? 'row-unread row-unread-muted' : 'row-unread'}>
            {info.unreadMentions > 0 && (
              <>
                <span aria-hidden="true">@ </span>
                <span className="visually-hidden">{t('You are mentioned,')} </span>
              </>
            )}
            {info.unread > MAX_SHOWN_UNREAD ? `${MAX_SHOWN_UNREAD}+` : info.unread}
            <span className="visually-hidden"> {t('unread')}</span>
          </span>
        )}
      </button>
    </li>
  )
})
