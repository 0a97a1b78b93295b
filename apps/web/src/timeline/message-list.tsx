import type { Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { useNow } from '../components/use-now.ts'
import { summaryOf } from '../text/messages.ts'
import { nameOf } from '../text/people.ts'
import { agoInList, completeTime } from '../text/time.ts'

/** Messages in a dialog: who, when, the beginning of what; a press leads there. */
export function MessageList({ messages, onPick }: { messages: readonly Message[]; onPick: (id: Message['id']) => void }): ReactNode {
  const now = useNow()
  return (
    <ul className="message-list">
      {messages.map((message) => (
        <li key={message.id}>
          <button type="button" className="message-list-item" onClick={() => onPick(message.id)}>
            <bdi className="strong">{nameOf(message.author)}</bdi>
            <time className="quiet" dateTime={new Date(message.sentAt).toISOString()} title={completeTime(message.sentAt)}>
              {agoInList(message.sentAt, now)}
            </time>
            <span className="quote-text" dir="auto">
              {summaryOf(message)}
            </span>
          </button>
        </li>
      ))}
    </ul>
  )
}
