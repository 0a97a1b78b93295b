import type { Attachment } from '@parley/chat'
import type { ReactNode } from 'react'
import { saveFile, useAttachment } from '../hooks/use-attachment.ts'
import type { AttachmentState } from '../hooks/use-attachment.ts'
import { isPicture } from '../hooks/use-picked-files.ts'
import { useWords } from '../use-words.ts'
import type { Words } from '../words.ts'

/** Whose file it is, and where the Tab key stops. */
export interface AttachmentViewProps {
  /** The file. */
  readonly attachment: Attachment
  /** Of its buttons; -1 inside of a timeline, where the arrow keys go. */
  readonly tabIndex?: number
}

const KILO = 1_000
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const

/** 12 kB, in the words of a language. */
function sizeWords(bytes: number, locale: string | undefined): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(KILO)))
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit: UNITS[step], maximumFractionDigits: 1 })
  return format.format(bytes / KILO ** step)
}

function stateWords(state: AttachmentState, size: number, words: Words): string {
  if (state.status === 'failed') return words.failed
  return state.status === 'loading' && state.waiting ? words.waiting : sizeWords(size, words.locale)
}

/**
 * A file of a message: a picture as it will look, anything else by name and size, and the way to have it.
 * @example
 * ```tsx
 * <AttachmentView attachment={attachment} />
 * ```
 */
export function AttachmentView({ attachment, tabIndex }: AttachmentViewProps): ReactNode {
  const { name, size, thumbnail, width, height } = attachment
  const { state, load, stop } = useAttachment(attachment)
  const words = useWords()
  const picture = state.status === 'ready' && isPicture(attachment) ? state.url : thumbnail
  const download = async (): Promise<void> => {
    const url = await load()
    if (url !== undefined) saveFile(url, name)
  }
  return (
    <div className="parley-attachment">
      {picture !== '' && <img src={picture} alt={name} width={width} height={height} />}
      <bdi className="parley-attachment-name">{name}</bdi>
      <output className="parley-quiet">{stateWords(state, size, words)}</output>
      {state.status === 'loading' ? (
        <>
          <progress aria-label={words.fetching(name)} value={state.received} max={Math.max(1, size)} />
          <button type="button" tabIndex={tabIndex} onClick={stop}>
            {words.stopFetching(name)}
          </button>
        </>
      ) : (
        <button type="button" tabIndex={tabIndex} onClick={() => void download()}>
          {words.download(name)}
        </button>
      )}
    </div>
  )
}
