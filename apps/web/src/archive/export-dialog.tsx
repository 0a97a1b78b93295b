import type { Conversation } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { saveFile, useConversation } from '@parley/react'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Switch } from '../components/switch.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import { rich } from '../i18n/words.tsx'
import { byteWords } from '../text/connection.ts'
import { titleOf } from '../text/people.ts'

/** What no file system takes in a name. */
const UNSAFE = /[\p{Cc}\p{Cf}<>:"/\\|?*]+/gu
const ENDING = '.parley.jsonl'

/** Writes a conversation to a file that its owner can keep, read and import again. */
export function ExportDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }): ReactNode {
  const info = useConversation(conversation)
  const [includeFiles, setIncludeFiles] = useState(true)
  const [bytes, setBytes] = useState(0)
  const running = useRef<AbortController>(undefined)
  const { run, busy } = useAction()
  useEffect(() => () => running.current?.abort(), [])

  const write = async (): Promise<void> => {
    const stop = new AbortController()
    running.current = stop
    const stream = conversation.exportConversation({ includeFiles, signal: stop.signal, onProgress: setBytes })
    const done = await run(async () => {
      try {
        const url = URL.createObjectURL(await new Response(stream).blob())
        saveFile(url, `${titleOf(info).replace(UNSAFE, ' ').trim() || t('Conversation')}${ENDING}`)
        URL.revokeObjectURL(url)
      } catch (error) {
        if (!isParleyError(error, 'Aborted')) throw error
      }
    })
    if (done) onClose()
  }
  return (
    <Dialog title={t('Export the conversation')} onClose={onClose}>
      <div className="stack">
        <p>
          {rich(
            'Writes everything of {title} that is on this device to one file, in an open format. Whoever has the file can read all of it, without a key.',
            { title: <bdi className="strong">{titleOf(info)}</bdi> },
          )}
        </p>
        <Switch label={t('With the files that were sent')} on={includeFiles} disabled={busy} onChange={setIncludeFiles} />
        <div className="dialog-actions">
          {busy && <output className="quiet">{t('{bytes} written…', { bytes: byteWords(bytes) })}</output>}
          <button type="button" className="button" onClick={onClose}>
            {t('Cancel')}
          </button>
          <button type="button" className="button button-primary" disabled={busy} data-focus-first onClick={() => void write()}>
            {t('Export')}
          </button>
        </div>
      </div>
    </Dialog>
  )
}
