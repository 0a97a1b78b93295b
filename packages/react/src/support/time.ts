/**
 * Times as people say them, in the language of the words.
 */
import { useSyncExternalStore } from 'react'
import { Cell } from './cell.ts'

const DAY_MS = 86_400_000
/** Just after midnight, for timers may be early. */
const MARGIN_MS = 1_000

interface Formats {
  readonly clock: Intl.DateTimeFormat
  readonly day: Intl.DateTimeFormat
  readonly shortDay: Intl.DateTimeFormat
  readonly complete: Intl.DateTimeFormat
  readonly relative: Intl.RelativeTimeFormat
}

const formats = new Map<string | undefined, Formats>()

/** Making a format takes a thousand times as long as using one. */
function formatsOf(locale: string | undefined): Formats {
  const made = formats.get(locale) ?? {
    clock: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(locale, { dateStyle: 'full' }),
    shortDay: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }),
    complete: new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
  }
  formats.set(locale, made)
  return made
}

/** Midnight before this moment. */
export function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** 14:02 */
export function clockTime(at: number, locale: string | undefined): string {
  return formatsOf(locale).clock.format(at)
}

/** The full moment, for tooltips. */
export function completeTime(at: number, locale: string | undefined): string {
  return formatsOf(locale).complete.format(at)
}

/** today, yesterday, Monday 12 May 2026. Daylight saving shifts are rounded away. */
export function dayName(at: number, today: number, locale: string | undefined): string {
  const days = Math.round((today - startOfDay(at)) / DAY_MS)
  return days === 0 || days === 1 ? formatsOf(locale).relative.format(-days, 'day') : formatsOf(locale).day.format(at)
}

/** The time of day of what is of today, the day of anything else. */
export function timeInList(at: number, today: number, locale: string | undefined): string {
  return at >= today ? clockTime(at, locale) : formatsOf(locale).shortDay.format(at)
}

const today = new Cell(startOfDay(Date.now()))
let timer: ReturnType<typeof setTimeout> | undefined

function awaitMidnight(): void {
  today.set(startOfDay(Date.now()))
  timer = setTimeout(awaitMidnight, startOfDay(Date.now() + DAY_MS) - Date.now() + MARGIN_MS)
}

function subscribe(listener: () => void): () => void {
  const unsubscribe = today.subscribe(listener)
  if (timer === undefined) awaitMidnight()
  return () => {
    unsubscribe()
    if (today.observed) return
    clearTimeout(timer)
    timer = undefined
  }
}

/** The midnight that today began with; another one at the next. */
export function useToday(): number {
  return useSyncExternalStore(subscribe, today.getSnapshot)
}
