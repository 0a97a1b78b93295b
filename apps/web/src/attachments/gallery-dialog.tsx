import type { Attachment } from '@parley/chat'
import { useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { Progress } from '../components/progress.tsx'
import { byteWords } from '../text/connection.ts'
import { WAITING_WORDS } from '../text/files.ts'
import { saveFile, useFile } from './use-file.ts'

interface GalleryDialogProps {
  pictures: readonly Attachment[]
  /** Which one to begin with. */
  start: number
  onClose: () => void
}

/** Pictures at their full size, one at a time. */
export function GalleryDialog({ pictures, start, onClose }: GalleryDialogProps): ReactNode {
  const [index, setIndex] = useState(start)
  const picture = pictures[Math.min(index, pictures.length - 1)]
  const step = (by: number): void => setIndex((index + by + pictures.length) % pictures.length)
  if (picture === undefined) return null
  return (
    <Dialog kind="gallery" title={picture.name} onClose={onClose}>
      {/* The arrow keys leaf through from wherever the focus is inside. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className="gallery-body"
        onKeyDown={(event) => {
          event.stopPropagation()
          const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
          if (by !== undefined) step(by)
        }}
      >
        <Picture key={picture.id} picture={picture} />
        {pictures.length > 1 && (
          <div className="gallery-steps">
            <IconButton icon="back" label="Picture before" onClick={() => step(-1)} />
            <span aria-live="polite">
              {index + 1} of {pictures.length}
            </span>
            <IconButton icon="forward" label="Next picture" onClick={() => step(1)} />
          </div>
        )}
      </div>
    </Dialog>
  )
}

function Picture({ picture }: { picture: Attachment }): ReactNode {
  const { state, load } = useFile(picture)
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
          {state.status === 'loading' && (state.waiting ? WAITING_WORDS : 'Fetching the whole picture…')}
          {state.status === 'failed' && state.words}
          {state.status === 'ready' && byteWords(picture.size)}
        </output>
        {state.status === 'loading' && !state.waiting && <Progress label="Fetching" done={state.received} total={picture.size} />}
        {state.status === 'failed' && (
          <button type="button" className="button" onClick={() => void load()}>
            Try again
          </button>
        )}
        {state.status === 'ready' && (
          <button type="button" className="button" data-focus-first onClick={() => saveFile(state.url, picture.name)}>
            Download
          </button>
        )}
      </div>
    </>
  )
}
