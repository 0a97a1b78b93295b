import type { Conversation, Message, User } from '@parley/chat'
import { memo, useState } from 'react'
import type { ReactNode } from 'react'
import { MessageAttachments } from '../attachments/message-attachments.tsx'
import { Avatar } from '../components/avatar.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { MenuButton } from '../components/menu.tsx'
import { MessageStateMark } from '../components/message-state.tsx'
import { MessageText } from '../components/message-text.tsx'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { clockTime, completeTime } from '../text/time.ts'
import { EmojiPopup } from './emoji-popup.tsx'
import { messageMenu } from './message-menu.ts'
import type { MessageDeed, Permissions } from './message-menu.ts'
import { QuotedMessage } from './quoted-message.tsx'
import { Reactions } from './reactions.tsx'

interface MessageRowProps {
  conversation: Conversation
  message: Message
  me: User['id']
  /** What the author is called now; messages remember what they were called when read. */
  authorName: string
  nameOfUser: (id: User['id']) => string
  may: Permissions
  first: boolean
  last: boolean
  /** Among all messages of the conversation, from 1. */
  place: number
  /** Whether the Tab key stops here: on one row of the timeline. */
  active: boolean
  stateInWords: boolean
  seenBy: string
  onDeed: (deed: MessageDeed, message: Message) => void
  onReact: (message: Message, emoji: string) => Promise<void>
  onJump: (id: Message['id']) => void
}

/** One message. Drawn again only when something about this message changes. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { message, me, authorName, first, last, place, active, may, nameOfUser, onReact } = props
  const own = message.author.id === me
  const stop = active ? 0 : -1
  const classes = ['message', own && 'message-own', first && 'message-first', last && 'message-last'].filter(Boolean).join(' ')
  return (
    <article
      className={classes}
      data-id={message.id}
      tabIndex={stop}
      aria-label={t('{name} at {time}', { name: own ? t('You') : authorName, time: clockTime(message.sentAt) })}
      aria-posinset={place}
      // How many there are changes with each that comes.
      aria-setsize={-1}
    >
      {!own && (
        <span className="message-avatar">
          {last && <Avatar id={message.author.id} name={authorName} image={message.author.avatar} size="small" />}
        </span>
      )}
      <div className="message-body">
        <Bubble {...props} own={own} stop={stop} />
        <Reactions
          reactions={message.isHidden ? [] : message.reactions}
          me={me}
          nameOfUser={nameOfUser}
          enabled={may.write}
          tabIndex={stop}
          onToggle={(emoji) => void onReact(message, emoji).catch(reportError)}
        />
      </div>
      <Actions {...props} own={own} stop={stop} />
    </article>
  )
})

interface PartProps extends MessageRowProps {
  own: boolean
  stop: number
}

function Bubble({ own, stop, ...props }: PartProps): ReactNode {
  const { conversation, message, me, authorName, first, stateInWords, seenBy, onDeed, onJump } = props
  const [shown, setShown] = useState(false)
  const covered = message.isHidden ? t('Hidden by a moderator') : message.isBlocked && !shown ? t('From somebody you blocked') : undefined
  return (
    <div className={covered === undefined ? 'bubble' : 'bubble bubble-covered'}>
      {first && !own && (
        <div className="message-author">
          <bdi>{authorName}</bdi>
        </div>
      )}
      {covered === undefined ? (
        <>
          {message.forwardedFrom !== undefined && (
            <p className="message-forwarded" title={completeTime(message.forwardedFrom.sentAt)}>
              <Icon name="forward" />
              {message.forwardedFrom.author === ''
                ? t('Forwarded')
                : rich('Forwarded from {name}', { name: <bdi>{message.forwardedFrom.author}</bdi> })}
            </p>
          )}
          {message.replyTo !== undefined && (
            <QuotedMessage conversation={conversation} id={message.replyTo} tabIndex={stop} onJump={onJump} />
          )}
          {message.attachments.length > 0 && (
            <MessageAttachments conversation={conversation} attachments={message.attachments} tabIndex={stop} />
          )}
          {message.text !== '' && <MessageText text={message.text} mentions={message.mentions} me={me} />}
        </>
      ) : (
        <span className="quiet">{covered}</span>
      )}
      {covered !== undefined && !message.isHidden && (
        <button type="button" className="text-button" tabIndex={stop} onClick={() => setShown(true)}>
          {t('Show')}
        </button>
      )}
      <div className="message-meta">
        {message.isPinned && (
          <span className="message-pinned" title={t('Pinned')}>
            <Icon name="pin" />
            <span className="visually-hidden">{t('Pinned')}</span>
          </span>
        )}
        {message.replies > 0 && (
          <button type="button" className="text-button" tabIndex={stop} onClick={() => onDeed('answers', message)}>
            {message.replies === 1 ? t('1 answer') : t('{count} answers', { count: message.replies })}
          </button>
        )}
        {message.editedAt !== undefined && (
          <button
            type="button"
            className="text-button"
            tabIndex={stop}
            title={completeTime(message.editedAt)}
            onClick={() => onDeed('history', message)}
          >
            {t('Edited')}
          </button>
        )}
        <time dateTime={new Date(message.sentAt).toISOString()} title={completeTime(message.sentAt)}>
          {clockTime(message.sentAt)}
        </time>
        {message.state !== undefined && <MessageStateMark state={message.state} inWords={stateInWords} seenBy={seenBy} />}
      </div>
    </div>
  )
}

/** What can be done with it. Tab stops at the most common deeds; the arrow keys reach the others too. */
function Actions({ own, stop, ...props }: PartProps): ReactNode {
  const { message, me, may, onDeed, onReact } = props
  const [reacting, setReacting] = useState(false)
  const [reactButton, setReactButton] = useState<HTMLButtonElement | null>(null)
  return (
    <div className="message-actions">
      {may.write && !message.isHidden && (
        <IconButton
          ref={setReactButton}
          icon="emoji"
          label={t('React')}
          tabIndex={-1}
          aria-haspopup="dialog"
          aria-expanded={reacting}
          onClick={() => setReacting(true)}
        />
      )}
      {may.write && <IconButton icon="reply" label={t('Reply')} tabIndex={stop} onClick={() => onDeed('reply', message)} />}
      {own && may.write && <IconButton icon="edit" label={t('Edit message')} tabIndex={stop} onClick={() => onDeed('edit', message)} />}
      {own && may.write && (
        <IconButton icon="trash" label={t('Delete message')} tabIndex={stop} onClick={() => onDeed('delete', message)} />
      )}
      <MenuButton icon="more" label={t('More')} tabIndex={-1} items={messageMenu(message, may, onDeed)} />
      {reacting && (
        <EmojiPopup
          anchor={reactButton}
          own={message.reactions.filter(({ users }) => users.includes(me)).map(({ emoji }) => emoji)}
          onPick={(emoji) => onReact(message, emoji)}
          onClose={() => setReacting(false)}
        />
      )}
    </div>
  )
}
