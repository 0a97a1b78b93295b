import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Brand } from '../components/brand.tsx'
import { useFocusFirst } from '../components/use-focus-first.ts'
import { anotherPersonUrl } from '../engine/page-location.ts'
import type { Session, SessionState } from '../engine/session.ts'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { BecomingScreen } from './becoming-screen.tsx'

/** Shorter starts show nothing at all, so that nothing flashes. */
const QUIET_START_MS = 400

type NotReady = Exclude<SessionState, { status: 'ready' }>

/** The engine is not there: still starting, or it cannot, with a way out of each. */
export function BlockedScreen({ session, state }: { session: Session; state: NotReady }): ReactNode {
  switch (state.status) {
    case 'starting':
      return <Starting />
    case 'becoming':
      return <BecomingScreen state={state} />
    case 'locked':
      return <Locked session={session} />
    case 'no-storage':
    case 'failed':
      return <Failed session={session} state={state} />
  }
}

function Starting(): ReactNode {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), QUIET_START_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <main className="card-screen" aria-busy="true">
      {slow && (
        <div className="starting">
          <Brand large />
          <output>{t('Opening your conversations…')}</output>
        </div>
      )}
    </main>
  )
}

function Locked({ session }: { session: Session }): ReactNode {
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  // Coming back to this tab is what people do after closing the other one.
  useEffect(() => {
    const retry = (): void => {
      if (document.visibilityState === 'visible') void session.start()
    }
    document.addEventListener('visibilitychange', retry)
    return () => document.removeEventListener('visibilitychange', retry)
  }, [session])
  return (
    <main ref={screen} className="card-screen">
      <div className="card stack">
        <Brand large />
        <h1>{t('Parley is open in another tab')}</h1>
        <p>{t('Your conversations live in one tab at a time. Go on there, or close it and use this one.')}</p>
        <button type="button" className="button button-primary button-large" onClick={() => void session.start()} data-focus-first>
          {t('Use this tab')}
        </button>
        <button type="button" className="button button-large" onClick={() => location.assign(anotherPersonUrl())}>
          {t('Open as another person')}
        </button>
      </div>
    </main>
  )
}

function Failed({ session, state }: { session: Session; state: Extract<NotReady, { error: Error }> }): ReactNode {
  const [asked, setAsked] = useState(false)
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  const noStorage = state.status === 'no-storage'
  return (
    <main ref={screen} className="card-screen">
      <div className="card stack" role="alert">
        <Brand large />
        <h1>{noStorage ? t('Nothing can be kept here') : t('Parley could not start')}</h1>
        <p>{wordsFor(state.error)}</p>
        {noStorage && <p className="quiet">{t('A private window, blocked site data and a full disk are the usual reasons.')}</p>}
        <button type="button" className="button button-primary button-large" onClick={() => void session.start()} data-focus-first>
          {t('Try again')}
        </button>
        {asked ? (
          <>
            <p>
              {t(
                'Everything that this profile holds in this browser is erased: your identity, your groups, your messages. Other people keep what they have.',
              )}
            </p>
            <button type="button" className="button button-danger button-large" onClick={() => void session.startOver()}>
              {t('Erase and start over')}
            </button>
          </>
        ) : (
          <button type="button" className="button button-large" onClick={() => setAsked(true)}>
            {t('Start over…')}
          </button>
        )}
      </div>
    </main>
  )
}
