import type { Attachment, Conversation, Message } from '@parley/chat'
import { useCallback, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { SelectField } from '../components/select-field.tsx'
import { useAction } from '../components/use-action.ts'
import { t } from '../i18n/translate.ts'
import { FileRow } from './file-row.tsx'

const PAGE_SIZE = 50

type Filter = 'all' | 'image'

interface FilesDialogProps {
  conversation: Conversation
  onJump: (id: Message['id']) => void
  onClose: () => void
}

/** All files of a conversation, the newest first. */
export function FilesDialog({ conversation, onJump, onClose }: FilesDialogProps): ReactNode {
  const [filter, setFilter] = useState<Filter>('all')
  const [files, setFiles] = useState<readonly Attachment[]>()
  const [hasMore, setHasMore] = useState(false)
  const { run, busy } = useAction()

  const read = useCallback(
    (before?: Attachment['id']) =>
      run(async () => {
        const page = await conversation.getAttachments({
          limit: PAGE_SIZE,
          ...(filter === 'all' ? {} : { type: filter }),
          ...(before === undefined ? {} : { before }),
        })
        setFiles((known) => (before === undefined ? page : [...(known ?? []), ...page]))
        setHasMore(page.length === PAGE_SIZE)
      }),
    [conversation, filter, run],
  )
  useEffect(() => void read(), [read])

  const last = files?.at(-1)
  return (
    <Dialog title={t('Files')} onClose={onClose}>
      <div className="stack">
        <SelectField
          label={t('Show')}
          value={filter}
          options={[
            ['all', t('All files')],
            ['image', t('Pictures')],
          ]}
          onChange={setFilter}
        />
        {files === undefined && <p className="quiet">{t('Looking for files…')}</p>}
        {files?.length === 0 && (
          <p className="quiet">{filter === 'all' ? t('Nobody has sent a file here yet.') : t('Nobody has sent a picture here yet.')}</p>
        )}
        {files !== undefined && files.length > 0 && (
          <ul className="files" aria-label={t('Files')}>
            {files.map((file) => (
              <li key={file.id}>
                <FileRow attachment={file}>
                  <IconButton
                    icon="forward"
                    label={t('Go to the message with {name}', { name: file.name })}
                    onClick={() => {
                      onClose()
                      onJump(file.messageId)
                    }}
                  />
                </FileRow>
              </li>
            ))}
          </ul>
        )}
        {hasMore && last !== undefined && (
          <button type="button" className="button" disabled={busy} onClick={() => void read(last.id)}>
            {t('Show older files')}
          </button>
        )}
      </div>
    </Dialog>
  )
}
