/**
 * Times as people say them, in the language of the app and with the habits of the region.
 */
import { clockTime as timeOfDay, completeTime as moment, dayName as day } from '@parley/react'
import { language } from '../i18n/language.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const WEEK_DAYS = 6

function formatsOf(locale: string) {
  return {
    locale,
    weekday: new Intl.DateTimeFormat(locale, { weekday: 'short' }),
    shortDate: new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' }),
    relativeDay: new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }),
    relative: new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' }),
  }
}

let made: ReturnType<typeof formatsOf> | undefined

/** Making them takes longer than using them: they stay until another language is spoken. */
function formats(): ReturnType<typeof formatsOf> {
  const { locale } = language()
  if (made?.locale !== locale) made = formatsOf(locale)
  return made
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** Whole days between two moments as a calendar counts them; daylight saving shifts are rounded away. */
function daysBetween(from: number, to: number): number {
  return Math.round((startOfDay(to) - startOfDay(from)) / DAY_MS)
}

/** 14:02 */
export function clockTime(at: number): string {
  return timeOfDay(at, language().locale)
}

/** The full moment, for tooltips. */
export function completeTime(at: number): string {
  return moment(at, language().locale)
}

/** Today, Yesterday, Monday 12 May. */
export function dayName(at: number, now: number): string {
  return day(at, now, language().locale)
}

/** How long ago, for lists: now, 5 min ago, 14:02, yesterday, Mon, 12 May. */
export function agoInList(at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS)
  if (minutes < 1) return formats().relative.format(0, 'second')
  if (minutes < 60) return formats().relative.format(-minutes, 'minute')
  const days = daysBetween(at, now)
  if (days === 0) return clockTime(at)
  if (days === 1) return formats().relativeDay.format(-1, 'day')
  return days <= WEEK_DAYS ? formats().weekday.format(at) : formats().shortDate.format(at)
}

/** When something that lies ahead comes: in 5 hours, tomorrow, in 7 days. */
export function inDays(at: number, now: number): string {
  const hours = Math.max(0, Math.round((at - now) / HOUR_MS))
  return hours < 24 ? formats().relativeDay.format(hours, 'hour') : formats().relativeDay.format(Math.round(hours / 24), 'day')
}
