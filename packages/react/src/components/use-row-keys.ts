import { useState } from 'react'
import type { FocusEvent, KeyboardEvent } from 'react'
import type { TimelineItem } from './timeline-items.ts'

interface RowKeys {
  /** The message that has the focus, or had it last. */
  readonly focusedId: string | undefined
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onBlur: (event: FocusEvent<HTMLElement>) => void
  /** `reveal` brings a message into view and gives it the focus. */
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>, reveal: (id: string) => boolean) => void
}

/** The timeline is one Tab stop: arrow up and down, Home and End walk from message to message, arrow left and right through what is in one. */
export function useRowKeys(items: readonly TimelineItem[]): RowKeys {
  const [focusedId, setFocusedId] = useState<string>()
  return {
    focusedId,
    onFocus: (event) => setFocusedId(rowAt(event.target)?.dataset['id']),
    onBlur: (event) => {
      if (!event.currentTarget.contains(event.relatedTarget)) setFocusedId(undefined)
    },
    onKeyDown: (event, reveal) => {
      const row = rowAt(event.target)
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (row !== undefined && step !== undefined) {
        if (walk(row, step)) event.preventDefault()
        return
      }
      const ids = items.flatMap((item) => (item.kind === 'message' ? [item.key] : []))
      const current = row === undefined ? ids.length : ids.indexOf(row.dataset['id'] ?? '')
      const targets: Record<string, number> = {
        ArrowUp: Math.max(0, current - 1),
        ArrowDown: Math.min(ids.length - 1, current + 1),
        Home: 0,
        End: ids.length - 1,
      }
      const id = ids[targets[event.key] ?? -1]
      if (id !== undefined && reveal(id)) event.preventDefault()
    },
  }
}

function rowAt(target: EventTarget): HTMLElement | undefined {
  return (target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null) ?? undefined
}

/** From a row into what is in it, along, and back to the row. False when there is nothing further. */
function walk(row: HTMLElement, step: number): boolean {
  const stops = [row, ...row.querySelectorAll<HTMLElement>('button:not(:disabled), a[href]')]
  const next = stops[stops.findIndex((stop) => stop === document.activeElement) + step]
  next?.focus()
  return next !== undefined
}
