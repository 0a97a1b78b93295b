import { useState } from 'react'
import type { FocusEvent, KeyboardEvent } from 'react'
import type { TimelineItem } from './timeline-items.ts'

interface RowKeys {
  /** The message that has the focus, or had it before something opened above the page. */
  readonly focusedId: string | undefined
  readonly onFocus: (event: FocusEvent<HTMLElement>) => void
  readonly onBlur: (event: FocusEvent<HTMLElement>) => void
  /** `reveal` brings a message into view and gives it the focus. */
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>, reveal: (id: string) => boolean) => void
}

/** Above the page: it has keys of its own, and gives the focus back. */
const ABOVE = 'dialog, [popover]'

/** Arrow up and down, Home and End walk from message to message, arrow left and right through what is in one. */
export function useRowKeys(items: readonly TimelineItem[]): RowKeys {
  const [focusedId, setFocusedId] = useState<string>()
  return {
    focusedId,
    onFocus: (event) => setFocusedId((known) => rowAt(event.target)?.dataset['id'] ?? known),
    onBlur: ({ currentTarget, relatedTarget: to }) => {
      if (to !== null && !currentTarget.contains(to) && to.closest(ABOVE) === null) setFocusedId(undefined)
    },
    onKeyDown: (event, reveal) => {
      if (event.target instanceof Element && event.target.closest(ABOVE) !== null) return
      const row = rowAt(event.target)
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
      if (row !== undefined && step !== undefined) {
        if (walk(row, step)) event.preventDefault()
        return
      }
      const current = row === undefined ? items.length : items.findIndex(({ message }) => message.id === row.dataset['id'])
      const targets: Record<string, number> = {
        ArrowUp: Math.max(0, current - 1),
        ArrowDown: Math.min(items.length - 1, current + 1),
        Home: 0,
        End: items.length - 1,
      }
      const item = items[targets[event.key] ?? -1]
      if (item !== undefined && reveal(item.message.id)) event.preventDefault()
    },
  }
}

function rowAt(target: EventTarget): HTMLElement | undefined {
  return (target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null) ?? undefined
}

/** From a row into what is in it, along, and back to the row. False when there is nothing further. */
function walk(row: HTMLElement, step: number): boolean {
  const inside = [...row.querySelectorAll<HTMLElement>('button:not(:disabled), a[href]')]
  const stops = [row, ...inside.filter((stop) => stop.checkVisibility())]
  const next = stops[stops.findIndex((stop) => stop === document.activeElement) + step]
  next?.focus()
  return next !== undefined
}
