/**
 * What the timeline shows, from the messages: day separators, the mark above the first unread one, and where somebody begins to speak.
 */
import type { Message } from '@parley/chat'
import { startOfDay } from '../support/time.ts'

export type TimelineItem =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: Message
      /** Whether it opens a run of messages by one person. */
      readonly isFirst: boolean
      /** Its place among all messages of the conversation, from 1. */
      readonly place: number
    }

/** A longer silence than this begins a new run. */
const RUN_GAP_MS = 5 * 60_000

/** Items oldest first. `unreadFrom` is the id of the message above which the mark stands, `offset` how many messages come before these. */
export function timelineItems(messages: readonly Message[], offset: number, unreadFrom: string | undefined): TimelineItem[] {
  const items: TimelineItem[] = []
  messages.forEach((message, index) => {
    const before = messages[index - 1]
    const isNewDay = before === undefined || startOfDay(before.sentAt) !== startOfDay(message.sentAt)
    // The first one has a key of its own: when older messages come, another one takes its place.
    if (isNewDay) items.push({ kind: 'day', key: `day ${index === 0 ? 'top' : message.id}`, at: message.sentAt })
    const isMarked = message.id === unreadFrom
    if (isMarked) items.push({ kind: 'unread', key: 'unread' })
    const isAlone = isNewDay || isMarked || before.author.id !== message.author.id || message.sentAt - before.sentAt > RUN_GAP_MS
    items.push({ kind: 'message', key: message.id, message, isFirst: isAlone, place: offset + index + 1 })
  })
  return items
}
