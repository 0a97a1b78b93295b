/**
 * Where the timeline stands: at the bottom it stays there; elsewhere what the reader looks at keeps its place, whatever comes above or below.
 * Only rows in view and a few around them are in the document.
 */
import type { Message } from '@parley/chat'
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { VirtualItem } from '@tanstack/react-virtual'
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { TimelineHandle } from '../hooks/use-timeline.ts'
import type { TimelineItem } from './timeline-items.ts'

/** Closer than this to the end counts as reading the newest message. */
const AT_END_PX = 40
/** More messages are fetched before the reader reaches the end of those that are here. */
const NEAR_END_PX = 700
/** What a row takes until it is measured. */
const ROW_PX = 64
/** Rows kept beyond the edges of the view, on each side. */
const OVERSCAN_ROWS = 6
/** Free above the first row and below the last one. */
const PADDING_PX = 8
/** The class of a row that was jumped to; its animation shows it to the eye, and the end of it takes the class away. */
const FOUND_CLASS = 'parley-found'

interface VirtualTimeline {
  /** For the element that scrolls. */
  readonly scroller: { current: HTMLDivElement | null }
  readonly rows: readonly VirtualItem[]
  readonly totalPx: number
  /** For each row, so that it is measured. */
  readonly measure: (row: HTMLElement | null) => void
  readonly onScroll: () => void
  /** Whether the newest message is in view. */
  readonly isAtEnd: boolean
  readonly toEnd: () => void
  /** Brings a message into view and gives it the focus; `found` shows it to the eye as well. False when it is not among those that are shown. */
  readonly reveal: (id: string, how?: 'found') => boolean
}

interface Init {
  readonly items: readonly TimelineItem[]
  readonly timeline: TimelineHandle
  /** Stays in the document wherever the reader goes, for it has the focus. */
  readonly keepId: string | undefined
}

export function useVirtualTimeline({ items, timeline, keepId }: Init): VirtualTimeline {
  const { hasNewer, hasOlder, loading, loadOlder, loadNewer } = timeline
  const scroller = useRef<HTMLDivElement>(null)
  const started = useRef(false)
  const wanted = useRef<{ readonly id: string; readonly how: 'found' | undefined }>(undefined)
  const [isAtEnd, setAtEnd] = useState(true)
  const kept = keepId === undefined ? -1 : items.findIndex(({ message }) => message.id === keepId)
  // oxlint-disable-next-line react/incompatible-library -- the React Compiler is not used here, and nothing of it is memoised.
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: useCallback((index: number) => items[index]?.message.id ?? index, [items]),
    rangeExtractor: useCallback(
      (range) => {
        const shown = defaultRangeExtractor(range)
        return kept < 0 || shown.includes(kept) ? shown : [...shown, kept].toSorted((a, b) => a - b)
      },
      [kept],
    ),
    overscan: OVERSCAN_ROWS,
    paddingStart: PADDING_PX,
    paddingEnd: PADDING_PX,
    anchorTo: 'end',
    followOnAppend: true,
    // The end of what is shown is not the end while newer messages are still to be fetched.
    scrollEndThreshold: hasNewer ? -1 : AT_END_PX,
  })

  const look = useCallback(() => {
    if (!started.current || scroller.current === null) return
    const { scrollTop, scrollHeight, clientHeight } = scroller.current
    const rest = scrollHeight - scrollTop - clientHeight
    setAtEnd(!hasNewer && rest <= AT_END_PX)
    if (loading !== undefined) return
    if (hasOlder && scrollTop < NEAR_END_PX) loadOlder()
    else if (hasNewer && rest < NEAR_END_PX) loadNewer()
  }, [hasNewer, hasOlder, loading, loadOlder, loadNewer])

  // The first messages are here: begin at what is unread, or at the end.
  useLayoutEffect(() => {
    if (started.current || loading === 'first' || items.length === 0) return
    started.current = true
    const mark = items.findIndex(({ isMarked }) => isMarked)
    if (mark < 0) virtualizer.scrollToEnd()
    else virtualizer.scrollToIndex(mark, { align: 'start' })
  }, [items, loading, virtualizer])

  // Other messages, or fewer: look again once the rows are where they belong.
  useEffect(() => {
    const frame = requestAnimationFrame(look)
    return () => cancelAnimationFrame(frame)
  }, [items, look])

  // When the view shrinks, the end moves away without the reader going anywhere.
  useEffect(() => {
    const view = scroller.current
    if (view === null || !isAtEnd) return
    let height = view.clientHeight
    const observer = new ResizeObserver(() => {
      if (view.clientHeight !== height) virtualizer.scrollToEnd()
      height = view.clientHeight
    })
    observer.observe(view)
    return () => observer.disconnect()
  }, [isAtEnd, virtualizer])

  const focusWanted = useCallback(() => {
    const row = wanted.current === undefined ? undefined : rowOf(scroller.current, wanted.current.id)
    if (row === undefined) return
    if (wanted.current?.how === 'found') showFound(row)
    wanted.current = undefined
    row.focus({ preventScroll: true })
  }, [])
  // A row that was far away is there after some render.
  useLayoutEffect(focusWanted)

  const reveal = useCallback(
    (id: string, how?: 'found') => {
      const index = items.findIndex(({ message }) => message.id === id)
      if (index < 0) return false
      wanted.current = { id, how }
      virtualizer.scrollToIndex(index, { align: rowOf(scroller.current, id) === undefined ? 'center' : 'auto' })
      focusWanted()
      return true
    },
    [items, virtualizer, focusWanted],
  )

  return {
    scroller,
    rows: virtualizer.getVirtualItems(),
    totalPx: virtualizer.getTotalSize(),
    measure: virtualizer.measureElement,
    onScroll: look,
    isAtEnd,
    toEnd: useCallback(() => virtualizer.scrollToEnd(), [virtualizer]),
    reveal,
  }
}

/** The row of a message, when it is in the document. */
function rowOf(scroller: HTMLElement | null, id: Message['id'] | string): HTMLElement | undefined {
  return scroller?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? undefined
}

function showFound(row: HTMLElement): void {
  row.classList.add(FOUND_CLASS)
  row.addEventListener('animationend', () => row.classList.remove(FOUND_CLASS), { once: true })
}
