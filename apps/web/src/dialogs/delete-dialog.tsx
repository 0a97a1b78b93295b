import type { Conversation, Message } from '@parley/chat'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { useAction } from '../components/use-action.ts'
import { deleteMessage } from '../engine/actions.ts'

interface DeleteDialogProps {
  conversation: Conversation
  message: Message
  onClose: () => void
  onDeleted: () => void
}

/** Deleting cannot be undone, so it is asked first, and Cancel has the focus. */
export function DeleteDialog({ conversation, message, onClose, onDeleted }: DeleteDialogProps): ReactNode {
  const { run, busy } = useAction()
  const remove = async (): Promise<void> => {
    if (!(await run(() => deleteMessage(conversation, message.id)))) return
    onDeleted()
    onClose()
  }
  return (
    <Dialog title="Delete this message?" role="alertdialog" onClose={onClose}>
      <div className="stack">
        <blockquote className="quote">
          <span className="quote-text" dir="auto">
            {message.text}
          </span>
        </blockquote>
        <p>It is removed here now, and on every other member’s device as soon as it hears of it. This cannot be undone.</p>
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose} data-focus-first>
            Cancel
          </button>
          <button type="button" className="button button-danger" disabled={busy} onClick={() => void remove()}>
            Delete
          </button>
        </div>
      </div>
    </Dialog>
  )
}
