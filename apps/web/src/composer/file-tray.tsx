import type { PickedFile } from '@parley/react'
import type { ReactNode } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { Progress } from '../components/progress.tsx'
import { t } from '../i18n/translate.ts'
import { byteWords } from '../text/connection.ts'

interface FileTrayProps {
  files: readonly PickedFile[]
  /** How far the sealing of all of them is; undefined before. */
  progress: { readonly done: number; readonly total: number } | undefined
  onRemove: (id: string) => void
  onStop: () => void
}

/** What will be sent with the message, to be looked at before. */
export function FileTray({ files, progress, onRemove, onStop }: FileTrayProps): ReactNode {
  if (files.length === 0) return null
  return (
    <div className="tray">
      <ul className="tray-files" aria-label={t('Files to send')}>
        {files.map(({ id, file, preview }) => (
          <li key={id} className="tray-file">
            {preview === '' ? (
              <span className="file-icon">
                <Icon name="file" />
              </span>
            ) : (
              <img className="file-icon" src={preview} alt="" />
            )}
            <span className="file-about">
              <bdi className="file-name" title={file.name}>
                {file.name}
              </bdi>
              <span className="file-state">{byteWords(file.size)}</span>
            </span>
            {progress === undefined && (
              <IconButton icon="close" label={t('Do not send {name}', { name: file.name })} onClick={() => onRemove(id)} />
            )}
          </li>
        ))}
      </ul>
      {progress !== undefined && (
        <div className="tray-progress">
          <output>{t('Preparing the files…')}</output>
          <Progress label={t('Preparing the files')} done={progress.done} total={progress.total} />
          <button type="button" className="button" onClick={onStop}>
            {t('Stop')}
          </button>
        </div>
      )}
    </div>
  )
}
