import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { rename, useMe, useParley } from '../engine/use-parley.tsx'

/** Longer names are cut by nobody, but nobody reads them either. */
export const MAX_NAME_LENGTH = 60

/** Who am I: the name that others see, and the id that stays. */
export function ProfileDialog({ onClose }: { onClose: () => void }): ReactNode {
  const parley = useParley()
  const me = useMe()
  const [name, setName] = useState(me.name)
  const { run, busy } = useAction()
  const save = async (): Promise<void> => {
    if (await run(() => rename(parley, name.trim()))) onClose()
  }
  return (
    <Dialog title="Your profile" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <Field
          label="Your name"
          value={name}
          onChange={setName}
          maxLength={MAX_NAME_LENGTH}
          autoComplete="nickname"
          hint="Members of your groups see it."
        />
        <Field label="Your id" value={me.id} readOnly hint="Made on this device. Names can be alike, ids cannot." />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={busy || name.trim() === ''}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}
