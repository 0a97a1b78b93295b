import { Cell } from '@parley/react'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'
import { IconButton } from './icon-button.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'info' | 'error'
}

/** Long enough to read two sentences. */
const SHOWN_MS = 7_000
/** Older ones give way: a row of failures must not cover the screen. */
const MAX_SHOWN = 3

const toasts = new Cell<readonly Toast[]>([])
let lastId = 0

/** Says something in the corner for a while; the same words are not shown twice at once. */
export function toast(text: string, tone: Toast['tone'] = 'info'): void {
  const others = toasts.getSnapshot().filter((shown) => shown.text !== text)
  toasts.set([...others, { id: ++lastId, text, tone }].slice(-MAX_SHOWN))
}

function dismiss(id: number): void {
  toasts.set(toasts.getSnapshot().filter((shown) => shown.id !== id))
}

function ToastCard({ id, text, tone }: Toast): ReactNode {
  useEffect(() => {
    const timer = setTimeout(() => dismiss(id), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [id])
  return (
    <div className={`toast toast-${tone}`}>
      <span>{text}</span>
      <IconButton icon="close" label={t('Dismiss')} onClick={() => dismiss(id)} />
    </div>
  )
}

/** Where toasts appear. Always in the page, so that screen readers listen to it. */
export function ToastRegion(): ReactNode {
  const shown = useSyncExternalStore(toasts.subscribe, toasts.getSnapshot)
  const region = useRef<HTMLOutputElement>(null)
  useEffect(() => {
    // Shown anew each time, which puts it above a dialog that opened since.
    region.current?.hidePopover()
    if (shown.length > 0) region.current?.showPopover()
  }, [shown])
  return (
    <output ref={region} popover="manual" className="toasts" aria-live="polite" aria-label={t('Notices')}>
      {shown.map((one) => (
        <ToastCard key={one.id} {...one} />
      ))}
    </output>
  )
}
