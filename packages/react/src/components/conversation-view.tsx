import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { useComposer } from '../hooks/use-composer.ts'
import { useConversation, useSyncState } from '../hooks/use-conversation.ts'
import { useTimeline } from '../hooks/use-timeline.ts'
import { useMe } from '../use-parley.ts'
import { useWords } from '../use-words.ts'
import { Composer } from './composer.tsx'
import { Timeline } from './timeline.tsx'
import type { TimelineProps } from './timeline.tsx'
import { Typing } from './typing.tsx'

/** As of `Timeline`, whose answers and edits go to the composer. */
export type ConversationViewProps = Omit<TimelineProps, 'onReply' | 'onEdit'>

/**
 * A whole conversation: its title, how it is connected, its messages, who types, and where to write.
 * @example
 * ```tsx
 * <ConversationView conversation={conversation} />
 * ```
 */
export function ConversationView(props: ConversationViewProps): ReactNode {
  return <View key={props.conversation.getId()} {...props} />
}

function View(props: ConversationViewProps): ReactNode {
  const { conversation } = props
  const { title, state, role } = useConversation(conversation)
  const composer = useComposer(conversation)
  const words = useWords()
  const mayWrite = state === 'member' && role !== 'reader'
  return (
    <section className="parley-conversation-view" aria-label={title || words.untitled}>
      <header>
        <h2>
          <bdi>{title || words.untitled}</bdi>
        </h2>
        <SyncLine conversation={conversation} />
      </header>
      <Timeline {...props} onReply={composer.reply} onEdit={composer.edit} />
      <Typing conversation={conversation} />
      {mayWrite && <Write conversation={conversation} composer={composer} />}
      {state !== 'member' && <p className="parley-quiet">{words.states[state]}</p>}
    </section>
  )
}

function SyncLine({ conversation }: { conversation: Conversation }): ReactNode {
  const { phase } = useSyncState(conversation)
  return <output className="parley-quiet">{useWords().sync[phase]}</output>
}

function Write({ conversation, composer }: { conversation: Conversation; composer: ReturnType<typeof useComposer> }): ReactNode {
  const me = useMe()
  const { messages } = useTimeline(conversation)
  return <Composer composer={composer} lastOwn={messages.findLast(({ author }) => author.id === me.id)} />
}
