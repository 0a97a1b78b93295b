import type { Conversation, Message } from '@parley/chat'
import { memo } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { MessageStateMark } from '../components/message-state.tsx'
import { TextWithLinks } from '../components/text-with-links.tsx'
import { clockTime, completeTime } from '../text/time.ts'
import { QuotedMessage } from './quoted-message.tsx'

export type MessageDeed = 'reply' | 'edit' | 'delete'

interface MessageRowProps {
  conversation: Conversation
  message: Message
  /** What the author is called now; messages remember what they were called when read. */
  authorName: string
  own: boolean
  first: boolean
  last: boolean
  /** Whether the Tab key stops here: on one row of the timeline. */
  active: boolean
  stateInWords: boolean
  seenBy: string
  onDeed: (deed: MessageDeed, message: Message) => void
}

/** One message. Drawn again only when something about this message changes. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { conversation, message, authorName, own, first, last, active, stateInWords, seenBy, onDeed } = props
  const time = clockTime(message.sentAt)
  const stop = active ? 0 : -1
  const classes = ['message', own && 'message-own', first && 'message-first', last && 'message-last'].filter(Boolean).join(' ')
  return (
    <article className={classes} data-id={message.id} tabIndex={stop} aria-label={`${own ? 'You' : authorName} at ${time}`}>
      {!own && (
        <span className="message-avatar">
          {last && <Avatar id={message.author.id} name={authorName} image={message.author.avatar} size="small" />}
        </span>
      )}
      <div className="bubble">
        {first && !own && (
          <div className="message-author">
            <bdi>{authorName}</bdi>
          </div>
        )}
        {message.replyTo !== undefined && <QuotedMessage conversation={conversation} id={message.replyTo} />}
        <div className="message-text" dir="auto">
          <TextWithLinks text={message.text} />
        </div>
        <div className="message-meta">
          {message.editedAt !== undefined && <span title={completeTime(message.editedAt)}>Edited</span>}
          <time dateTime={new Date(message.sentAt).toISOString()} title={completeTime(message.sentAt)}>
            {time}
          </time>
          {message.state !== undefined && <MessageStateMark state={message.state} inWords={stateInWords} seenBy={seenBy} />}
        </div>
      </div>
      <div className="message-actions">
        <IconButton icon="reply" label="Reply" tabIndex={stop} onClick={() => onDeed('reply', message)} />
        {own && <IconButton icon="edit" label="Edit message" tabIndex={stop} onClick={() => onDeed('edit', message)} />}
        {own && <IconButton icon="trash" label="Delete message" tabIndex={stop} onClick={() => onDeed('delete', message)} />}
      </div>
    </article>
  )
})
