import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'

interface ConfirmDialogProps {
  title: string
  /** What will happen, and whether it can be undone. */
  children: ReactNode
  /** The word on the button that does it. */
  confirm: string
  work: () => Promise<void>
  /** After it worked, together with `onClose`. */
  onDone?: () => void
  onClose: () => void
}

/** Asks before something that is hard to undo; Cancel has the focus. */
export function ConfirmDialog({ title, children, confirm, work, onDone, onClose }: ConfirmDialogProps): ReactNode {
  const { run, busy } = useAction()
  const go = async (): Promise<void> => {
    if (!(await run(work))) return
    onDone?.()
    onClose()
  }
  return (
    <Dialog title={title} role="alertdialog" onClose={onClose}>
      <div className="stack">
        {children}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose} data-focus-first>
            {t('Cancel')}
          </button>
          <button type="button" className="button button-danger" disabled={busy} onClick={() => void go()}>
            {confirm}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
