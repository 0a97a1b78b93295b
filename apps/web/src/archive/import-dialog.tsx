import type { Conversation } from '@parley/chat'
import { useParley } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Progress } from '../components/progress.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'

interface ImportDialogProps {
  onImported: (conversation: Conversation) => void
  onClose: () => void
}

/** Reads an exported conversation: one that this person is in gets what it lacks, any other becomes one to read. */
export function ImportDialog({ onImported, onClose }: ImportDialogProps): ReactNode {
  const parley = useParley()
  const [reading, setReading] = useState<{ readonly done: number; readonly total: number }>()
  const [error, setError] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const read = async (file: File): Promise<void> => {
    const stop = new AbortController()
    running.current = stop
    setError('')
    setReading({ done: 0, total: file.size })
    try {
      const onProgress = (done: number): void => setReading({ done, total: file.size })
      onImported(await parley.importConversation(file, { signal: stop.signal, onProgress }))
    } catch (thrown) {
      if (stop.signal.aborted) return
      setReading(undefined)
      setError(wordsFor(thrown))
    }
  }
  return (
    <Dialog title={t('Import a conversation')} onClose={onClose}>
      <div className="stack">
        <p>
          {t(
            'Takes a file that was exported from Parley. Every signature in it is checked, so nobody can have put words into somebody’s mouth; a damaged file is refused as a whole.',
          )}
        </p>
        {error !== '' && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        {reading !== undefined && <Progress label={t('Reading the file')} {...reading} />}
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button
            type="button"
            className="button button-primary"
            disabled={reading !== undefined}
            data-focus-first
            onClick={() => input.current?.click()}
          >
            {reading === undefined ? t('Choose the file') : t('Reading…')}
          </button>
        </div>
        <input
          ref={input}
          type="file"
          name="archive"
          aria-label={t('Exported conversation')}
          hidden
          onChange={({ target }) => {
            const [file] = target.files ?? []
            if (file !== undefined) void read(file)
            target.value = ''
          }}
        />
      </div>
    </Dialog>
  )
}
