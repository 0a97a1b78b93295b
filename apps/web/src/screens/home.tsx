import type { Conversation } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import { Icon } from '../components/icon.tsx'
import { PHONE, useMediaQuery } from '../components/use-media-query.ts'
import { InviteDialog } from '../dialogs/invite-dialog.tsx'
import { JoinDialog } from '../dialogs/join-dialog.tsx'
import { NewGroupDialog } from '../dialogs/new-group-dialog.tsx'
import { ProfileDialog } from '../dialogs/profile-dialog.tsx'
import { useConversations } from '../engine/use-conversations.ts'
import { Sidebar } from '../sidebar/sidebar.tsx'
import { ConversationScreen } from './conversation-screen.tsx'

interface HomeProps {
  selected: Conversation | undefined
  onSelect: (conversation: Conversation | undefined) => void
}

type Open = { readonly kind: 'new-group' | 'join' | 'profile' } | { readonly kind: 'invite'; readonly conversation: Conversation }

/** The list beside the open conversation; on a phone one of the two. */
export function Home({ selected, onSelect }: HomeProps): ReactNode {
  const { conversations, unread } = useConversations()
  const [open, setOpen] = useState<Open>()
  const phone = useMediaQuery(PHONE)
  const close = (): void => setOpen(undefined)

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley'
  }, [unread])

  return (
    <div className={selected === undefined ? 'home' : 'home home-chatting'}>
      {(!phone || selected === undefined) && (
        <Sidebar
          conversations={conversations}
          selected={selected}
          onSelect={onSelect}
          onNewGroup={() => setOpen({ kind: 'new-group' })}
          onJoin={() => setOpen({ kind: 'join' })}
          onProfile={() => setOpen({ kind: 'profile' })}
        />
      )}
      {selected !== undefined ? (
        <ConversationScreen
          key={selected.getId()}
          conversation={selected}
          onBack={() => onSelect(undefined)}
          onInvite={() => setOpen({ kind: 'invite', conversation: selected })}
        />
      ) : (
        !phone && <NothingOpen empty={conversations.length === 0} onNewGroup={() => setOpen({ kind: 'new-group' })} />
      )}
      {open?.kind === 'profile' && <ProfileDialog onClose={close} />}
      {open?.kind === 'invite' && <InviteDialog conversation={open.conversation} onClose={close} />}
      {open?.kind === 'join' && (
        <JoinDialog
          onClose={close}
          onJoined={(conversation) => {
            close()
            onSelect(conversation)
          }}
        />
      )}
      {open?.kind === 'new-group' && (
        <NewGroupDialog
          onClose={close}
          onCreated={(conversation) => {
            onSelect(conversation)
            setOpen({ kind: 'invite', conversation })
          }}
        />
      )}
    </div>
  )
}

function NothingOpen({ empty, onNewGroup }: { empty: boolean; onNewGroup: () => void }): ReactNode {
  return (
    <main className="nothing-open">
      <Brand large />
      {empty ? (
        <>
          <h2>Start your first conversation</h2>
          <p className="quiet">Create a group, send its link to somebody, and talk. Everything stays between your devices.</p>
          <button type="button" className="button button-primary" onClick={onNewGroup}>
            <Icon name="plus" />
            Create a group
          </button>
        </>
      ) : (
        <p className="quiet">Choose a conversation on the left.</p>
      )}
    </main>
  )
}
