/**
 * Editing text of several lines. Positions are UTF-16 units, and never inside of what a person sees as one character.
 */
import { printable, width } from '../text.ts'

/** A text and where its cursor is. */
export interface Edited {
  readonly text: string
  readonly at: number
}

export const EMPTY: Edited = { text: '', at: 0 }

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const TAB = '    '

/** What keys do to a text; a key that is none of these is for somebody else. */
export const EDITING: Readonly<Record<string, (edited: Edited) => Edited>> = {
  newline: (edited) => insert(edited, '\n'),
  backspace: (edited) => erase(edited, before(edited)),
  delete: (edited) => erase(edited, after(edited)),
  left: ({ text, at }) => ({ text, at: before({ text, at }) }),
  right: ({ text, at }) => ({ text, at: after({ text, at }) }),
  wordleft: ({ text, at }) => ({ text, at: wordBefore(text, at) }),
  wordright: ({ text, at }) => ({ text, at: wordAfter(text, at) }),
  home: ({ text, at }) => ({ text, at: lineStart(text, at) }),
  end: ({ text, at }) => ({ text, at: lineEnd(text, at) }),
  'ctrl-a': ({ text, at }) => ({ text, at: lineStart(text, at) }),
  'ctrl-e': ({ text, at }) => ({ text, at: lineEnd(text, at) }),
  'ctrl-w': (edited) => erase(edited, wordBefore(edited.text, edited.at)),
  'ctrl-u': (edited) => erase(edited, lineStart(edited.text, edited.at)),
  'ctrl-k': (edited) => erase(edited, lineEnd(edited.text, edited.at)),
}

export function insert({ text, at }: Edited, piece: string): Edited {
  return { text: text.slice(0, at) + piece + text.slice(at), at: at + piece.length }
}

/** A text with the cursor at its end. */
export function edit(text: string): Edited {
  return { text, at: text.length }
}

/** How a text lies in a box, and where in it the cursor is. */
export interface Laid {
  readonly rows: readonly string[]
  readonly row: number
  readonly column: number
}

/** Breaks the text where the box ends, and nowhere else, so that the cursor is where the text is. */
export function lay({ text, at }: Edited, columns: number): Laid {
  const { rows, stops } = stopsIn(text, columns)
  const { row, column } = stopAt(stops, at)
  return { rows, row, column }
}

/** The cursor a row up or down, undefined when there is none. */
export function moveRow({ text, at }: Edited, by: -1 | 1, columns: number): Edited | undefined {
  const { stops } = stopsIn(text, columns)
  const from = stopAt(stops, at)
  const there = stops.filter(({ row }) => row === from.row + by)
  const nearest = there.findLast(({ column }) => column <= from.column) ?? there[0]
  return nearest === undefined ? undefined : { text, at: nearest.at }
}

/** Where the cursor can be. */
interface Stop {
  readonly at: number
  readonly row: number
  readonly column: number
}

function stopAt(stops: readonly Stop[], at: number): Stop {
  let found: Stop = { at: 0, row: 0, column: 0 }
  for (const stop of stops) {
    found = stop
    if (stop.at >= at) break
  }
  return found
}

/** All of them in their order, the one behind the last character included. */
function stopsIn(text: string, columns: number): { rows: string[]; stops: Stop[] } {
  const rows: string[] = ['']
  const stops: Stop[] = []
  let used = 0
  for (const { segment, index } of graphemes.segment(text)) {
    const isBreak = segment === '\n' || segment === '\r\n'
    const shown = isBreak ? '' : segment === '\t' ? TAB : printable(segment)
    // One cell stays free: the cursor stands behind what was typed last.
    if (used + width(shown) > columns - 1) {
      rows.push('')
      used = 0
    }
    stops.push({ at: index, row: rows.length - 1, column: used })
    rows[rows.length - 1] += shown
    used += width(shown)
    if (!isBreak) continue
    rows.push('')
    used = 0
  }
  stops.push({ at: text.length, row: rows.length - 1, column: used })
  return { rows, stops }
}

function erase({ text, at }: Edited, to: number): Edited {
  const [from, end] = to < at ? [to, at] : [at, to]
  return { text: text.slice(0, from) + text.slice(end), at: from }
}

function before({ text, at }: Edited): number {
  return at - ([...graphemes.segment(text.slice(Math.max(0, at - NEIGHBOURHOOD), at))].at(-1)?.segment.length ?? 0)
}

function after({ text, at }: Edited): number {
  const [first] = graphemes.segment(text.slice(at, at + NEIGHBOURHOOD))
  return at + (first?.segment.length ?? 0)
}

/** Units around the cursor that are looked at for one character; longer ones are taken apart. */
const NEIGHBOURHOOD = 128

function wordBefore(text: string, at: number): number {
  return text.slice(0, at).search(/\S*\s*$/)
}

function wordAfter(text: string, at: number): number {
  return at + (/^\s*\S*/.exec(text.slice(at))?.[0].length ?? 0)
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
