import { useState } from 'react'
import type { ReactNode } from 'react'

/** What the picker is told. */
export interface FilePickerProps {
  /** What was picked. */
  readonly onFiles: (files: Iterable<File>) => void
  /** What is pressed to begin; `pick` opens the dialog of the browser. */
  readonly children: (pick: () => void) => ReactNode
}

/**
 * Picks files from the disk, by a button of any kind.
 * @example
 * ```tsx
 * const { addFiles } = useComposer(conversation)
 * return <FilePicker onFiles={addFiles}>{(pick) => <button onClick={pick}>Attach</button>}</FilePicker>
 * ```
 */
export function FilePicker({ onFiles, children }: FilePickerProps): ReactNode {
  const [input, setInput] = useState<HTMLInputElement | null>(null)
  return (
    <>
      {children(() => input?.click())}
      <input
        ref={setInput}
        type="file"
        name="files"
        multiple
        hidden
        onChange={(event) => {
          onFiles(event.target.files ?? [])
          // So that the same file can be picked again.
          event.target.value = ''
        }}
      />
    </>
  )
}
