import type { Conversation } from '@parley/chat'
import { memo } from 'react'
import type { ReactNode } from 'react'
import { useConversation } from '../hooks/use-conversation.ts'
import { useConversations } from '../hooks/use-conversations.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'
import { timeInList, useToday } from '../support/time.ts'
import { useStable } from '../support/use-stable.ts'
import { walkByArrows } from '../support/walk.ts'
import { Typing } from './typing.tsx'

/** What the list is told. */
export interface ConversationListProps {
  /** The one that is open. */
  readonly selected?: Conversation | undefined
  /** Somebody wants to see this one. */
  readonly onSelect: (conversation: Conversation) => void
}

/**
 * All conversations, the last one that something happened in first: title, last message, who types, unread. The arrow keys walk through it.
 * @example
 * ```tsx
 * const [selected, setSelected] = useState<Conversation>()
 * return <ConversationList selected={selected} onSelect={setSelected} />
 * ```
 */
export function ConversationList({ selected, onSelect }: ConversationListProps): ReactNode {
  const { conversations, requests } = useConversations()
  const words = useWords()
  const select = useStable(onSelect)
  const all = [...requests, ...conversations]
  return (
    <nav className="parley-conversations" aria-label={words.conversations}>
      {all.length === 0 && <p className="parley-quiet">{words.noConversations}</p>}
      <ul>
        {all.map((conversation) => (
          <ConversationRow
            key={conversation.getId()}
            conversation={conversation}
            isSelected={conversation === selected}
            onSelect={select}
          />
        ))}
      </ul>
    </nav>
  )
}

interface RowProps {
  readonly conversation: Conversation
  readonly isSelected: boolean
  readonly onSelect: (conversation: Conversation) => void
}

const ConversationRow = memo(function ConversationRow({ conversation, isSelected, onSelect }: RowProps): ReactNode {
  const { title, isMuted, unread, lastMessage } = useConversation(conversation)
  const words = useWords()
  const today = useToday()
  return (
    <li>
      <button
        type="button"
        className="parley-conversation"
        aria-current={isSelected ? 'page' : undefined}
        onClick={() => onSelect(conversation)}
        onKeyDown={walkByArrows}
      >
        <bdi className="parley-conversation-title">{title || words.untitled}</bdi>
        {isMuted && <span className="parley-quiet">{words.muted}</span>}
        {lastMessage !== undefined && (
          <time className="parley-quiet" dateTime={new Date(lastMessage.sentAt).toISOString()}>
            {timeInList(lastMessage.sentAt, today, words.locale)}
          </time>
        )}
        <span className="parley-conversation-preview">
          <Preview conversation={conversation} />
        </span>
        {unread > 0 && <span className="parley-unread">{words.unread(unread)}</span>}
      </button>
    </li>
  )
})

function Preview({ conversation }: { conversation: Conversation }): ReactNode {
  const { state, typing, lastMessage, members } = useConversation(conversation)
  const words = useWords()
  const me = useMe()
  if (state !== 'member') return words.states[state]
  if (typing.length > 0) return <Typing conversation={conversation} />
  if (lastMessage === undefined) return words.noMessages
  const { author, text, attachments, isHidden, isBlocked } = lastMessage
  const name = members.find(({ id }) => id === author.id)?.name || author.name || words.somebody
  const said = text || attachments.map((file) => file.name).join(', ')
  return (
    <>
      <bdi>{author.id === me.id ? words.you : name}</bdi>
      {': '}
      <bdi>{isHidden ? words.hidden : isBlocked ? words.blocked : said}</bdi>
    </>
  )
}
