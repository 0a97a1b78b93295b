import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { toast } from '../components/toasts.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { nameOf } from '../text/people.ts'

/** For a card that was sent as text. */
export function AddContactDialog({ onAdded, onClose }: { onAdded: () => void; onClose: () => void }): ReactNode {
  const parley = useParley()
  const [card, setCard] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const add = async (): Promise<void> => {
    setBusy(true)
    try {
      const contact = await parley.addContact(card.trim())
      toast(t('{name} is among your contacts now.', { name: nameOf(contact) }))
      onAdded()
    } catch (thrown) {
      setError(wordsFor(thrown))
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('Add somebody by their card')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (card.trim() !== '') void add()
        }}
      >
        <Field
          label={t('Their card')}
          value={card}
          onChange={(value) => {
            setCard(value)
            setError('')
          }}
          error={error}
          autoComplete="off"
          spellCheck={false}
          hint={t('They find it in Parley under People, Your card.')}
          data-focus-first
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || card.trim() === ''}>
            {t('Add')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
