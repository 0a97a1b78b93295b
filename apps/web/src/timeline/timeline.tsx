import type { Conversation, Message } from '@parley/chat'
import { useConversation, useMe, useSeen, useTimeline } from '@parley/react'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { FocusEvent, KeyboardEvent, ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { toast } from '../components/toasts.tsx'
import { useNow } from '../components/use-now.ts'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { nameList } from '../text/people.ts'
import { dayName } from '../text/time.ts'
import type { MessageDeed } from './message-menu.ts'
import { MessageRow } from './message-row.tsx'
import { timelineItems } from './timeline-items.ts'
import { TimelineStart } from './timeline-start.tsx'
import { useNames } from './use-names.ts'
import { usePermissions } from './use-permissions.ts'
import { useTimelineScroll } from './use-timeline-scroll.ts'

/** A message that somebody wants to see. */
export interface JumpTarget {
  readonly id: Message['id']
}

interface TimelineProps {
  conversation: Conversation
  /** The message to show; another object asks again for the same one. */
  target: JumpTarget | undefined
  onDeed: (deed: MessageDeed, message: Message) => void
  onReact: (message: Message, emoji: string) => Promise<void>
  onJump: (id: Message['id']) => void
  onInvite: () => void
}

/** The messages of a conversation, newest at the bottom. */
export function Timeline({ conversation, target, onDeed, onReact, onJump, onInvite }: TimelineProps): ReactNode {
  const me = useMe()
  const now = useNow()
  const info = useConversation(conversation)
  const { unread } = info
  const { messages, hasOlder, hasNewer, firstUnread, loading, loadOlder, loadNewer, jump } = useTimeline(conversation)
  const [unreadFrom, setUnreadFrom] = useState<Message['id'] | 'none'>()
  // Found once, when the first messages are here, and then kept: reading does not move the mark.
  if (loading !== 'first' && unreadFrom === undefined) setUnreadFrom(firstUnread ?? 'none')
  const items = useMemo(() => timelineItems(messages, unreadFrom), [messages, unreadFrom])
  const { scroller, content, atBottom, toBottom, onScroll, reveal } = useTimelineScroll({
    version: messages,
    startAt: unreadFrom,
    hasNewer,
    onNearTop: loadOlder,
    onNearBottom: loadNewer,
  })
  useJump(target, messages, reveal, jump)
  const toNewest = useToNewest(hasNewer, messages, toBottom, jump)
  const lastMessage = messages.at(-1)
  const newBelow = useNewBelow(messages, atBottom, me.id)
  useSeen(conversation, lastMessage?.id, atBottom && unread > 0 && info.state === 'member')

  // Who sends wants to see it there.
  const lastOwn = messages.findLast((message) => message.author.id === me.id)
  const lastOwnSeen = useRef(lastOwn?.id)
  useEffect(() => {
    if (lastOwn?.id === lastOwnSeen.current) return
    lastOwnSeen.current = lastOwn?.id
    if (lastOwn !== undefined && lastOwn === lastMessage) toBottom()
  }, [lastOwn, lastMessage, toBottom])

  const nameOfUser = useNames(info)
  const may = usePermissions(info)
  const { activeId, onFocus, onKeyDown } = useRowFocus(lastMessage?.id)
  return (
    <div className="timeline-frame">
      {/* What scrolls has to take the focus, and the arrow keys that walk through it belong to it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={scroller}
        className="timeline"
        role="log"
        aria-label={t('Messages')}
        aria-live="polite"
        aria-busy={loading !== undefined}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={onScroll}
        onFocus={onFocus}
        // oxlint-disable-next-line jsx-a11y/role-supports-aria-props -- global since ARIA 1.3.
        aria-description={t('Arrow up and down walk through messages, arrow left and right through what you can do with one.')}
        onKeyDown={onKeyDown}
      >
        <div ref={content} className="timeline-content">
          {loading === undefined && !hasOlder && <TimelineStart conversation={conversation} onInvite={onInvite} />}
          {hasOlder && <div className="timeline-older">{loading === 'older' ? t('Loading older messages…') : ''}</div>}
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
                  <span>{t('New messages')}</span>
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
                me={me.id}
                authorName={nameOfUser(message.author.id, message.author)}
                nameOfUser={nameOfUser}
                may={may}
                first={item.first}
                last={item.last}
                active={message.id === activeId}
                stateInWords={stateInWords}
                seenBy={stateInWords ? nameList(message.seenBy.map((id) => nameOfUser(id))) : ''}
                onDeed={onDeed}
                onReact={onReact}
                onJump={onJump}
              />
            )
          })}
          {hasNewer && <div className="timeline-older">{loading === 'newer' ? t('Loading newer messages…') : ''}</div>}
        </div>
      </div>
      {!atBottom && (
        <button type="button" className={newBelow > 0 ? 'jump jump-new' : 'jump'} onClick={toNewest}>
          <Icon name="down" />
          {newBelow > 0 ? (
            newBelow === 1 ? (
              t('1 new message')
            ) : (
              t('{count} new messages', { count: newBelow })
            )
          ) : (
            <span className="visually-hidden">{t('Go to the newest message')}</span>
          )}
        </button>
      )}
    </div>
  )
}

/** Goes to the message that was asked for, fetching what is around it when it is not here. */
function useJump(
  target: JumpTarget | undefined,
  messages: readonly Message[],
  reveal: (id: string) => boolean,
  jump: (to: Message['id']) => Promise<void>,
): void {
  const wanted = useRef<Message['id']>(undefined)
  useEffect(() => {
    if (target === undefined || reveal(target.id)) return
    wanted.current = target.id
    jump(target.id).catch((error: unknown) => {
      wanted.current = undefined
      toast(wordsFor(error), 'error')
    })
  }, [target, reveal, jump])
  useLayoutEffect(() => {
    if (wanted.current !== undefined && reveal(wanted.current)) wanted.current = undefined
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- other messages are what there is to look for it in.
  }, [messages, reveal])
}

/** The way to the newest message, also when it is not among those that are here. */
function useToNewest(
  hasNewer: boolean,
  messages: readonly Message[],
  toBottom: (options?: { smooth?: boolean }) => void,
  jump: (to: 'newest') => Promise<void>,
): () => void {
  const wanted = useRef(false)
  useLayoutEffect(() => {
    if (!wanted.current || hasNewer) return
    wanted.current = false
    toBottom()
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- other messages have another bottom.
  }, [messages, hasNewer, toBottom])
  return useCallback(() => {
    if (!hasNewer) return toBottom({ smooth: true })
    wanted.current = true
    jump('newest').catch((error: unknown) => toast(wordsFor(error), 'error'))
  }, [hasNewer, toBottom, jump])
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
    // A menu or picker above a row has keys of its own.
    if (event.target instanceof Element && event.target.closest('[popover]') !== null) return
    const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-id]')]
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step !== undefined && walkActions(rows, step)) event.preventDefault()
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

/** From a row into what can be done with it, and along. False when no row has the focus or there is nothing further. */
function walkActions(rows: readonly HTMLElement[], step: number): boolean {
  const row = rows.find((one) => one.contains(document.activeElement))
  const buttons = [...(row?.querySelectorAll<HTMLElement>('.message-actions > .icon-button') ?? [])]
  const current = buttons.findIndex((button) => button === document.activeElement)
  const next = current < 0 ? buttons.at(step > 0 ? 0 : -1) : buttons[current + step]
  next?.focus()
  return next !== undefined
}
