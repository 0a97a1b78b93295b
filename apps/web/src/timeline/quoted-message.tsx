import type { Conversation, Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { useMessage } from '../engine/use-message.ts'
import { nameOf } from '../text/people.ts'

/** The message that another one answers, in two lines. */
export function QuotedMessage({ conversation, id }: { conversation: Conversation; id: Message['id'] }): ReactNode {
  const message = useMessage(conversation, id)
  return (
    <blockquote className="quote">
      {message === undefined ? (
        <span className="quote-gone">A message that is not here</span>
      ) : (
        <>
          <bdi className="quote-author">{nameOf(message.author)}</bdi>
          <span className="quote-text" dir="auto">
            {message.text}
          </span>
        </>
      )}
    </blockquote>
  )
}
