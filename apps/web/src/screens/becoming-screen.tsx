import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import type { SessionState } from '../engine/session.ts'
import { t } from '../i18n/translate.ts'
import { shortCodeWords } from '../text/devices.ts'

/** Whoever is there answers within seconds; after this it is fair to say that nobody is. */
const LONG_MS = 120_000

/** This device is on its way to being one of somebody's. */
export function BecomingScreen({ state }: { state: Extract<SessionState, { status: 'becoming' }> }): ReactNode {
  return (
    <main className="card-screen">
      <div className="card stack">
        <Brand large />
        {state.how === 'recover' ? (
          <Recovering />
        ) : state.code === undefined ? (
          <>
            <h1>{t('Reaching your other device')}</h1>
            <output>{t('Keep Parley open there.')}</output>
          </>
        ) : (
          <>
            <h1>{t('Compare the digits')}</h1>
            <p>{t('Your other device shows six digits too. When they are the same, say so there.')}</p>
            <output className="short-code" aria-label={t('Digits to compare')}>
              {shortCodeWords(state.code)}
            </output>
          </>
        )}
        <button type="button" className="button button-large" onClick={state.cancel}>
          {t('Cancel')}
        </button>
      </div>
    </main>
  )
}

/** With no end of its own, for somebody may come online at any time; after a while it says so, and what else can be done. */
function Recovering(): ReactNode {
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <>
      <h1>{isLong ? t('Nobody found yet') : t('Looking for you')}</h1>
      <output>
        {isLong
          ? t(
              'Nobody who knows you is online right now. Ask somebody of a group to open Parley, and leave this page open. Or cancel: the words stay good, and you can try again at any time.',
            )
          : t('Waiting for somebody who knows you: a member of one of your groups, or another device of yours. Leave this page open.')}
      </output>
    </>
  )
}
