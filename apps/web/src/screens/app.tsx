import { ParleyProvider, useMe, useParley } from '@parley/react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { toast, ToastRegion } from '../components/toasts.tsx'
import { clearPageInvite, pageDeviceLink, pageInvite } from '../engine/page-location.ts'
import type { Session } from '../engine/session.ts'
import { useParleyWords } from '../text/parley-words.ts'
import { t } from '../i18n/translate.ts'
import { UpdateNotice } from '../offline/update-notice.tsx'
import { nameThisDevice } from '../devices/name-device.ts'
import { wordsFor } from '../text/errors.ts'
import { BlockedScreen } from './blocked-screen.tsx'
import { Home } from './home.tsx'
import { JoinScreen } from './join-screen.tsx'
import { useSelection } from './use-selection.ts'
import { WelcomeScreen } from './welcome-screen.tsx'

/** The whole app: what it shows follows from how far the engine is. */
export function App({ session }: { session: Session }): ReactNode {
  const state = useSyncExternalStore(session.state.subscribe, session.state.getSnapshot)
  const words = useParleyWords()
  return (
    <>
      {state.status === 'ready' ? (
        <ParleyProvider parley={state.parley} words={words}>
          <Person session={session} />
        </ParleyProvider>
      ) : (
        <BlockedScreen session={session} state={state} />
      )}
      <UpdateNotice />
      <ToastRegion />
    </>
  )
}

/** First a name, then the invite that the address brought, then home. */
function Person({ session }: { session: Session }): ReactNode {
  const parley = useParley()
  const me = useMe()
  const { invite, dismiss } = usePageInvite()
  const { selected, select } = useSelection(session.profile)

  useEffect(() => {
    if (me.name === '') return
    // Among the devices of a person, and in what others see of them, one without a name is of no help.
    nameThisDevice(parley).catch((error: unknown) => toast(wordsFor(error), 'error'))
  }, [parley, me.name])

  useEffect(() => parley.on('error', (error) => toast(wordsFor(error), 'error')), [parley])

  const [deviceLink] = useState(pageDeviceLink)
  useEffect(() => {
    if (deviceLink === undefined) return
    clearPageInvite()
    if (parley.me.name !== '') toast(t('This browser is somebody’s already. Open the link where you are not known yet.'), 'error')
  }, [deviceLink, parley])

  if (me.name === '') return <WelcomeScreen session={session} invited={invite !== undefined} deviceLink={deviceLink} />
  if (invite !== undefined) {
    const joined = (conversation: Parameters<typeof select>[0]): void => {
      dismiss()
      select(conversation)
    }
    return <JoinScreen invite={invite} onJoined={joined} onDismiss={dismiss} />
  }
  const erase = async (): Promise<void> => {
    await session.erase()
    select(undefined)
  }
  return <Home onErase={erase} selected={selected} onSelect={select} />
}

/** The invite in the address of the page, also when a link is opened in a tab that already runs. */
function usePageInvite(): { invite: string | undefined; dismiss: () => void } {
  const [invite, setInvite] = useState(pageInvite)
  useEffect(() => {
    const read = (): void => setInvite(pageInvite())
    window.addEventListener('hashchange', read)
    return () => window.removeEventListener('hashchange', read)
  }, [])
  const dismiss = (): void => {
    clearPageInvite()
    setInvite(undefined)
  }
  return { invite, dismiss }
}
