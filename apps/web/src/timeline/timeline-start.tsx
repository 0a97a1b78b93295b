import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Icon } from '../components/icon.tsx'
import { useConversation } from '../engine/use-conversation.ts'

/** The beginning of a conversation; with nobody there yet, the way to invite somebody. */
export function TimelineStart({ conversation, onInvite }: { conversation: Conversation; onInvite: () => void }): ReactNode {
  const { id, title, description, members } = useConversation(conversation)
  const alone = members.length <= 1
  return (
    <div className="timeline-start">
      <Avatar id={id} name={title} size="large" shape="group" />
      <h3>
        <bdi>{title}</bdi>
      </h3>
      {description !== '' && <p dir="auto">{description}</p>}
      <p className="quiet">
        {alone
          ? 'You are the only one here so far. Bring somebody in, or write something for them to find.'
          : 'This is where it begins. Only members can read what is written here.'}
      </p>
      {alone && (
        <button type="button" className="button button-primary" onClick={onInvite}>
          <Icon name="invite" />
          Invite people
        </button>
      )}
    </div>
  )
}
