import type { Conversation, Message } from '@parley/chat'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { FocusEvent, KeyboardEvent, ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { useNow } from '../components/use-now.ts'
import { markSeen } from '../engine/actions.ts'
import { useConversation } from '../engine/use-conversation.ts'
import { useMe } from '../engine/use-parley.tsx'
import { useTimeline } from '../engine/use-timeline.ts'
import { nameList, nameOf } from '../text/people.ts'
import { dayName } from '../text/time.ts'
import { MessageRow } from './message-row.tsx'
import type { MessageDeed } from './message-row.tsx'
import { firstUnread, timelineItems } from './timeline-items.ts'
import { TimelineStart } from './timeline-start.tsx'
import { useSeen } from './use-seen.ts'
import { useTimelineScroll } from './use-timeline-scroll.ts'

interface TimelineProps {
  conversation: Conversation
  onDeed: (deed: MessageDeed, message: Message) => void
  onInvite: () => void
}

/** The messages of a conversation, newest at the bottom. */
export function Timeline({ conversation, onDeed, onInvite }: TimelineProps): ReactNode {
  const me = useMe()
  const now = useNow()
  const { members, unread } = useConversation(conversation)
  const { messages, hasOlder, loading, loadOlder } = useTimeline(conversation)
  const [unreadOnOpening] = useState(unread)
  const [unreadFrom, setUnreadFrom] = useState<Message['id'] | 'none'>()
  // Found once, when the first page is here, and then kept: reading does not move the mark.
  if (loading !== 'first' && unreadFrom === undefined) setUnreadFrom(firstUnread(messages, me.id, unreadOnOpening) ?? 'none')
  const items = useMemo(() => timelineItems(messages, unreadFrom), [messages, unreadFrom])
  const { scroller, content, atBottom, toBottom, onScroll } = useTimelineScroll(messages, unreadFrom, loadOlder)
  const lastMessage = messages.at(-1)
  const newBelow = useNewBelow(messages, atBottom, me.id)
  useSeen(lastMessage?.id, atBottom && unread > 0, () => markSeen(conversation))

  // Who sends wants to see it there.
  const lastOwn = messages.findLast((message) => message.author.id === me.id)
  const lastOwnSeen = useRef(lastOwn?.id)
  useEffect(() => {
    if (lastOwn?.id === lastOwnSeen.current) return
    lastOwnSeen.current = lastOwn?.id
    if (lastOwn !== undefined && lastOwn === lastMessage) toBottom()
  }, [lastOwn, lastMessage, toBottom])

  const names = useMemo(() => new Map(members.map((member) => [member.id, nameOf(member)])), [members])
  const { activeId, onFocus, onKeyDown } = useRowFocus(lastMessage?.id)
  return (
    <div className="timeline-frame">
      {/* What scrolls has to take the focus, and the arrow keys that walk through it belong to it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        className="timeline"
        role="log"
        aria-label="Messages"
        aria-live="polite"
        aria-busy={loading !== undefined}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={onScroll}
        onFocus={onFocus}
        onKeyDown={onKeyDown}
      >
        <div ref={content} className="timeline-content">
          {loading === undefined && !hasOlder && <TimelineStart conversation={conversation} onInvite={onInvite} />}
          {hasOlder && <div className="timeline-older">{loading === 'older' ? 'Loading older messages…' : ''}</div>}
          {items.map((item) => {
            if (item.kind === 'day') {
              const name = dayName(item.at, now)
              return (
                <p key={item.key} className="day">
                  <span>{name}</span>
                </p>
              )
            }
            if (item.kind === 'unread') {
              return (
                <p key={item.key} className="unread-mark">
                  <span>New messages</span>
                </p>
              )
            }
            const { message } = item
            const stateInWords = message.id === lastOwn?.id
            return (
              <MessageRow
                key={item.key}
                conversation={conversation}
                message={message}
                authorName={names.get(message.author.id) ?? nameOf(message.author)}
                own={message.author.id === me.id}
                first={item.first}
                last={item.last}
                active={message.id === activeId}
                stateInWords={stateInWords}
                seenBy={stateInWords ? nameList(message.seenBy.map((id) => names.get(id) ?? 'somebody')) : ''}
                onDeed={onDeed}
              />
            )
          })}
        </div>
      </div>
      {!atBottom && (
        <button type="button" className={newBelow > 0 ? 'jump jump-new' : 'jump'} onClick={() => toBottom({ smooth: true })}>
          <Icon name="down" />
          {newBelow > 0 ? (
            `${newBelow} new ${newBelow === 1 ? 'message' : 'messages'}`
          ) : (
            <span className="visually-hidden">Go to the newest message</span>
          )}
        </button>
      )}
    </div>
  )
}

/** How many messages of others came in below what the reader sees. */
function useNewBelow(messages: readonly Message[], atBottom: boolean, me: string): number {
  const last = messages.at(-1)?.id
  const [lastRead, setLastRead] = useState(last)
  if (atBottom && lastRead !== last) setLastRead(last)
  if (atBottom) return 0
  const from = messages.findIndex((message) => message.id === lastRead)
  return from < 0 ? 0 : messages.slice(from + 1).filter((message) => message.author.id !== me).length
}

interface RowFocus {
  readonly activeId: string | undefined
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void
}

/** One row is a Tab stop; the arrow keys, Home and End walk from row to row. */
function useRowFocus(lastId: string | undefined): RowFocus {
  const [focusedId, setFocusedId] = useState<string>()
  const onFocus = (event: FocusEvent<HTMLElement>): void => {
    const row = event.target.closest<HTMLElement>('[data-id]')
    if (row !== null) setFocusedId(row.dataset['id'])
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-id]')]
    const current = rows.findIndex((row) => row.contains(document.activeElement))
    const targets: Record<string, number> = {
      ArrowUp: current < 0 ? rows.length - 1 : current - 1,
      ArrowDown: current < 0 ? rows.length - 1 : current + 1,
      Home: 0,
      End: rows.length - 1,
    }
    const row = rows[targets[event.key] ?? -1]
    if (row === undefined) return
    event.preventDefault()
    row.focus()
  }
  return { activeId: focusedId ?? lastId, onFocus, onKeyDown }
}
