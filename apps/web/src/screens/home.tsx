import type { Conversation } from '@parley/chat'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import { Icon } from '../components/icon.tsx'
import { PHONE, useMediaQuery } from '../components/use-media-query.ts'
import { InviteDialog } from '../dialogs/invite-dialog.tsx'
import { JoinDialog } from '../dialogs/join-dialog.tsx'
import { NewGroupDialog } from '../dialogs/new-group-dialog.tsx'
import { ProfileDialog } from '../dialogs/profile-dialog.tsx'
import { useConversations } from '../engine/use-conversations.ts'
import { AddContactDialog } from '../people/add-contact-dialog.tsx'
import { CardDialog } from '../people/card-dialog.tsx'
import { PeopleDialog } from '../people/people-dialog.tsx'
import { Sidebar } from '../sidebar/sidebar.tsx'
import { ConversationScreen } from './conversation-screen.tsx'

interface HomeProps {
  selected: Conversation | undefined
  onSelect: (conversation: Conversation | undefined) => void
}

type Open =
  | { readonly kind: 'new-group' | 'join' | 'profile' | 'people' | 'card' | 'add-contact' }
  | { readonly kind: 'invite'; readonly conversation: Conversation }

/** The list beside the open conversation; on a phone one of the two. */
export function Home({ selected, onSelect }: HomeProps): ReactNode {
  const { conversations, requests, unread } = useConversations()
  const [open, setOpen] = useState<Open>()
  const phone = useMediaQuery(PHONE)
  const close = (): void => setOpen(undefined)
  const back = useCallback(() => onSelect(undefined), [onSelect])

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley'
  }, [unread])

  return (
    <div className={selected === undefined ? 'home' : 'home home-chatting'}>
      {(!phone || selected === undefined) && (
        <Sidebar
          conversations={conversations}
          requests={requests}
          selected={selected}
          onSelect={onSelect}
          onNewGroup={() => setOpen({ kind: 'new-group' })}
          onJoin={() => setOpen({ kind: 'join' })}
          onPeople={() => setOpen({ kind: 'people' })}
          onProfile={() => setOpen({ kind: 'profile' })}
        />
      )}
      {selected !== undefined ? (
        <ConversationScreen
          key={selected.getId()}
          conversation={selected}
          onBack={back}
          onInvite={() => setOpen({ kind: 'invite', conversation: selected })}
          onSelect={onSelect}
        />
      ) : (
        !phone && <NothingOpen empty={conversations.length === 0} onNewGroup={() => setOpen({ kind: 'new-group' })} />
      )}
      {open?.kind === 'profile' && <ProfileDialog onClose={close} />}
      {open?.kind === 'invite' && <InviteDialog conversation={open.conversation} onClose={close} />}
      {open?.kind === 'card' && <CardDialog onClose={close} />}
      {open?.kind === 'add-contact' && <AddContactDialog onAdded={() => setOpen({ kind: 'people' })} onClose={close} />}
      {open?.kind === 'people' && (
        <PeopleDialog
          onCard={() => setOpen({ kind: 'card' })}
          onAdd={() => setOpen({ kind: 'add-contact' })}
          onSelect={(conversation) => {
            close()
            onSelect(conversation)
          }}
          onClose={close}
        />
      )}
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
          <p className="quiet">
            Create a group and send its link to somebody, or add people by their card. Everything stays between your devices.
          </p>
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
