/**
 * Values as people type them on a command line.
 */
import { ParleyError } from '@parley/protocol'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
/** Ten years. Nothing here waits or lasts longer, and sums with the present time stay dates. */
const MAX_DURATION_MS = 3650 * 86_400_000
/** What a JavaScript timer can wait; it fires at once beyond that. */
const MAX_TIMER_MS = 0x7fff_ffff

/** Milliseconds of `30s`, `1.5h`, `7d`, `500ms`, `0`. Units ms, s, m, h, d, w; at most ten years. @throws {InvalidArgument} */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text.trim()) ?? (text.trim() === '0' ? ['', '0', 'ms'] : [])
  const ms = Math.round(Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN))
  if (!(ms <= MAX_DURATION_MS))
    throw new ParleyError('InvalidArgument', `"${text}" is no duration. Write a number and a unit, such as 30s, 5m or 7d.`)
  return ms
}

/** A duration that a timer can wait, 24 days at most. @throws {InvalidArgument} */
export function parseWait(text: string): number {
  return Math.min(parseDuration(text), MAX_TIMER_MS)
}

/** A whole number from 1. @throws {InvalidArgument} */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw new ParleyError('InvalidArgument', `"${text}" is no whole number from 1.`)
  return count
}

/** A day, or a time, as ISO 8601 writes it. @throws {InvalidArgument} */
export function parseDate(text: string): Date {
  const date = new Date(text)
  if (!/^\d{4}-\d{2}/.test(text) || Number.isNaN(date.getTime()))
    throw new ParleyError('InvalidArgument', `"${text}" is no date. Write 2025-06-01, or 2025-06-01T18:30.`)
  return date
}

/**
 * One `key=value` more. `true`, `false` and numbers as JSON writes them become that, `"5"` in double quotes stays the text 5, `null` stands for
 * removal; everything else is the text itself. @throws {InvalidArgument} without `=` or key
 */
export function addMetadata(text: string, before: MetadataInput | undefined): MetadataInput {
  const at = text.indexOf('=')
  if (at < 1) throw new ParleyError('InvalidArgument', `"${text}" is no metadata. Write key=value.`)
  return { ...before, [text.slice(0, at)]: metadataValue(text.slice(at + 1)) }
}

export type MetadataInput = Readonly<Record<string, string | number | boolean | null>>

function metadataValue(text: string): string | number | boolean | null {
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === 'null') return null
  // Only what comes back the same: 007 and 1e999 and long digit strings are names, not amounts.
  if (text !== '' && String(Number(text)) === text && Number.isFinite(Number(text))) return Number(text)
  return quoted(text) ?? text
}

function quoted(text: string): string | undefined {
  if (!/^".*"$/s.test(text)) return undefined
  try {
    return JSON.parse(text) as string
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** For an option that can be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** Reads one of these words. @throws {InvalidArgument} for another */
export function oneOf<const W extends string>(words: readonly W[]): (text: string) => W {
  return (text) => {
    const word = words.find((one) => one === text)
    if (word === undefined) throw new ParleyError('InvalidArgument', `"${text}" is none of ${words.join(', ')}.`)
    return word
  }
}
