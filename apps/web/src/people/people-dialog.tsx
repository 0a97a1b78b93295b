import type { Conversation } from '@parley/chat'
import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Icon } from '../components/icon.tsx'
import { MenuButton } from '../components/menu.tsx'
import { useAction } from '../components/use-action.ts'
import { SafetyDialog } from '../devices/safety-dialog.tsx'
import { BlockPersonDialog } from '../dialogs/block-dialog.tsx'
import type { Contact } from '../engine/types.ts'
import { useContacts } from '../engine/use-contacts.ts'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'

interface PeopleDialogProps {
  onCard: () => void
  onAdd: () => void
  onSelect: (conversation: Conversation) => void
  onClose: () => void
}

/** Whom this person knows, and the ways to know more people. */
export function PeopleDialog({ onCard, onAdd, onSelect, onClose }: PeopleDialogProps): ReactNode {
  const contacts = useContacts()
  const [blocking, setBlocking] = useState<Contact>()
  const [comparing, setComparing] = useState<Contact>()
  return (
    <Dialog title={t('People')} onClose={onClose}>
      <div className="stack">
        <div className="people-ways">
          <button type="button" className="button" onClick={onCard}>
            <Icon name="card" />
            {t('Your card')}
          </button>
          <button type="button" className="button button-primary" onClick={onAdd}>
            <Icon name="plus" />
            {t('Add by card')}
          </button>
        </div>
        {contacts.length === 0 ? (
          <p className="quiet">
            {t('Nobody yet. Exchange cards with somebody, and you can write to each other alone or add each other to groups.')}
          </p>
        ) : (
          <ul className="contacts" aria-label={t('Contacts')}>
            {contacts.map((contact) => (
              <ContactRow
                key={contact.id}
                contact={contact}
                onSelect={onSelect}
                onBlock={() => setBlocking(contact)}
                onSafety={() => setComparing(contact)}
              />
            ))}
          </ul>
        )}
      </div>
      {comparing !== undefined && <SafetyDialog person={comparing} onClose={() => setComparing(undefined)} />}
      {blocking !== undefined && <BlockPersonDialog person={blocking} onClose={() => setBlocking(undefined)} />}
    </Dialog>
  )
}

interface ContactRowProps {
  contact: Contact
  onSelect: (conversation: Conversation) => void
  onBlock: () => void
  onSafety: () => void
}

function ContactRow({ contact, onSelect, onBlock, onSafety }: ContactRowProps): ReactNode {
  const parley = useParley()
  const { run, busy } = useAction()
  const { id, name, avatar, isBlocked } = contact
  return (
    <li className="contact">
      <Avatar id={id} name={name} image={avatar} size="medium" />
      <span className="contact-name">
        <bdi>{nameOf(contact)}</bdi>
        {isBlocked && <span className="quiet"> {t('Blocked')}</span>}
      </span>
      <button
        type="button"
        className="button"
        disabled={busy || isBlocked}
        aria-label={t('Write to {name}', { name: nameOf(contact) })}
        onClick={() => void run(async () => onSelect(await parley.createConversation({ with: id })))}
      >
        <Icon name="send" />
        {t('Write')}
      </button>
      <MenuButton
        icon="more"
        label={t('About {name}', { name: nameOf(contact) })}
        items={[
          { icon: 'shield', label: t('Safety number'), onSelect: onSafety },
          isBlocked
            ? { icon: 'eye', label: t('Unblock'), onSelect: () => void run(() => parley.unblock(id)) }
            : { icon: 'block', label: t('Block'), onSelect: onBlock },
          { icon: 'trash', label: t('Remove from contacts'), danger: true, onSelect: () => void run(() => parley.removeContact(id)) },
        ]}
      />
    </li>
  )
}
