import { useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Avatar } from '../components/avatar.tsx'
import { Brand } from '../components/brand.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { useFocusFirst } from '../components/use-focus-first.ts'
import { MAX_NAME_LENGTH } from '../dialogs/profile-dialog.tsx'
import { rename, useMe, useParley } from '../engine/use-parley.tsx'

/** The first visit: a name, and that is all. */
export function WelcomeScreen({ invited }: { invited: boolean }): ReactNode {
  const parley = useParley()
  const me = useMe()
  const [name, setName] = useState('')
  const { run, busy } = useAction()
  const screen = useRef<HTMLElement>(null)
  useFocusFirst(screen)
  return (
    <main ref={screen} className="card-screen">
      <form
        className="card stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') void run(() => rename(parley, name.trim()))
        }}
      >
        <Brand large />
        <h1>Welcome to Parley</h1>
        <p>
          {invited
            ? 'Somebody invited you to a group. Say who you are, and go in.'
            : 'Talk with the people you invite, from device to device. No account, and no server that could read along.'}
        </p>
        <div className="welcome-name">
          <Avatar id={me.id} name={name} size="large" />
          <Field
            label="Your name"
            value={name}
            onChange={setName}
            maxLength={MAX_NAME_LENGTH}
            autoComplete="nickname"
            hint="You can change it at any time."
            data-focus-first
          />
        </div>
        <button type="submit" className="button button-primary button-large" disabled={busy || name.trim() === ''}>
          Continue
        </button>
      </form>
    </main>
  )
}
