/**
 * What the timeline shows, from the messages: a row for each, with the day and the mark that stand above it, and where somebody begins and ends to speak.
 */
import type { Message } from '@parley/chat'
import { startOfDay } from '../support/time.ts'

/** A row. What stands above a message belongs to its row, so that the reader's place can always be told by a message. */
export interface TimelineItem {
  readonly message: Message
  /** The moment whose day is named above it, when the one before is of another day. */
  readonly day: number | undefined
  /** Whether it is the first unread one. */
  readonly isMarked: boolean
  /** Whether it opens, and whether it closes, a run of messages by one person. */
  readonly isFirst: boolean
  readonly isLast: boolean
  /** Its place among all messages of the conversation, from 1. */
  readonly place: number
}

/** A longer silence than this begins a new run. */
const RUN_GAP_MS = 5 * 60_000

/** Items oldest first. `unreadFrom` is the id of the message above which the mark stands, `offset` how many messages come before these. */
export function timelineItems(messages: readonly Message[], offset: number, unreadFrom: string | undefined): TimelineItem[] {
  let dayBefore: number | undefined
  const opened = messages.map((message, index) => {
    const before = messages[index - 1]
    const day = startOfDay(message.sentAt)
    const isNewDay = day !== dayBefore
    dayBefore = day
    const isMarked = message.id === unreadFrom
    const isFirst = isNewDay || isMarked || before?.author.id !== message.author.id || message.sentAt - before.sentAt > RUN_GAP_MS
    return { message, day: isNewDay ? message.sentAt : undefined, isMarked, isFirst, place: offset + index + 1 }
  })
  return opened.map((item, index) => ({ ...item, isLast: opened[index + 1]?.isFirst ?? true }))
}
