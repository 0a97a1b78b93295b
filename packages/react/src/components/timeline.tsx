import type { Conversation, Message } from '@parley/chat'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { ComponentType, ReactNode } from 'react'
import { useConversation } from '../hooks/use-conversation.ts'
import { useSeen } from '../hooks/use-seen.ts'
import { useTimeline } from '../hooks/use-timeline.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'
import { reportUnlessClosed } from '../support/closed.ts'
import { keep } from '../support/keep.ts'
import { dayName, useToday } from '../support/time.ts'
import { MessageRow } from './message-row.tsx'
import type { MessageRowProps } from './message-row.tsx'
import { timelineItems } from './timeline-items.ts'
import type { TimelineItem } from './timeline-items.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useStable } from './use-stable.ts'
import { useVirtualTimeline } from './use-virtual-timeline.ts'

/** A message that somebody wants to see. */
export interface JumpTarget {
  /** Which. */
  readonly id: Message['id']
}

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
  /** Another component for a message, for example around `MessageRow`; memoised, a new message renders one of them. */
  readonly row?: ComponentType<MessageRowProps>
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
  const { conversation, target, onReply, onEdit, quickReactions = QUICK_REACTIONS, row: Row = MessageRow } = props
  const words = useWords()
  const me = useMe()
  const info = useConversation(conversation)
  const timeline = useTimeline(conversation)
  const { messages, offset, firstUnread, loading, hasNewer, jump } = timeline
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
  const names = useKept(Object.fromEntries([...info.formerMembers, ...info.members].map(({ id, name }) => [id, name])))
  const may = useKept({ write: info.state === 'member' && info.role !== 'reader' })
  const last = messages.at(-1)
  useSeen(conversation, last?.id, isAtEnd && info.unread > 0 && info.state === 'member')

  const onError = useStable((error: unknown) => (props.onError ?? reportUnlessClosed)(error))
  const wanted = useRef<string>(undefined)
  const onJump = useStable((id: Message['id']) => {
    if (reveal(id)) return
    wanted.current = id
    jump(id).catch(onError)
  })
  const reply = useStable((message: Message) => onReply?.(message))
  const edit = useStable((message: Message) => onEdit?.(message))
  useEffect(() => {
    if (target !== undefined) onJump(target.id)
  }, [target, onJump])
  // Another `reveal` comes with other messages.
  useEffect(() => {
    if (wanted.current !== undefined && reveal(wanted.current)) wanted.current = undefined
  }, [reveal])

  // Who sends wants to see it there. Other messages than before are none that were sent.
  const seenLast = useRef(last?.id)
  useEffect(() => {
    const before = seenLast.current
    seenLast.current = last?.id
    if (last?.id === before || last?.author.id !== me.id || hasNewer) return
    if (messages.some(({ id }) => id === before)) toEnd()
  }, [last, messages, hasNewer, me.id, toEnd])
  const toNewest = useCallback(() => {
    if (hasNewer) jump('newest').then(toEnd, onError)
    else toEnd()
  }, [hasNewer, jump, toEnd, onError])

  const rowOf = (item: TimelineItem | undefined): ReactNode => {
    if (item === undefined) return null
    if (item.kind !== 'message') return <Separator item={item} />
    const { message, isFirst, place } = item
    return (
      <Row
        conversation={conversation}
        message={message}
        authorName={names[message.author.id] || message.author.name || words.somebody}
        isFirst={isFirst}
        place={place}
        may={may}
        quickReactions={quickReactions}
        onReply={onReply === undefined ? undefined : reply}
        onEdit={onEdit === undefined ? undefined : edit}
        onJump={onJump}
        onError={onError}
      />
    )
  }
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
          {rows.map(({ index, key, start }) => (
            <div key={key} ref={measure} data-index={index} className="parley-timeline-row" style={{ transform: `translateY(${start}px)` }}>
              {rowOf(items[index])}
            </div>
          ))}
        </div>
        {loading === undefined && messages.length === 0 && <p className="parley-quiet">{words.noMessages}</p>}
      </div>
      {!isAtEnd && (
        <button type="button" className="parley-to-newest" onClick={toNewest}>
          {words.toNewest}
        </button>
      )}
    </div>
  )
}

function Separator({ item }: { item: Exclude<TimelineItem, { kind: 'message' }> }): ReactNode {
  const words = useWords()
  const today = useToday()
  if (item.kind === 'unread') return <p className="parley-unread-mark">{words.newMessages}</p>
  return <p className="parley-day">{dayName(item.at, today, words.locale)}</p>
}

/** The value, or the one before it when both say the same. */
function useKept<T>(value: T): T {
  const [kept, setKept] = useState(value)
  const now = keep(kept, value)
  if (now !== kept) setKept(now)
  return now
}
