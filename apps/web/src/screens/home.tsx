import type { Conversation, Message } from '@parley/chat'
import { useConversations, useParley } from '@parley/react'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { ImportDialog } from '../archive/import-dialog.tsx'
import { Brand } from '../components/brand.tsx'
import { PHONE, useMediaQuery } from '../components/use-media-query.ts'
import { AddDeviceDialog } from '../devices/add-device-dialog.tsx'
import { DevicesDialog } from '../devices/devices-dialog.tsx'
import { RecoveryDialog } from '../devices/recovery-dialog.tsx'
import { InviteDialog } from '../dialogs/invite-dialog.tsx'
import { JoinDialog } from '../dialogs/join-dialog.tsx'
import { NewGroupDialog } from '../dialogs/new-group-dialog.tsx'
import { t } from '../i18n/translate.ts'
import { useLanguage } from '../i18n/words.tsx'
import { notifyOf } from '../notify/notifications.ts'
import { AddContactDialog } from '../people/add-contact-dialog.tsx'
import { CardDialog } from '../people/card-dialog.tsx'
import { PeopleDialog } from '../people/people-dialog.tsx'
import { SearchDialog } from '../search/search-dialog.tsx'
import { EraseDialog } from '../settings/erase-dialog.tsx'
import { SettingsDialog } from '../settings/settings-dialog.tsx'
import { Sidebar } from '../sidebar/sidebar.tsx'
import { ConversationScreen } from './conversation-screen.tsx'
import { FirstSteps } from './first-steps.tsx'

interface HomeProps {
  /** Erases this person from this browser. */
  onErase: () => Promise<void>
  selected: Conversation | undefined
  onSelect: (conversation: Conversation | undefined) => void
}

type Open =
  | {
      readonly kind:
        | 'new-group'
        | 'join'
        | 'settings'
        | 'people'
        | 'card'
        | 'add-contact'
        | 'devices'
        | 'add-device'
        | 'recovery'
        | 'import'
        | 'erase'
    }
  | { readonly kind: 'invite'; readonly conversation: Conversation }
  /** In the open conversation first, or everywhere. */
  | { readonly kind: 'search'; readonly conversation: Conversation | undefined }

/** The list beside the open conversation; on a phone one of the two. */
export function Home({ onErase, selected, onSelect }: HomeProps): ReactNode {
  const { conversations, requests, unread } = useConversations()
  const [open, setOpen] = useState<Open>()
  const [found, setFound] = useState<{ readonly conversation: Conversation; readonly id: Message['id'] }>()
  const parley = useParley()
  const phone = useMediaQuery(PHONE)
  // What remembers how it looked is made anew in another language.
  const language = useLanguage()
  const show = useCallback(
    (conversation: Conversation, id: Message['id']) => {
      setOpen(undefined)
      setFound({ conversation, id })
      onSelect(conversation)
    },
    [onSelect],
  )
  useEffect(() => notifyOf(parley, show), [parley, show])
  const close = (): void => setOpen(undefined)
  const back = useCallback(() => onSelect(undefined), [onSelect])

  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : 'Parley'
  }, [unread])
  useSearchKey(useCallback(() => setOpen((other) => other ?? { kind: 'search', conversation: selected }), [selected]))

  const firstSteps = (
    <FirstSteps onNewGroup={() => setOpen({ kind: 'new-group' })} onAddContact={() => setOpen({ kind: 'add-contact' })} onTry={onSelect} />
  )
  return (
    <div className={selected === undefined ? 'home' : 'home home-chatting'}>
      {(!phone || selected === undefined) && (
        <Sidebar
          key={language}
          conversations={conversations}
          requests={requests}
          selected={selected}
          isScreen={phone}
          whenEmpty={phone ? firstSteps : undefined}
          onSelect={onSelect}
          onNewGroup={() => setOpen({ kind: 'new-group' })}
          onJoin={() => setOpen({ kind: 'join' })}
          onSearch={() => setOpen({ kind: 'search', conversation: undefined })}
          onPeople={() => setOpen({ kind: 'people' })}
          onSettings={() => setOpen({ kind: 'settings' })}
        />
      )}
      {selected !== undefined ? (
        <ConversationScreen
          key={`${selected.getId()} ${language}`}
          conversation={selected}
          found={found?.conversation === selected ? found : undefined}
          onSearch={() => setOpen({ kind: 'search', conversation: selected })}
          onBack={back}
          onInvite={() => setOpen({ kind: 'invite', conversation: selected })}
          onSelect={onSelect}
        />
      ) : (
        !phone && (
          <main className="nothing-open">
            <Brand large />
            {conversations.length === 0 ? firstSteps : <p className="quiet">{t('Choose a conversation on the left.')}</p>}
          </main>
        )
      )}
      {open?.kind === 'settings' && (
        <SettingsDialog
          onDevices={() => setOpen({ kind: 'devices' })}
          onRecovery={() => setOpen({ kind: 'recovery' })}
          onImport={() => setOpen({ kind: 'import' })}
          onErase={() => setOpen({ kind: 'erase' })}
          onClose={close}
        />
      )}
      {open?.kind === 'erase' && <EraseDialog onErase={onErase} onClose={close} />}
      {open?.kind === 'devices' && <DevicesDialog onAdd={() => setOpen({ kind: 'add-device' })} onClose={close} />}
      {open?.kind === 'add-device' && <AddDeviceDialog onClose={close} />}
      {open?.kind === 'import' && (
        <ImportDialog
          onImported={(conversation) => {
            close()
            onSelect(conversation)
          }}
          onClose={close}
        />
      )}
      {open?.kind === 'recovery' && <RecoveryDialog onClose={close} />}
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
      {open?.kind === 'search' && <SearchDialog conversation={open.conversation} onFound={show} onClose={close} />}
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

/** Control and K, or Command and K, begin a search from anywhere. */
function useSearchKey(onSearch: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
      event.preventDefault()
      onSearch()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [onSearch])
}
