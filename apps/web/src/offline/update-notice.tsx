import { useState, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { update } from './updates.ts'

/** A new version of the page waits until the person has time for it. */
export function UpdateNotice(): ReactNode {
  const take = useSyncExternalStore(update.subscribe, update.getSnapshot)
  const [later, setLater] = useState<typeof take>()
  if (take === undefined || take === later) return null
  return (
    <aside className="update-notice" aria-label={t('New version')}>
      <p>
        <strong>{t('A new version of Parley is ready.')}</strong> {t('Taking it reloads the page; nothing that you wrote is lost.')}
      </p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => setLater(() => take)}>
          {t('Later')}
        </button>
        <button type="button" className="button button-primary" onClick={take}>
          {t('Use it now')}
        </button>
      </div>
    </aside>
  )
}
