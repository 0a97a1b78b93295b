import { isParleyError } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Switch } from '../components/switch.tsx'
import { toast } from '../components/toasts.tsx'
import { useDevices } from '../engine/use-devices.ts'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'

interface EraseDialogProps {
  /** Ends the page as it is: the next thing to be seen is the first visit. */
  onErase: () => Promise<void>
  onClose: () => void
}

/** Erasing oneself from this browser: what it means, and a confirmation of its own. */
export function EraseDialog({ onErase, onClose }: EraseDialogProps): ReactNode {
  const { active, recovery } = useDevices()
  const [isSure, setSure] = useState(false)
  const [busy, setBusy] = useState(false)
  const erase = async (): Promise<void> => {
    setBusy(true)
    try {
      await onErase()
    } catch (thrown) {
      toast(
        isParleyError(thrown, 'ProfileLocked') ? t('Parley is open in another tab. Close it first; nothing was erased.') : wordsFor(thrown),
        'error',
      )
    }
  }
  return (
    <Dialog title={t('Delete everything here?')} role="alertdialog" onClose={onClose}>
      <div className="stack">
        <p>
          {t(
            'Your identity, your conversations, your messages and files are erased from this browser. Nobody can bring them back here, and it cannot be undone.',
          )}
        </p>
        <p>{returnWords(active.length > 1, recovery !== undefined)}</p>
        <p className="quiet">
          {t('Others keep what you wrote, and go on seeing you among their members. To be gone there too, leave your groups first.')}
        </p>
        <Switch label={t('Yes, delete all of it')} on={isSure} disabled={busy} onChange={setSure} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose} data-focus-first>
            {t('Cancel')}
          </button>
          <button type="button" className="button button-danger" disabled={!isSure || busy} onClick={() => void erase()}>
            {t('Delete everything')}
          </button>
        </div>
      </div>
    </Dialog>
  )
}

/** Whether there is a way back for this person, and which. */
function returnWords(hasOthers: boolean, hasPhrase: boolean): string {
  if (hasOthers) return t('Your other devices go on without this one, and keep your conversations.')
  return hasPhrase
    ? t('This is your only device. Your 24 words can bring back what other members still hold.')
    : t('This is your only device and you have no recovery phrase: nobody can be you again afterwards.')
}
