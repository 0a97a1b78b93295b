import type { Conversation, User } from '@parley/chat'
import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { useContacts } from '../engine/use-contacts.ts'
import { t } from '../i18n/translate.ts'
import { nameOf } from '../text/people.ts'

export const MAX_TITLE_LENGTH = 100

interface NewGroupDialogProps {
  onClose: () => void
  onCreated: (conversation: Conversation) => void
}

/** A title is all that a group needs; contacts can be in it from the beginning. */
export function NewGroupDialog({ onClose, onCreated }: NewGroupDialogProps): ReactNode {
  const parley = useParley()
  const contacts = useContacts().filter(({ isBlocked }) => !isBlocked)
  const [title, setTitle] = useState('')
  const [members, setMembers] = useState<readonly User['id'][]>([])
  const { run, busy } = useAction()
  const create = (): Promise<boolean> => run(async () => onCreated(await parley.createGroup({ title: title.trim(), members })))
  return (
    <Dialog title={t('New group')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (title.trim() !== '') void create()
        }}
      >
        <Field
          label={t('Title')}
          value={title}
          onChange={setTitle}
          maxLength={MAX_TITLE_LENGTH}
          autoComplete="off"
          placeholder={t('Harbour walk')}
          hint={t('You invite people in the next step.')}
          data-focus-first
        />
        {contacts.length > 0 && (
          <fieldset className="contacts">
            <legend>{t('Add your contacts')}</legend>
            {contacts.map((contact) => (
              <label key={contact.id} className="contact">
                <Avatar id={contact.id} name={contact.name} image={contact.avatar} size="small" />
                <bdi className="contact-name">{nameOf(contact)}</bdi>
                <input
                  type="checkbox"
                  name="members"
                  checked={members.includes(contact.id)}
                  onChange={(event) =>
                    setMembers(event.target.checked ? [...members, contact.id] : members.filter((member) => member !== contact.id))
                  }
                />
              </label>
            ))}
          </fieldset>
        )}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || title.trim() === ''}>
            {t('Create group')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
