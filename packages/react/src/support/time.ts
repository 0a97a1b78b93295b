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
  readonly dayOfOtherYear: Intl.DateTimeFormat
  readonly shortDay: Intl.DateTimeFormat
  readonly complete: Intl.DateTimeFormat
  readonly relative: Intl.RelativeTimeFormat
}

const formats = new Map<string | undefined, Formats>()

/** Making a format takes a thousand times as long as using one. */
function formatsOf(locale: string | undefined): Formats {
  const made = formats.get(locale) ?? {
    clock: new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }),
    day: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }),
    dayOfOtherYear: new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
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

/**
 * The time of day: 14:02. Without a locale that of the browser.
 * @example
 * ```tsx
 * const { locale } = useWords()
 * const said = clockTime(Date.now(), locale)
 * ```
 */
export function clockTime(at: number, locale: string | undefined): string {
  return formatsOf(locale).clock.format(at)
}

/**
 * The full moment, for tooltips.
 * @example
 * ```tsx
 * const said = completeTime(Date.now(), 'en-GB')
 * ```
 */
export function completeTime(at: number, locale: string | undefined): string {
  return formatsOf(locale).complete.format(at)
}

/**
 * Today, Yesterday, Monday 12 May; with the year when it is another one than that of `now`. Daylight saving shifts are rounded away.
 * @example
 * ```tsx
 * const said = dayName(Date.UTC(2026, 4, 12), Date.now(), 'en-GB')
 * ```
 */
export function dayName(at: number, now: number, locale: string | undefined): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS)
  const { relative, day, dayOfOtherYear } = formatsOf(locale)
  if (days === 0 || days === 1) return capitalised(relative.format(-days, 'day'))
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? day : dayOfOtherYear).format(at)
}

function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
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
