/**
 * Where the timeline stands: at the bottom it stays there; elsewhere the message at the top edge keeps its place, whatever arrives above or below.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { RefObject } from 'react'

/** Closer than this to the end counts as reading the newest message. */
const AT_BOTTOM_PX = 40
/** More messages are fetched before the reader reaches the end of those that are here. */
const NEAR_END_PX = 700
/** A message that was jumped to stands so far down the view. */
const REVEAL_AT = 0.3
/** The class of a row that was jumped to; its animation shows it to the eye. */
const FOUND_CLASS = 'message-found'

interface TimelineScroll {
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly content: RefObject<HTMLDivElement | null>
  readonly atBottom: boolean
  readonly toBottom: (options?: { smooth?: boolean }) => void
  readonly onScroll: () => void
  /** Brings a row into view and gives it the focus; false when it is not among what is shown. */
  readonly reveal: (id: string) => boolean
}

interface TimelineScrollInit {
  /** Changes when what is shown does. */
  readonly version: unknown
  /** The id of the row to begin at, the bottom when none. */
  readonly startAt: string | undefined
  /** Whether there are messages after those that are shown: then their end is not the bottom. */
  readonly hasNewer: boolean
  readonly onNearTop: () => void
  readonly onNearBottom: () => void
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

export function useTimelineScroll({ version, startAt, hasNewer, onNearTop, onNearBottom }: TimelineScrollInit): TimelineScroll {
  const scroller = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const place = useRef<Place>({ atBottom: true, top: 0, anchor: undefined })
  const [atBottom, setAtBottom] = useState(true)
  const now = useRef({ hasNewer, onNearTop, onNearBottom })
  const started = useRef(false)

  useLayoutEffect(() => {
    now.current = { hasNewer, onNearTop, onNearBottom }
  })

  const note = useCallback((wanted: boolean) => {
    if (scroller.current === null || content.current === null) return
    const pinned = wanted && !now.current.hasNewer
    const edge = scroller.current.scrollTop
    const row = rowAtEdge(content.current, edge)
    place.current = {
      atBottom: pinned,
      top: edge,
      anchor: row === undefined ? undefined : { id: row.dataset['id'] ?? '', offset: offsetFrom(scroller.current, row) },
    }
    setAtBottom(pinned)
    if (edge < NEAR_END_PX) now.current.onNearTop()
    if (now.current.hasNewer && scroller.current.scrollHeight - edge - scroller.current.clientHeight < NEAR_END_PX)
      now.current.onNearBottom()
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

  const reveal = useCallback(
    (id: string) => {
      const view = scroller.current
      const row = content.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`)
      if (view === null || row === null || row === undefined) return false
      view.scrollTop += offsetFrom(view, row) - view.clientHeight * REVEAL_AT
      note(view.scrollHeight - view.scrollTop - view.clientHeight <= AT_BOTTOM_PX)
      row.focus({ preventScroll: true })
      row.classList.add(FOUND_CLASS)
      row.addEventListener('animationend', () => row.classList.remove(FOUND_CLASS), { once: true })
      return true
    },
    [note],
  )

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

  return { scroller, content, atBottom, toBottom, onScroll, reveal }
}
