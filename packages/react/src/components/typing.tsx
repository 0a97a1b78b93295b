import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { useTyping } from '../hooks/use-conversation.ts'
import { useWords } from '../use-words.ts'

/**
 * Who types now. Its room is always there, so that nothing moves when somebody begins.
 * @example
 * ```tsx
 * <Typing conversation={conversation} />
 * ```
 */
export function Typing({ conversation }: { readonly conversation: Conversation }): ReactNode {
  const typing = useTyping(conversation)
  const words = useWords()
  const names = words.names(typing.map(({ name }) => name || words.somebody))
  return <span className="parley-typing">{typing.length > 0 && <bdi>{words.typing(names)}</bdi>}</span>
}
