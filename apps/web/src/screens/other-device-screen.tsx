import { useId, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import { Field } from '../components/field.tsx'
import { toast } from '../components/toasts.tsx'
import { useFocusFirst } from '../components/use-focus-first.ts'
import { deviceLinkIn } from '../engine/page-location.ts'
import type { Session } from '../engine/session.ts'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'

/** Words of a recovery phrase. */
const WORDS = 24

interface OtherDeviceScreenProps {
  session: Session
  /** The link code that the address brought. */
  link: string | undefined
  onBack: () => void
}

/** Somebody who has Parley elsewhere comes in as themselves: by a link from a device of theirs, or by the words on their paper. */
export function OtherDeviceScreen({ session, link, onBack }: OtherDeviceScreenProps): ReactNode {
  const [by, setBy] = useState<'link' | 'words'>('link')
  const [given, setGiven] = useState(link ?? '')
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  const wordsId = useId()
  const count = given.trim() === '' ? 0 : given.trim().split(/\s+/).length
  const isReady = by === 'link' ? given.trim() !== '' : count === WORDS
  const begin = async (): Promise<void> => {
    const failure = await session.become(
      by === 'link' ? { link: deviceLinkIn(given) ?? given.trim() } : { recover: given.trim().toLowerCase() },
    )
    if (failure !== undefined) toast(wordsFor(failure), 'error')
  }
  const change = (to: typeof by): void => {
    setBy(to)
    setGiven('')
  }
  return (
    <main ref={screen} className="card-screen">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) void begin()
        }}
      >
        <Brand large />
        {by === 'link' ? (
          <>
            <h1>{t('Add this device to yours')}</h1>
            <p>{t('On a device where you have Parley, open Settings, Devices, Add a device, and bring the link from there to here.')}</p>
            <Field
              label={t('Link from your other device')}
              value={given}
              onChange={setGiven}
              autoComplete="off"
              spellCheck={false}
              hint={t('Both devices then show six digits to compare.')}
              data-focus-first
            />
          </>
        ) : (
          <>
            <h1>{t('Come back with your words')}</h1>
            <p>{t('Type the 24 words from your paper. Parley finds your conversations again as soon as somebody of them is online.')}</p>
            <div className="field">
              <label htmlFor={wordsId}>{t('Your 24 words')}</label>
              <textarea
                id={wordsId}
                className="words-field"
                value={given}
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                onChange={({ target }) => setGiven(target.value)}
              />
              <p className="field-hint">{t('{done} of {total}', { done: count, total: WORDS })}</p>
            </div>
          </>
        )}
        <button type="submit" className="button button-primary button-large" disabled={!isReady}>
          {t('Continue')}
        </button>
        <button type="button" className="button button-large" onClick={() => change(by === 'link' ? 'words' : 'link')}>
          {by === 'link' ? t('I have 24 words on paper') : t('I have another device at hand')}
        </button>
        <button type="button" className="button button-large" onClick={onBack}>
          {t('Back')}
        </button>
      </form>
    </main>
  )
}
