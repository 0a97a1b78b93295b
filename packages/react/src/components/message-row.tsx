import type { Conversation, Message } from '@parley/chat'
import { Fragment, memo, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { useMessage } from '../hooks/use-message.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'
import { textParts } from '../support/links.ts'
import { clockTime, completeTime } from '../support/time.ts'
import { AttachmentView } from './attachment-view.tsx'

/** What this user may do with messages. */
export interface Permissions {
  /** Write, answer and react. */
  readonly write: boolean
}

/** What a row of a timeline is made of. All of it stays the same while the message does. */
export interface MessageRowProps {
  /** Where it was said. */
  readonly conversation: Conversation
  /** As it now is. */
  readonly message: Message
  /** What the author is called now. */
  readonly authorName: string
  /** Whether it opens a run of messages by one person. */
  readonly isFirst: boolean
  /** Its place among all messages of the conversation, from 1. */
  readonly place: number
  /** What this user may do. */
  readonly may: Permissions
  /** Signs that are one press away. */
  readonly quickReactions: readonly string[]
  /** Without it there is nothing to press. */
  readonly onReply: ((message: Message) => void) | undefined
  /** See `onReply`; of own messages. */
  readonly onEdit: ((message: Message) => void) | undefined
  /** A press on what a message answers. */
  readonly onJump: (id: Message['id']) => void
  /** Own deeds that fail. */
  readonly onError: (error: unknown) => void
}

/** What changes for a row with its neighbours or with the focus. It stands apart so that a row that does not need it stays as it is. */
export interface RowPlace {
  /** Whether it closes a run of messages by one person. */
  readonly isLast: boolean
  /** Whether it is the row for the Tab key to stop at: the one that has the focus, else the newest. */
  readonly isActive: boolean
}

/**
 * One message: who, when, what, with its files, its reactions and what can be done with it. Rendered again only when something about this message
 * changes.
 * @example
 * ```tsx
 * <Timeline conversation={conversation} renderMessage={(row) => <MessageRow {...row} onReply={undefined} />} />
 * ```
 */
export const MessageRow = memo(function MessageRow(props: MessageRowProps): ReactNode {
  const { conversation, message, authorName, isFirst, place, onJump } = props
  const words = useWords()
  const isOwn = message.author.id === useMe().id
  const covered = message.isHidden ? words.hidden : message.isBlocked ? words.blocked : undefined
  const name = isOwn ? words.you : authorName
  return (
    <article
      className={['parley-message', isOwn && 'parley-message-own', isFirst && 'parley-message-first'].filter(Boolean).join(' ')}
      data-id={message.id}
      tabIndex={-1}
      aria-label={words.messageBy(name, clockTime(message.sentAt, words.locale))}
      aria-posinset={place}
      // How many there are changes with each that comes.
      aria-setsize={-1}
    >
      {isFirst && !isOwn && <bdi className="parley-message-author">{authorName}</bdi>}
      <div className="parley-message-body">
        {covered === undefined ? (
          <>
            {message.replyTo !== undefined && <Quote conversation={conversation} id={message.replyTo} onJump={onJump} />}
            {message.attachments.map((attachment) => (
              <AttachmentView key={attachment.id} attachment={attachment} tabIndex={-1} />
            ))}
            {message.text !== '' && <MessageText text={message.text} />}
          </>
        ) : (
          <p className="parley-quiet">{covered}</p>
        )}
        <footer className="parley-message-meta">
          {message.editedAt !== undefined && <span title={completeTime(message.editedAt, words.locale)}>{words.edited}</span>}
          <time dateTime={new Date(message.sentAt).toISOString()} title={completeTime(message.sentAt, words.locale)}>
            {clockTime(message.sentAt, words.locale)}
          </time>
          {message.state !== undefined && <span data-state={message.state}>{words.messageStates[message.state]}</span>}
        </footer>
      </div>
      <Reactions {...props} />
      <Actions {...props} isOwn={isOwn} />
    </article>
  )
})

/** What somebody wrote: always text, never markup; web addresses can be followed. */
function MessageText({ text }: { text: string }): ReactNode {
  const parts = useMemo(() => textParts(text), [text])
  return (
    <p className="parley-message-text" dir="auto">
      {parts.map(({ at, text: part, href }) =>
        href === undefined ? (
          <Fragment key={at}>{part}</Fragment>
        ) : (
          <a key={at} href={href} target="_blank" rel="noopener noreferrer nofollow" tabIndex={-1}>
            {part}
          </a>
        ),
      )}
    </p>
  )
}

function Quote({
  conversation,
  id,
  onJump,
}: {
  conversation: Conversation
  id: Message['id']
  onJump: MessageRowProps['onJump']
}): ReactNode {
  const message = useMessage(conversation, id)
  const words = useWords()
  if (message === undefined || message.isHidden || message.isBlocked) return <blockquote className="parley-quote">{words.gone}</blockquote>
  return (
    <blockquote className="parley-quote">
      <button type="button" tabIndex={-1} onClick={() => onJump(id)}>
        <bdi>{message.author.name || words.somebody}</bdi>
        <span dir="auto">{message.text || message.attachments.map(({ name }) => name).join(', ')}</span>
      </button>
    </blockquote>
  )
}

/** Each sign once, with how many; a press adds or takes back the own one. */
function Reactions({ conversation, message, may, onError }: MessageRowProps): ReactNode {
  const { id: me } = useMe()
  const words = useWords()
  if (message.reactions.length === 0 || message.isHidden) return null
  return (
    <ul className="parley-reactions" aria-label={words.reactions}>
      {message.reactions.map(({ emoji, users }) => {
        const isOwn = users.includes(me)
        return (
          <li key={emoji}>
            <button
              type="button"
              tabIndex={-1}
              aria-pressed={isOwn}
              aria-label={`${emoji} ${users.length}`}
              disabled={!may.write}
              onClick={() => void conversation[isOwn ? 'unreact' : 'react'](message.id, emoji).catch(onError)}
            >
              {emoji} {users.length}
            </button>
          </li>
        )
      })}
    </ul>
  )
}

/** The arrow keys reach them from the row. */
function Actions({ conversation, message, may, isOwn, quickReactions, ...on }: MessageRowProps & { isOwn: boolean }): ReactNode {
  const { onReply, onEdit, onError } = on
  const words = useWords()
  // What is deleted is gone everywhere: a second press says that it is meant.
  const [isAsked, setAsked] = useState(false)
  if (!may.write || message.isHidden) return null
  const missing = quickReactions.filter((emoji) => !message.reactions.some((reaction) => reaction.emoji === emoji))
  return (
    <div className="parley-message-actions" role="toolbar" aria-label={words.actions}>
      {missing.map((emoji) => (
        <button
          key={emoji}
          type="button"
          tabIndex={-1}
          aria-label={words.react(emoji)}
          onClick={() => void conversation.react(message.id, emoji).catch(onError)}
        >
          {emoji}
        </button>
      ))}
      {onReply !== undefined && (
        <button type="button" tabIndex={-1} onClick={() => onReply(message)}>
          {words.reply}
        </button>
      )}
      {isOwn && onEdit !== undefined && (
        <button type="button" tabIndex={-1} onClick={() => onEdit(message)}>
          {words.edit}
        </button>
      )}
      {isOwn && (
        <button
          type="button"
          tabIndex={-1}
          onBlur={() => setAsked(false)}
          onClick={() => {
            setAsked(!isAsked)
            if (isAsked) conversation.deleteMessage(message.id).catch(onError)
          }}
        >
          {isAsked ? words.removeForSure : words.remove}
        </button>
      )}
    </div>
  )
}
