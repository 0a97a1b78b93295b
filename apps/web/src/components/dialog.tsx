import { useEffect, useId, useRef } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { IconButton } from './icon-button.tsx'

interface DialogProps {
  title: string
  onClose: () => void
  children: ReactNode
  /** `sheet` slides in from the side, or from below on a phone; `gallery` fills the window. */
  kind?: 'dialog' | 'sheet' | 'gallery'
  role?: 'dialog' | 'alertdialog'
}

/** A modal dialog: the browser keeps the focus inside; Escape and a press beside it close it; the focus returns to where it was. */
export function Dialog({ title, onClose, children, kind = 'dialog', role = 'dialog' }: DialogProps): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    if (dialog !== null && !dialog.open) dialog.showModal()
    dialog?.querySelector<HTMLElement>('[data-focus-first]')?.focus()
    return () => {
      // Only when it is gone for good: strict mode runs effects twice on the same element.
      queueMicrotask(() => {
        const untaken = document.activeElement === null || document.activeElement === document.body
        if (dialog?.isConnected !== true && untaken && before instanceof HTMLElement) before.focus()
      })
    }
  }, [])

  useEffect(() => {
    const dialog = ref.current
    // The dialog itself is hit only beside its content: its content fills it.
    const closeBeside = (event: Event): void => {
      if (event.target === dialog) onClose()
    }
    dialog?.addEventListener('click', closeBeside)
    return () => dialog?.removeEventListener('click', closeBeside)
  }, [onClose])

  return (
    <dialog
      ref={ref}
      className={kind}
      role={role}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <div className="dialog-body">
        <header className="dialog-header">
          <h2 id={titleId}>{title}</h2>
          <IconButton icon="close" label={t('Close')} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
