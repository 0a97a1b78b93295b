/**
 * What the timeline shows, from the messages: day separators, the mark above the first unread one, and which messages stand together.
 */
import type { Message } from '@parley/chat'
import { sameDay } from '../text/time.ts'

export type TimelineItem =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: string }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly message: Message
      /** Whether it opens, and whether it closes, a run of messages by one person. */
      readonly first: boolean
      readonly last: boolean
    }

/** A longer silence than this begins a new run. */
const RUN_GAP_MS = 5 * 60_000

function together(a: Message | undefined, b: Message | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.author.id === b.author.id && b.sentAt - a.sentAt < RUN_GAP_MS && sameDay(a.sentAt, b.sentAt)
  )
}

/** Items oldest first. `unreadFrom` is the id of the message above which the mark stands. */
export function timelineItems(messages: readonly Message[], unreadFrom: string | undefined): TimelineItem[] {
  const items: TimelineItem[] = []
  messages.forEach((message, index) => {
    const before = messages[index - 1]
    const after = messages[index + 1]
    if (before === undefined || !sameDay(before.sentAt, message.sentAt)) {
      items.push({
        kind: 'day',
        key: `day ${new Date(message.sentAt).toDateString()} ${index === 0 ? 'top' : message.id}`,
        at: message.sentAt,
      })
    }
    if (message.id === unreadFrom) items.push({ kind: 'unread', key: 'unread' })
    items.push({
      kind: 'message',
      key: message.id,
      message,
      first: !together(before, message) || message.id === unreadFrom,
      last: !together(message, after) || after?.id === unreadFrom,
    })
  })
  return items
}
