import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useStable } from '../support/use-stable.ts'

/** What a browser shows in an image element and what can hold no script. */
const PICTURE = /^image\/(?:avif|bmp|gif|jpeg|png|webp)$/

/**
 * Whether a file can be shown as a picture, by its type.
 * @example
 * ```tsx
 * const alt = isPicture(attachment) ? attachment.name : ''
 * ```
 */
export function isPicture({ type }: { readonly type: string }): boolean {
  return PICTURE.test(type)
}

/** A file that somebody picked and that is not sent yet. */
export interface PickedFile {
  /** Names it among those picked. */
  readonly id: string
  /** What will be sent. */
  readonly file: File
  /** A URL of the picture, empty when it is none. */
  readonly preview: string
}

/** Files that somebody picked. */
export interface PickedFiles {
  readonly files: readonly PickedFile[]
  /** Adds those that a message can carry. */
  readonly add: (files: Iterable<File>) => void
  readonly remove: (id: string) => void
  readonly clear: () => void
}

/** The most files of one message, as the engine has it. */
export const MAX_FILES = 10
/** The largest file, as the engine has it: 2 GiB. */
const MAX_FILE_BYTES = 2 ** 31

/** Why files were not added. */
type Refusal = 'too large' | 'too many'

function forget(file: PickedFile | undefined): void {
  if (file !== undefined && file.preview !== '') URL.revokeObjectURL(file.preview)
}

/** Files to be sent, with previews that last as long as they are picked. `onRefused` hears of those that no message can carry. */
export function usePickedFiles(onRefused: (why: Refusal) => void): PickedFiles {
  const [files, setFiles] = useState<readonly PickedFile[]>([])
  const refused = useStable(onRefused)
  const latest = useRef(files)
  const show = useCallback((next: readonly PickedFile[]) => {
    for (const file of latest.current) if (!next.includes(file)) forget(file)
    latest.current = next
    setFiles(next)
  }, [])
  const add = useCallback(
    (added: Iterable<File>) => {
      const all = [...added]
      const fitting = all.filter((file) => file.size <= MAX_FILE_BYTES)
      const room = Math.max(0, MAX_FILES - latest.current.length)
      if (fitting.length < all.length) refused('too large')
      if (fitting.length > room) refused('too many')
      const picked = fitting.slice(0, room).map((file) => ({
        id: crypto.randomUUID(),
        file,
        preview: isPicture(file) ? URL.createObjectURL(file) : '',
      }))
      if (picked.length > 0) show([...latest.current, ...picked])
    },
    [show, refused],
  )
  const remove = useCallback((id: string) => show(latest.current.filter((file) => file.id !== id)), [show])
  const clear = useCallback(() => show([]), [show])
  useEffect(() => () => latest.current.forEach(forget), [])
  return useMemo(() => ({ files, add, remove, clear }), [files, add, remove, clear])
}
