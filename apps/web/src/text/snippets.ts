/**
 * The place of a text where something was found.
 */
import type { SearchResult } from '@parley/chat'

/** A piece of a line; `found` when it is what was looked for. */
export interface SnippetPart {
  readonly at: number
  readonly text: string
  readonly found: boolean
}

/** Characters before the first place that was found, and of the whole. */
const BEFORE = 40
const LENGTH = 220

type Range = Pick<SearchResult['highlights'][number], 'start' | 'end'>

/** The start of a cut is moved to the beginning of a word, where one is near. */
function cutAt(text: string, wanted: number): number {
  if (wanted <= 0) return 0
  const space = text.indexOf(' ', wanted)
  return space >= 0 && space < wanted + BEFORE / 2 ? space + 1 : wanted
}

/** Some words around the first range, cut where ranges begin and end. Ranges ascend and lie apart. */
export function snippet(text: string, ranges: readonly Range[]): SnippetPart[] {
  const first = ranges[0]?.start ?? 0
  const from = Math.min(cutAt(text, first - BEFORE), first)
  const to = Math.min(text.length, from + LENGTH)
  const parts: SnippetPart[] = []
  const add = (start: number, end: number, found: boolean): void => {
    if (start < end) parts.push({ at: start, text: text.slice(start, end), found })
  }
  if (from > 0) parts.push({ at: -1, text: '…', found: false })
  let at = from
  for (const { start, end } of ranges) {
    if (start >= to) break
    add(at, start, false)
    add(Math.max(start, at), Math.min(end, to), true)
    at = Math.min(end, to)
  }
  add(at, to, false)
  if (to < text.length) parts.push({ at: to, text: '…', found: false })
  return parts
}
