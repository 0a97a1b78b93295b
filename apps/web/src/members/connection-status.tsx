import type { Conversation } from '@parley/chat'
import { useConversation } from '@parley/react'
import { useEffect, useId, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { connectionWords } from '../text/connection.ts'
import { ConnectionDetails } from './connection-details.tsx'

/** How the conversation is connected, in words; a press shows more. */
export function ConnectionStatus({ conversation }: { conversation: Conversation }): ReactNode {
  const { sync } = useConversation(conversation)
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const panelId = useId()

  useEffect(() => {
    if (!open) return
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpen(false)
    }
    const closeOnEscape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      root.current?.querySelector('button')?.focus()
    }
    document.addEventListener('keydown', closeOnEscape)
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('focusin', closeOutside)
    return () => {
      document.removeEventListener('keydown', closeOnEscape)
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('focusin', closeOutside)
    }
  }, [open])

  const words = connectionWords(sync)
  return (
    <div ref={root} className="connection">
      <button
        type="button"
        className={`connection-button connection-${sync.phase}`}
        aria-label={t('Connection: {words}', { words })}
        title={words}
        aria-expanded={open}
        aria-controls={open ? panelId : undefined}
        onClick={() => setOpen(!open)}
      >
        <span className="connection-dot" aria-hidden="true" />
        <span className="connection-words">{words}</span>
      </button>
      {open && (
        <section id={panelId} className="popover" aria-label={t('Connection details')}>
          <ConnectionDetails conversation={conversation} />
        </section>
      )}
    </div>
  )
}
