import type { Conversation } from '@parley/chat'
import { useMe } from '@parley/react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Brand } from '../components/brand.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'
import { ConversationRow } from './conversation-row.tsx'
import { Requests } from './requests.tsx'

interface SidebarProps {
  conversations: readonly Conversation[]
  requests: readonly Conversation[]
  selected: Conversation | undefined
  /** On a phone it is the whole screen. */
  isScreen: boolean
  /** Shown in the place of the list while there is none. */
  whenEmpty: ReactNode
  onSelect: (conversation: Conversation) => void
  onNewGroup: () => void
  onJoin: () => void
  onPeople: () => void
  onSearch: () => void
  onSettings: () => void
}

/** All conversations, and the ways to new ones. */
export function Sidebar(props: SidebarProps): ReactNode {
  const { conversations, requests, selected, isScreen, whenEmpty, onSelect, onNewGroup, onJoin, onPeople, onSearch, onSettings } = props
  const me = useMe()
  const Frame = isScreen ? 'main' : 'div'
  return (
    <Frame className="sidebar">
      <header className="sidebar-header">
        <Brand />
        <h1>Parley</h1>
        <IconButton icon="search" label={t('Search')} aria-keyshortcuts="Control+K" onClick={onSearch} />
        <IconButton icon="members" label={t('People')} onClick={onPeople} />
      </header>
      <div className="sidebar-new">
        <button type="button" className="button button-primary" onClick={onNewGroup}>
          <Icon name="plus" />
          {t('New group')}
        </button>
        <button type="button" className="button" onClick={onJoin}>
          <Icon name="link" />
          {t('Join with a link')}
        </button>
      </div>
      <Requests requests={requests} selected={selected} onSelect={onSelect} />
      <nav className="sidebar-list" aria-label={t('Conversations')}>
        {conversations.length === 0 ? (
          <div className="sidebar-empty">
            {whenEmpty ?? <p>{t('No conversations yet. Start a group, or join one with a link that somebody sent you.')}</p>}
          </div>
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
      <button type="button" className="sidebar-me" onClick={onSettings}>
        <Avatar id={me.id} name={me.name} image={me.avatar} size="medium" />
        <span className="sidebar-me-name">
          <bdi>{nameOf(me)}</bdi>
          <span className="quiet">{t('Settings')}</span>
        </span>
        <Icon name="settings" />
      </button>
    </Frame>
  )
}
