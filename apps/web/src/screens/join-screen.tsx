import type { Conversation } from '@parley/chat'
import { useMe, useParley } from '@parley/react'
import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Brand } from '../components/brand.tsx'
import { useFocusFirst } from '../components/use-focus-first.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { wordsFor } from '../text/errors.ts'

interface JoinScreenProps {
  invite: string
  onJoined: (conversation: Conversation) => void
  onDismiss: () => void
}

/** An invite link was opened: nothing is sent to anybody before the person says so. */
export function JoinScreen({ invite, onJoined, onDismiss }: JoinScreenProps): ReactNode {
  const parley = useParley()
  const me = useMe()
  const [error, setError] = useState('')
  const [busy, setBusy] = useState(false)
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)

  const join = async (): Promise<void> => {
    setBusy(true)
    try {
      onJoined(await parley.join(invite))
    } catch (thrown) {
      setError(wordsFor(thrown))
      setBusy(false)
    }
  }
  if (error !== '') return <BrokenInvite error={error} onDismiss={onDismiss} />
  return (
    <main ref={screen} className="card-screen">
      <div className="card stack">
        <Brand large />
        <h1>{t('You are invited to a group')}</h1>
        <p>{t('If you join, its members see your name, and you can read and write with them.')}</p>
        <p className="card-person">
          <Avatar id={me.id} name={me.name} image={me.avatar} />
          <span>{rich('You join as {name}', { name: <bdi className="strong">{me.name}</bdi> })}</span>
        </p>
        <button type="button" data-focus-first className="button button-primary button-large" disabled={busy} onClick={() => void join()}>
          {t('Join group')}
        </button>
        <button type="button" className="button button-large" onClick={onDismiss}>
          {t('Not now')}
        </button>
      </div>
    </main>
  )
}

function BrokenInvite({ error, onDismiss }: { error: string; onDismiss: () => void }): ReactNode {
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  return (
    <main ref={screen} className="card-screen">
      <div className="card stack" role="alert">
        <Brand large />
        <h1>{t('This invite does not work')}</h1>
        <p>{error}</p>
        <button type="button" className="button button-primary button-large" data-focus-first onClick={onDismiss}>
          {t('Go to your conversations')}
        </button>
      </div>
    </main>
  )
}
