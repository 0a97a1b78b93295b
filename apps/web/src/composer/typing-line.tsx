import type { User } from '@parley/chat'
import type { ReactNode } from 'react'
import { typingWords } from '../text/people.ts'

/** Who types now. Its room is always there, so that nothing moves when somebody begins. */
export function TypingLine({ typing }: { typing: readonly User[] }): ReactNode {
  return (
    <div className="typing-line">
      {typing.length > 0 && (
        <>
          <span className="typing-dots" aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <bdi>{typingWords(typing)}</bdi>
        </>
      )}
    </div>
  )
}
