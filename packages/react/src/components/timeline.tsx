import type { Conversation, Message } from '@parley/chat'
import { useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import { useConversation } from '../hooks/use-conversation.ts'
import { useSeen } from '../hooks/use-seen.ts'
import { useTimeline } from '../hooks/use-timeline.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'
import { reportUnlessClosed } from '../support/closed.ts'
import { useKept } from '../support/keep.ts'
import { dayName, useToday } from '../support/time.ts'
import { useStable } from '../support/use-stable.ts'
import { MessageRow } from './message-row.tsx'
import type { MessageRowProps, RowPlace } from './message-row.tsx'
import { timelineItems } from './timeline-items.ts'
import type { TimelineItem } from './timeline-items.ts'
import { useJumps } from './use-jumps.ts'
import type { JumpTarget } from './use-jumps.ts'
import { useNewBelow } from './use-new-below.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useVirtualTimeline } from './use-virtual-timeline.ts'

/** What the timeline is told. */
export interface TimelineProps {
  /** Whose messages. Give the component another `key` for another one. */
  readonly conversation: Conversation
  /** The message to show; another object asks again for the same one. */
  readonly target?: JumpTarget | undefined
  /** Somebody wants to answer; without it there is nothing to press. */
  readonly onReply?: (message: Message) => void
  /** Somebody wants to edit an own message; without it there is nothing to press. */
  readonly onEdit?: (message: Message) => void
  /** A deed that failed. Default: `reportError`. */
  readonly onError?: (error: unknown) => void
  /** Signs that are one press away. Default: three. */
  readonly quickReactions?: readonly string[]
  /** Another row for a message, for example around `MessageRow`; memoised by the first argument, a new message renders one of them. */
  readonly renderMessage?: (row: MessageRowProps, place: RowPlace) => ReactNode
  /** Stands above the oldest message of all, and where nothing was said yet. */
  readonly start?: ReactNode
  /** What is in the button that leads to the newest message; `count` of others came in since the reader left it. Default: words. */
  readonly renderToNewest?: (count: number) => ReactNode
}

const QUICK_REACTIONS = ['👍', '❤️', '😂'] as const

/**
 * The messages of a conversation, newest at the bottom, however many there are: those in view are in the document. It opens at what is unread,
 * marks as seen what is looked at, and fetches more as the reader comes near an end.
 * @example
 * ```tsx
 * const composer = useComposer(conversation)
 * return <Timeline conversation={conversation} onReply={composer.reply} onEdit={composer.edit} />
 * ```
 */
export function Timeline(props: TimelineProps): ReactNode {
  const { conversation, target, onReply, onEdit, start, quickReactions = QUICK_REACTIONS, renderMessage = renderRow } = props
  const words = useWords()
  const me = useMe()
  const today = useToday()
  const info = useConversation(conversation)
  const timeline = useTimeline(conversation)
  const { messages, offset, firstUnread, loading, hasOlder } = timeline
  const [unreadFrom, setUnreadFrom] = useState<Message['id'] | 'none'>()
  // Found once, when the first messages are here, and then kept: reading does not move the mark.
  if (loading !== 'first' && unreadFrom === undefined) setUnreadFrom(firstUnread ?? 'none')
  const items = useMemo(() => timelineItems(messages, offset, unreadFrom), [messages, offset, unreadFrom])
  const keys = useRowKeys(items)
  const { scroller, rows, totalPx, measure, onScroll, isAtEnd, toEnd, reveal } = useVirtualTimeline({
    items,
    timeline,
    keepId: keys.focusedId,
  })
  const onError = useStable((error: unknown) => (props.onError ?? reportUnlessClosed)(error))
  const { toMessage, toNewest } = useJumps({ timeline, target, me: me.id, reveal, toEnd, onError })
  const newBelow = useNewBelow(messages, isAtEnd, me.id)
  const names = useKept(Object.fromEntries([...info.formerMembers, ...info.members].map(({ id, name }) => [id, name])))
  const may = useKept({ write: info.state === 'member' && info.role !== 'reader' })
  const last = messages.at(-1)
  useSeen(conversation, last?.id, isAtEnd && info.unread > 0 && info.state === 'member')
  const activeId = keys.focusedId ?? last?.id
  const reply = useStable((message: Message) => onReply?.(message))
  const edit = useStable((message: Message) => onEdit?.(message))

  const rowOf = ({ message, isFirst, isLast, place }: TimelineItem): ReactNode =>
    renderMessage(
      {
        conversation,
        message,
        authorName: names[message.author.id] || message.author.name || words.somebody,
        isFirst,
        place,
        may,
        quickReactions,
        onReply: onReply === undefined ? undefined : reply,
        onEdit: onEdit === undefined ? undefined : edit,
        onJump: toMessage,
        onError,
      },
      { isLast, isActive: message.id === activeId },
    )
  return (
    <div className="parley-timeline">
      {/* What scrolls has to take the focus, and the arrow keys that walk through it belong to it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        className="parley-timeline-scroller"
        role="log"
        aria-label={words.messages}
        // Further up, rows come and go with scrolling: nothing that has just been said.
        aria-live={isAtEnd ? 'polite' : 'off'}
        aria-busy={loading !== undefined}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        // oxlint-disable-next-line jsx-a11y/role-supports-aria-props -- global since ARIA 1.3.
        aria-description={words.messagesHelp}
        onScroll={onScroll}
        onFocus={keys.onFocus}
        onBlur={keys.onBlur}
        onKeyDown={(event) => keys.onKeyDown(event, reveal)}
      >
        <div className="parley-timeline-content" style={{ height: totalPx }}>
          {rows.map(({ index, key, start: top }) => {
            const item = items[index]
            return (
              <div key={key} ref={measure} data-index={index} className="parley-timeline-row" style={{ transform: `translateY(${top}px)` }}>
                {index === 0 && !hasOlder && start}
                {item?.day !== undefined && <p className="parley-day">{dayName(item.day, today, words.locale)}</p>}
                {item?.isMarked === true && <p className="parley-unread-mark">{words.newMessages}</p>}
                {item !== undefined && rowOf(item)}
              </div>
            )
          })}
        </div>
        {loading === undefined && messages.length === 0 && (
          <div className="parley-timeline-empty">{start ?? <p className="parley-quiet">{words.noMessages}</p>}</div>
        )}
      </div>
      {(loading === 'older' || loading === 'newer') && (
        // The log says that it is busy.
        <p className={`parley-timeline-loading parley-timeline-loading-${loading}`} aria-hidden="true">
          {words.loading}
        </p>
      )}
      {!isAtEnd && (
        <button type="button" className={newBelow > 0 ? 'parley-to-newest parley-to-newest-new' : 'parley-to-newest'} onClick={toNewest}>
          {props.renderToNewest?.(newBelow) ?? (newBelow > 0 ? words.newBelow(newBelow) : words.toNewest)}
        </button>
      )}
    </div>
  )
}

function renderRow(row: MessageRowProps): ReactNode {
  return <MessageRow {...row} />
}
