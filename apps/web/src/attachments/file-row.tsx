import type { Attachment } from '@parley/chat'
import { isPicture, saveFile, useAttachment } from '@parley/react'
import type { AttachmentState } from '@parley/react'
import type { ReactNode } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { Progress } from '../components/progress.tsx'
import { byteWords } from '../text/connection.ts'
import { wordsFor } from '../text/errors.ts'
import { WAITING_WORDS } from '../text/files.ts'
import { t } from '../i18n/translate.ts'

interface FileRowProps {
  attachment: Attachment
  tabIndex?: number
  /** More to do with it, after the download. */
  children?: ReactNode
}

function words(state: AttachmentState, size: number): string {
  switch (state.status) {
    case 'loading':
      return state.waiting ? t(WAITING_WORDS) : t('{done} of {total}', { done: byteWords(state.received), total: byteWords(size) })
    case 'failed':
      return wordsFor(state.error)
    case 'ready':
    case 'idle':
      return byteWords(size)
  }
}

/** A file that is no picture: what it is called, how large it is, and the way to have it. */
export function FileRow({ attachment, tabIndex, children }: FileRowProps): ReactNode {
  const { name, size, thumbnail } = attachment
  const { state, load, stop } = useAttachment(attachment)
  const download = async (): Promise<void> => {
    const url = await load()
    if (url !== undefined) saveFile(url, name)
  }
  return (
    <div className="file">
      {thumbnail === '' ? (
        <span className="file-icon">
          <Icon name={isPicture(attachment) ? 'image' : 'file'} />
        </span>
      ) : (
        <img className="file-icon" src={thumbnail} alt="" />
      )}
      <div className="file-about">
        <bdi className="file-name" title={name}>
          {name}
        </bdi>
        <output className={state.status === 'failed' ? 'file-state field-error' : 'file-state'}>{words(state, size)}</output>
        {state.status === 'loading' && !state.waiting && (
          <Progress label={t('Fetching {name}', { name })} done={state.received} total={size} />
        )}
      </div>
      {state.status === 'loading' ? (
        <IconButton icon="close" label={t('Stop fetching {name}', { name })} tabIndex={tabIndex} onClick={stop} />
      ) : (
        <IconButton icon="download" label={t('Download {name}', { name })} tabIndex={tabIndex} onClick={() => void download()} />
      )}
      {children}
    </div>
  )
}
