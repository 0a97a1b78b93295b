import type { Attachment } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { isPicture } from '../text/files.ts'
import { FileRow } from './file-row.tsx'
import { GalleryDialog } from './gallery-dialog.tsx'

/** The files of a message: pictures as pictures, others as rows. */
export function MessageAttachments({ attachments, tabIndex }: { attachments: readonly Attachment[]; tabIndex: number }): ReactNode {
  const [opened, setOpened] = useState<number>()
  const pictures = attachments.filter(isPicture)
  const files = attachments.filter((attachment) => !isPicture(attachment))
  return (
    <div className="attachments">
      {pictures.length > 0 && (
        <div className={pictures.length === 1 ? 'pictures pictures-single' : 'pictures'}>
          {pictures.map((picture, index) => (
            <button
              key={picture.id}
              type="button"
              className="picture"
              tabIndex={tabIndex}
              aria-label={`Picture ${picture.name}`}
              title={picture.name}
              onClick={() => setOpened(index)}
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
      {opened !== undefined && <GalleryDialog pictures={pictures} start={opened} onClose={() => setOpened(undefined)} />}
    </div>
  )
}

/** The room that it takes, before it is decoded. */
function sizeOf({ width, height }: Attachment): { width?: number; height?: number } {
  return width === undefined || height === undefined ? {} : { width, height }
}
