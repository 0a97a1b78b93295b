/**
 * Where the timeline stands: at the bottom it stays there; elsewhere the message at the top edge keeps its place, whatever arrives above or below.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { RefObject } from 'react'

/** Closer than this to the end counts as reading the newest message. */
const AT_BOTTOM_PX = 40
/** Older messages are fetched before the reader reaches the top. */
const NEAR_TOP_PX = 700

interface TimelineScroll {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly content: RefObject<HTMLDivElement | null>
  readonly atBottom: boolean
  readonly toBottom: (options?: { smooth?: boolean }) => void
  readonly onScroll: () => void
}

interface Place {
  atBottom: boolean
  top: number
  /** The row at the top edge, and how far its top is from that edge. */
  anchor: { id: string; offset: number } | undefined
}

/** The first row that is at least partly below the top edge. Rows are in order, so halving finds it. */
function rowAtEdge(content: HTMLElement, edge: number): HTMLElement | undefined {
  const rows = content.querySelectorAll<HTMLElement>('[data-id]')
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[middle]
    if (row !== undefined && row.offsetTop + row.offsetHeight <= edge) low = middle + 1
    else high = middle
  }
  return rows[low]
}

/** How far the top of a row is below the top edge of the view, to the fraction of a pixel. */
function offsetFrom(view: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - view.getBoundingClientRect().top
}

/** `version` changes when what is shown does; `startAt` is the id of the row to begin at, the bottom when none. */
export function useTimelineScroll(version: unknown, startAt: string | undefined, onNearTop: () => void): TimelineScroll {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const place = useRef<Place>({ atBottom: true, top: 0, anchor: undefined })
  const [atBottom, setAtBottom] = useState(true)
  const nearTop = useRef(onNearTop)
  const started = useRef(false)

  const note = useCallback((pinned: boolean) => {
    if (scroller.current === null || content.current === null) return
    const edge = scroller.current.scrollTop
    const row = rowAtEdge(content.current, edge)
    place.current = {
      atBottom: pinned,
      top: edge,
      anchor: row === undefined ? undefined : { id: row.dataset['id'] ?? '', offset: offsetFrom(scroller.current, row) },
    }
    setAtBottom(pinned)
    if (edge < NEAR_TOP_PX) nearTop.current()
  }, [])

  const settle = useCallback(() => {
    const view = scroller.current
    if (view === null || content.current === null) return
    const { atBottom: pinned, anchor } = place.current
    if (pinned) view.scrollTop = view.scrollHeight
    else if (anchor !== undefined) {
      const row = content.current.querySelector<HTMLElement>(`[data-id="${CSS.escape(anchor.id)}"]`)
      if (row !== null) view.scrollTop += offsetFrom(view, row) - anchor.offset
    }
    note(pinned)
  }, [note])

  const onScroll = useCallback(() => {
    const view = scroller.current
    if (view === null) return
    const rest = view.scrollHeight - view.scrollTop - view.clientHeight
    // When the view shrinks, the end moves away without the reader going anywhere: only going up leaves the bottom.
    const stayed = place.current.atBottom && view.scrollTop >= place.current.top - 1
    note(rest <= AT_BOTTOM_PX || stayed)
  }, [note])

  const toBottom = useCallback(
    ({ smooth = false } = {}) => {
      const view = scroller.current
      if (view === null) return
      if (smooth && !matchMedia('(prefers-reduced-motion: reduce)').matches) view.scrollTo({ top: view.scrollHeight, behavior: 'smooth' })
      else {
        view.scrollTop = view.scrollHeight
        note(true)
      }
    },
    [note],
  )

  useLayoutEffect(() => {
    nearTop.current = onNearTop
  })

  useLayoutEffect(() => {
    const row =
      startAt === undefined || started.current
        ? undefined
        : content.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(startAt)}"]`)
    if (row !== null && row !== undefined && scroller.current !== null) {
      started.current = true
      const view = scroller.current
      const top = row.offsetTop - view.clientHeight / 4
      if (top < view.scrollHeight - view.clientHeight - AT_BOTTOM_PX) {
        view.scrollTop = top
        note(false)
        return
      }
    }
    settle()
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- a new version is what there is to settle.
  }, [version, startAt, settle, note])

  useEffect(() => {
    const observer = new ResizeObserver(settle)
    if (scroller.current !== null) observer.observe(scroller.current)
    if (content.current !== null) observer.observe(content.current)
    return () => observer.disconnect()
  }, [settle])

  return { scroller, content, atBottom, toBottom, onScroll }
}
