import { useMe, useParley } from '@parley/react'
import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Brand } from '../components/brand.tsx'
import { Field } from '../components/field.tsx'
import { Icon } from '../components/icon.tsx'
import { useAction } from '../components/use-action.ts'
import { useFocusFirst } from '../components/use-focus-first.ts'
import type { Session } from '../engine/session.ts'
import { t } from '../i18n/translate.ts'
import { MAX_NAME_LENGTH } from '../settings/profile-section.tsx'
import { OtherDeviceScreen } from './other-device-screen.tsx'

interface WelcomeScreenProps {
  session: Session
  /** Whether an invite brought them here. */
  invited: boolean
  /** The link code of another device of theirs, if one did. */
  deviceLink: string | undefined
}

/** The first visit: a name, and that is all; or the way in for those who have Parley elsewhere. */
export function WelcomeScreen({ session, invited, deviceLink }: WelcomeScreenProps): ReactNode {
  const parley = useParley()
  const me = useMe()
  const [name, setName] = useState('')
  const [elsewhere, setElsewhere] = useState(deviceLink !== undefined)
  const { run, busy } = useAction()
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  if (elsewhere) return <OtherDeviceScreen session={session} link={deviceLink} onBack={() => setElsewhere(false)} />
  return (
    <main ref={screen} className="card-screen">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() === '') screen.current?.querySelector('input')?.focus()
          else void run(() => parley.setProfile({ name: name.trim() }))
        }}
      >
        <Brand large />
        <h1>{t('Welcome to Parley')}</h1>
        <p>
          {invited
            ? t('Somebody invited you to a group. Say who you are, and go in.')
            : t('Talk with the people you invite, from device to device.')}
        </p>
        {!invited && (
          <ul className="welcome-points">
            <li>
              <Icon name="shield" />
              {t('Only those who take part can read it. No server reads along.')}
            </li>
            <li>
              <Icon name="device" />
              {t('Kept on this device, and there without a network too.')}
            </li>
            <li>
              <Icon name="person" />
              {t('No account, no phone number, no e-mail address.')}
            </li>
          </ul>
        )}
        <div className="welcome-name">
          <Avatar id={me.id} name={name} size="large" />
          <Field
            label={t('Your name')}
            value={name}
            onChange={setName}
            maxLength={MAX_NAME_LENGTH}
            autoComplete="nickname"
            hint={t('You can change it at any time.')}
            data-focus-first
          />
        </div>
        <button type="submit" className="button button-primary button-large" disabled={busy}>
          {t('Continue')}
        </button>
        {!invited && (
          <button type="button" className="text-button welcome-elsewhere" onClick={() => setElsewhere(true)}>
            {t('I use Parley already, or did')}
          </button>
        )}
      </form>
    </main>
  )
}
