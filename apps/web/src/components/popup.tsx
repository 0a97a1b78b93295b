import { useEffect, useLayoutEffect, useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'

interface PopupProps {
  /** What it belongs to: it stands below this, or above when there is no room, and gives the focus back to it. */
  anchor: HTMLElement | null
  label: string
  role?: 'dialog' | 'menu'
  className?: string
  onClose: () => void
  onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void
  children: ReactNode
}

/** Kept free between a popup and the edges of the window, and between it and its anchor. */
const MARGIN_PX = 8

function place(popup: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = popup
  const below = at.bottom + MARGIN_PX / 2
  const above = at.top - height - MARGIN_PX / 2
  const top = below + height + MARGIN_PX <= innerHeight || above < MARGIN_PX ? Math.min(below, innerHeight - height - MARGIN_PX) : above
  const left = Math.min(Math.max(MARGIN_PX, at.right - width), innerWidth - width - MARGIN_PX)
  popup.style.top = `${Math.max(MARGIN_PX, top)}px`
  popup.style.left = `${Math.max(MARGIN_PX, left)}px`
}

/** Something small above the page. The browser closes it on Escape and on a press beside it. */
export function Popup({ anchor, label, role = 'dialog', className = '', onClose, onKeyDown, children }: PopupProps): ReactNode {
  const ref = useRef<HTMLDivElement>(null)
  const close = useRef(onClose)
  useLayoutEffect(() => {
    close.current = onClose
  })

  useLayoutEffect(() => {
    const popup = ref.current
    if (popup === null || anchor === null) return
    if (!popup.matches(':popover-open')) popup.showPopover()
    place(popup, anchor)
    popup.querySelector<HTMLElement>('[data-focus-first]')?.focus({ preventScroll: true })
    // What it holds may grow.
    const observer = new ResizeObserver(() => place(popup, anchor))
    observer.observe(popup)
    // So may the window, or shrink when the keyboard of a phone comes.
    const follow = (): void => place(popup, anchor)
    window.addEventListener('resize', follow)
    return () => {
      observer.disconnect()
      window.removeEventListener('resize', follow)
    }
  }, [anchor])

  useEffect(() => {
    const popup = ref.current
    const end = (): void => close.current()
    const onToggle = (event: ToggleEvent): void => {
      if (event.newState === 'closed') end()
    }
    popup?.addEventListener('toggle', onToggle)
    return () => {
      popup?.removeEventListener('toggle', onToggle)
      queueMicrotask(() => {
        // Not when it went because something else took the focus.
        const untaken = document.activeElement === null || document.activeElement === document.body
        if (popup?.isConnected !== true && untaken) anchor?.focus({ preventScroll: true })
      })
    }
  }, [anchor])

  return (
    // The keys that walk through its content belong to it.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div ref={ref} popover="auto" role={role} aria-label={label} className={`popup ${className}`} onKeyDown={onKeyDown}>
      {children}
    </div>
  )
}
