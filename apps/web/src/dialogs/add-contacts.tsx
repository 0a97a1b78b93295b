import type { Conversation } from '@parley/chat'
import { useConversation } from '@parley/react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { useAction } from '../components/use-action.ts'
import { addMember } from '../engine/actions.ts'
import { useContacts } from '../engine/use-contacts.ts'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'

/** People whom one knows can be added without a link. */
export function AddContacts({ conversation }: { conversation: Conversation }): ReactNode {
  const contacts = useContacts()
  const { members } = useConversation(conversation)
  const { run, busy } = useAction()
  const missing = contacts.filter((contact) => !contact.isBlocked && !members.some(({ id }) => id === contact.id))
  if (missing.length === 0) return null
  return (
    <section>
      <h3>{t('Your contacts')}</h3>
      <ul className="contacts" aria-label={t('Contacts who are not here')}>
        {missing.map((contact) => (
          <li key={contact.id} className="contact">
            <Avatar id={contact.id} name={contact.name} image={contact.avatar} size="small" />
            <bdi className="contact-name">{nameOf(contact)}</bdi>
            <button
              type="button"
              className="button"
              disabled={busy}
              aria-label={t('Add {name}', { name: nameOf(contact) })}
              onClick={() => void run(() => addMember(conversation, contact.id))}
            >
              {t('Add')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
