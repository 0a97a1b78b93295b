import { useCallback, useEffect, useMemo, useRef, useState } from 'react'

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
  readonly add: (files: Iterable<File>) => void
  readonly remove: (id: string) => void
  readonly clear: () => void
}

function forget(file: PickedFile | undefined): void {
  if (file !== undefined && file.preview !== '') URL.revokeObjectURL(file.preview)
}

/** Files to be sent, with previews that last as long as they are picked. */
export function usePickedFiles(): PickedFiles {
  const [files, setFiles] = useState<readonly PickedFile[]>([])
  const latest = useRef(files)
  const show = useCallback((next: readonly PickedFile[]) => {
    for (const file of latest.current) if (!next.includes(file)) forget(file)
    latest.current = next
    setFiles(next)
  }, [])
  const add = useCallback(
    (added: Iterable<File>) => {
      const picked = [...added].map((file) => ({
        id: crypto.randomUUID(),
        file,
        preview: isPicture(file) ? URL.createObjectURL(file) : '',
      }))
      show([...latest.current, ...picked])
    },
    [show],
  )
  const remove = useCallback((id: string) => show(latest.current.filter((file) => file.id !== id)), [show])
  const clear = useCallback(() => show([]), [show])
  useEffect(() => () => latest.current.forEach(forget), [])
  return useMemo(() => ({ files, add, remove, clear }), [files, add, remove, clear])
}
