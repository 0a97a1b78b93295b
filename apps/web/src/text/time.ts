/**
 * Times as people say them: English words as in the rest of the app, with the habits of the region that the browser names.
 */
const LOCALE = navigator.language.startsWith('en') ? navigator.language : 'en-GB'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const WEEK_DAYS = 6

const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'short' })
const shortDate = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' })
const longDay = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' })
const longDayWithYear = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
const complete = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'full', timeStyle: 'short' })
const relativeDay = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' })
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'short' })

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** Whole days between two moments as a calendar counts them; daylight saving shifts are rounded away. */
function daysBetween(from: number, to: number): number {
  return Math.round((startOfDay(to) - startOfDay(from)) / DAY_MS)
}

export function sameDay(a: number, b: number): boolean {
  return startOfDay(a) === startOfDay(b)
}

/** 14:02 */
export function clockTime(at: number): string {
  return clock.format(at)
}

/** The full moment, for tooltips. */
export function completeTime(at: number): string {
  return complete.format(at)
}

/** Today, Yesterday, Monday 12 May. */
export function dayName(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days === 0 || days === 1) return capitalised(relativeDay.format(-days, 'day'))
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? longDay.format(at) : longDayWithYear.format(at)
}

/** How long ago, for lists: now, 5 min ago, 14:02, yesterday, Mon, 12 May. */
export function agoInList(at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS)
  if (minutes < 1) return relative.format(0, 'second')
  if (minutes < 60) return relative.format(-minutes, 'minute')
  const days = daysBetween(at, now)
  if (days === 0) return clock.format(at)
  if (days === 1) return relativeDay.format(-1, 'day')
  return days <= WEEK_DAYS ? weekday.format(at) : shortDate.format(at)
}

/** When something that lies ahead comes: in 5 hours, tomorrow, in 7 days. */
export function inDays(at: number, now: number): string {
  const hours = Math.max(0, Math.round((at - now) / HOUR_MS))
  return hours < 24 ? relativeDay.format(hours, 'hour') : relativeDay.format(Math.round(hours / 24), 'day')
}

function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1)
}
