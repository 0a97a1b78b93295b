import type { Conversation } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { useAction } from '../components/use-action.ts'
import { useParley } from '../engine/use-parley.tsx'

export const MAX_TITLE_LENGTH = 100

/** A title is all that a group needs. */
export function NewGroupDialog({
  onClose,
  onCreated,
}: {
  onClose: () => void
  onCreated: (conversation: Conversation) => void
}): ReactNode {
  const parley = useParley()
  const [title, setTitle] = useState('')
  const { run, busy } = useAction()
  const create = (): Promise<boolean> => run(async () => onCreated(await parley.createGroup({ title: title.trim() })))
  return (
    <Dialog title="New group" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (title.trim() !== '') void create()
        }}
      >
        <Field
          label="Title"
          value={title}
          onChange={setTitle}
          maxLength={MAX_TITLE_LENGTH}
          autoComplete="off"
          placeholder="Harbour walk"
          hint="You invite people in the next step."
          data-focus-first
        />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={busy || title.trim() === ''}>
            Create group
          </button>
        </div>
      </form>
    </Dialog>
  )
}
