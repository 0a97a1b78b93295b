import type { Conversation } from '@parley/chat'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Brand } from '../components/brand.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { ThemeToggle } from '../components/theme-toggle.tsx'
import { useMe } from '../engine/use-parley.tsx'
import { nameOf } from '../text/people.ts'
import { ConversationRow } from './conversation-row.tsx'
import { Requests } from './requests.tsx'

interface SidebarProps {
  conversations: readonly Conversation[]
  requests: readonly Conversation[]
  selected: Conversation | undefined
  onSelect: (conversation: Conversation) => void
  onNewGroup: () => void
  onJoin: () => void
  onPeople: () => void
  onProfile: () => void
}

/** All conversations, and the ways to new ones. */
export function Sidebar(props: SidebarProps): ReactNode {
  const { conversations, requests, selected, onSelect, onNewGroup, onJoin, onPeople, onProfile } = props
  const me = useMe()
  return (
    <div className="sidebar">
      <header className="sidebar-header">
        <Brand />
        <h1>Parley</h1>
        <IconButton icon="card" label="People" onClick={onPeople} />
        <ThemeToggle />
      </header>
      <div className="sidebar-new">
        <button type="button" className="button button-primary" onClick={onNewGroup}>
          <Icon name="plus" />
          New group
        </button>
        <button type="button" className="button" onClick={onJoin}>
          <Icon name="link" />
          Join with a link
        </button>
      </div>
      <Requests requests={requests} selected={selected} onSelect={onSelect} />
      <nav className="sidebar-list" aria-label="Conversations">
        {conversations.length === 0 ? (
          <p className="sidebar-empty">No conversations yet. Start a group, or join one with a link that somebody sent you.</p>
        ) : (
          <ul>
            {conversations.map((conversation) => (
              <ConversationRow
                key={conversation.getId()}
                conversation={conversation}
                selected={conversation === selected}
                onSelect={onSelect}
              />
            ))}
          </ul>
        )}
      </nav>
      <button type="button" className="sidebar-me" aria-label={`Your profile: ${me.name}`} onClick={onProfile}>
        <Avatar id={me.id} name={me.name} image={me.avatar} size="medium" />
        <span className="sidebar-me-name">
          <bdi>{nameOf(me)}</bdi>
          <span className="quiet">Your profile</span>
        </span>
        <Icon name="edit" />
      </button>
    </div>
  )
}
