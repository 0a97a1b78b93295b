import type { User } from '@parley/chat'
import { useParley } from '@parley/react'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { CopyButton } from '../components/copy-button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { wordsFor } from '../text/errors.ts'
import { nameOf } from '../text/people.ts'

/** A number that two people compare, to know that nobody stands between them. */
export function SafetyDialog({ person, onClose }: { person: Pick<User, 'id' | 'name'>; onClose: () => void }): ReactNode {
  const parley = useParley()
  const [number, setNumber] = useState('')
  const [error, setError] = useState('')
  useEffect(() => {
    let wanted = true
    parley.safetyNumber(person.id).then(
      (found) => wanted && setNumber(found),
      (thrown: unknown) => wanted && setError(wordsFor(thrown)),
    )
    return () => {
      wanted = false
    }
  }, [parley, person.id])
  const groups = number.match(/\d{5}/g) ?? []
  return (
    <Dialog title={t('Safety number')} onClose={onClose}>
      <div className="stack">
        <p>
          {rich(
            'Compare these digits with {name}: side by side, or read aloud on the phone. When they are the same on both sides, nobody has put themselves between you.',
            { name: <bdi className="strong">{nameOf(person)}</bdi> },
          )}
        </p>
        {error === '' ? (
          <ol className="safety-number" aria-label={t('Safety number')} aria-busy={number === ''}>
            {groups.map((group, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- a group is its place.
              <li key={`${index} ${group}`}>{group}</li>
            ))}
          </ol>
        ) : (
          <p role="alert">{error}</p>
        )}
        <p className="quiet">
          {t(
            'It stays the same on all your devices and theirs. When it differs, do not write anything secret, and ask for their card in person.',
          )}
        </p>
        <div className="dialog-actions">
          <CopyButton
            text={groups.join(' ')}
            label={t('Copy number')}
            done={t('Number copied')}
            announced={t('The safety number is on the clipboard')}
          />
        </div>
      </div>
    </Dialog>
  )
}
