import type { Attachment, Conversation } from '@parley/chat'
import { saveFile, useAttachment } from '@parley/react'
import { useEffect } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { Progress } from '../components/progress.tsx'
import { t } from '../i18n/translate.ts'
import { byteWords } from '../text/connection.ts'
import { wordsFor } from '../text/errors.ts'
import { WAITING_WORDS } from '../text/files.ts'
import { useGallery } from './use-gallery.ts'

interface GalleryDialogProps {
  conversation: Conversation
  /** Which one to begin with. */
  start: Attachment
  onClose: () => void
}

/** All pictures of a conversation at their full size, one at a time. */
export function GalleryDialog({ conversation, start, onClose }: GalleryDialogProps): ReactNode {
  const { picture, place, known, hasMore, older, newer } = useGallery(conversation, start)
  return (
    <Dialog kind="gallery" title={picture.name} onClose={onClose}>
      {/* The arrow keys leaf through from wherever the focus is inside. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className="gallery-body"
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'ArrowLeft') older?.()
          if (event.key === 'ArrowRight') newer?.()
        }}
      >
        <Picture key={picture.id} picture={picture} />
        {known > 1 && (
          <div className="gallery-steps">
            <IconButton icon="back" label={t('Picture before')} disabled={older === undefined} onClick={older} />
            <span aria-live="polite">
              {hasMore ? t('{count} from the newest', { count: known - place + 1 }) : t('{done} of {total}', { done: place, total: known })}
            </span>
            <IconButton icon="forward" label={t('Next picture')} disabled={newer === undefined} onClick={newer} />
          </div>
        )}
      </div>
    </Dialog>
  )
}

function Picture({ picture }: { picture: Attachment }): ReactNode {
  const { state, load } = useAttachment(picture)
  useEffect(() => void load(), [load])
  const full = state.status === 'ready' ? state.url : picture.thumbnail
  return (
    <>
      <div className="gallery-picture">
        {full !== '' && (
          <img
            className={state.status === 'ready' ? undefined : 'gallery-preview'}
            src={full}
            alt={picture.name}
            width={picture.width}
            height={picture.height}
          />
        )}
      </div>
      <div className="gallery-state">
        <output>
          {state.status === 'loading' && (state.waiting ? t(WAITING_WORDS) : t('Fetching the whole picture…'))}
          {state.status === 'failed' && wordsFor(state.error)}
          {state.status === 'ready' && byteWords(picture.size)}
        </output>
        {state.status === 'loading' && !state.waiting && <Progress label={t('Fetching')} done={state.received} total={picture.size} />}
        {state.status === 'failed' && (
          <button type="button" className="button" onClick={() => void load()}>
            {t('Try again')}
          </button>
        )}
        {state.status === 'ready' && (
          <button type="button" className="button" data-focus-first onClick={() => saveFile(state.url, picture.name)}>
            {t('Download')}
          </button>
        )}
      </div>
    </>
  )
}
