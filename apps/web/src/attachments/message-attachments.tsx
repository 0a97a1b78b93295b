import type { Attachment, Conversation } from '@parley/chat'
import { isPicture } from '@parley/react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { FileRow } from './file-row.tsx'
import { GalleryDialog } from './gallery-dialog.tsx'
import { t } from '../i18n/translate.ts'

interface MessageAttachmentsProps {
  conversation: Conversation
  attachments: readonly Attachment[]
  tabIndex: number
}

/** The files of a message: pictures as pictures, others as rows. */
export function MessageAttachments({ conversation, attachments, tabIndex }: MessageAttachmentsProps): ReactNode {
  const [opened, setOpened] = useState<Attachment>()
  const pictures = attachments.filter(isPicture)
  const files = attachments.filter((attachment) => !isPicture(attachment))
  return (
    <div className="attachments">
      {pictures.length > 0 && (
        <div className={pictures.length === 1 ? 'pictures pictures-single' : 'pictures'}>
          {pictures.map((picture) => (
            <button
              key={picture.id}
              type="button"
              className="picture"
              tabIndex={tabIndex}
              aria-label={t('Picture {name}', { name: picture.name })}
              title={picture.name}
              onClick={() => setOpened(picture)}
            >
              {picture.thumbnail === '' ? (
                <span className="picture-empty">
                  <Icon name="image" />
                </span>
              ) : (
                <img src={picture.thumbnail} alt="" {...sizeOf(picture)} />
              )}
            </button>
          ))}
        </div>
      )}
      {files.map((file) => (
        <FileRow key={file.id} attachment={file} tabIndex={tabIndex} />
      ))}
      {opened !== undefined && <GalleryDialog conversation={conversation} start={opened} onClose={() => setOpened(undefined)} />}
    </div>
  )
}

/** The room that it takes, before it is decoded. */
function sizeOf({ width, height }: Attachment): { width?: number; height?: number } {
  return width === undefined || height === undefined ? {} : { width, height }
}
