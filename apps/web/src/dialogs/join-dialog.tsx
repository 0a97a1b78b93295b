import type { Conversation } from '@parley/chat'
import { useParley } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'

/** For a link that was sent as text. */
export function JoinDialog({ onClose, onJoined }: { onClose: () => void; onJoined: (conversation: Conversation) => void }): ReactNode {
  const parley = useParley()
  const [link, setLink] = useState('')
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const join = async (): Promise<void> => {
    setBusy(true)
    try {
      onJoined(await parley.join(link.trim()))
    } catch (thrown) {
      setError(wordsFor(thrown))
      setBusy(false)
    }
  }
  const change = (value: string): void => {
    setLink(value)
    setError('')
  }
  return (
    <Dialog title={t('Join with a link')} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (link.trim() !== '') void join()
        }}
      >
        <Field
          label={t('Invite link')}
          value={link}
          onChange={change}
          error={error}
          autoComplete="off"
          spellCheck={false}
          placeholder="https://…#…"
          hint={t('Somebody in the group sent it to you.')}
          data-focus-first
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="submit" className="button button-primary" disabled={busy || link.trim() === ''}>
            {t('Join group')}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
