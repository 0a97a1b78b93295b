import { useRef, useState } from 'react'
import type { DragEvent } from 'react'

interface FileDrop {
  /** Whether files hang over it. */
  readonly over: boolean
  readonly handlers: {
    readonly onDragEnter: (event: DragEvent) => void
    readonly onDragOver: (event: DragEvent) => void
    readonly onDragLeave: (event: DragEvent) => void
    readonly onDrop: (event: DragEvent) => void
  }
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes('Files')
}

/** Takes files that are dropped on an element. */
export function useFileDrop(enabled: boolean, onFiles: (files: Iterable<File>) => void): FileDrop {
  // Entering a child comes before leaving its parent: counted, so that the hint does not flicker.
  const depth = useRef(0)
  const [over, setOver] = useState(false)
  const leave = (to: number): void => {
    depth.current = Math.max(0, to)
    setOver(depth.current > 0)
  }
  return {
    over: over && enabled,
    handlers: {
      onDragEnter: (event) => {
        if (carriesFiles(event)) leave(depth.current + 1)
      },
      onDragOver: (event) => {
        // Also where nothing can be sent: the browser would leave the page and open the file.
        if (carriesFiles(event)) event.preventDefault()
      },
      onDragLeave: (event) => {
        if (carriesFiles(event)) leave(depth.current - 1)
      },
      onDrop: (event) => {
        if (!carriesFiles(event)) return
        event.preventDefault()
        leave(0)
        if (enabled) onFiles(event.dataTransfer.files)
      },
    },
  }
}
