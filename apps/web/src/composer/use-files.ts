/**
 * Files that were picked and not sent yet.
 */
import { isPicture } from '@parley/react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { toast } from '../components/toasts.tsx'
import { t } from '../i18n/translate.ts'
import { MAX_FILE_BYTES, MAX_FILES } from '../text/files.ts'

export interface PickedFile {
  readonly id: string
  readonly file: File
  /** A URL of the picture, empty when it is none. */
  readonly preview: string
}

export interface PickedFiles {
  readonly files: readonly PickedFile[]
  readonly add: (files: Iterable<File>) => void
  readonly remove: (id: string) => void
  readonly clear: () => void
}

function forget(file: PickedFile | undefined): void {
  if (file !== undefined && file.preview !== '') URL.revokeObjectURL(file.preview)
}

export function usePickedFiles(): PickedFiles {
  const [files, setFiles] = useState<readonly PickedFile[]>([])
  const latest = useRef(files)
  const show = useCallback((next: readonly PickedFile[]) => {
    latest.current = next
    setFiles(next)
  }, [])

  const add = useCallback(
    (added: Iterable<File>) => {
      const all = [...added]
      const fitting = all.filter((file) => file.size <= MAX_FILE_BYTES)
      if (fitting.length < all.length) toast(t('A file can have at most 2 GiB.'), 'error')
      const room = MAX_FILES - latest.current.length
      if (fitting.length > room)
        toast(t('A message can carry at most {count} files. Send the others in another one.', { count: MAX_FILES }), 'error')
      const picked = fitting.slice(0, Math.max(0, room)).map((file) => ({
        id: crypto.randomUUID(),
        file,
        preview: isPicture(file) ? URL.createObjectURL(file) : '',
      }))
      if (picked.length > 0) show([...latest.current, ...picked])
    },
    [show],
  )
  const remove = useCallback(
    (id: string) => {
      forget(latest.current.find((file) => file.id === id))
      show(latest.current.filter((file) => file.id !== id))
    },
    [show],
  )
  const clear = useCallback(() => {
    latest.current.forEach(forget)
    show([])
  }, [show])

  useEffect(() => () => latest.current.forEach(forget), [])
  return useMemo(() => ({ files, add, remove, clear }), [files, add, remove, clear])
}
