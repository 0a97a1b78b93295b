/**
 * Text for terminals. What other people wrote is shown, never obeyed.
 */
import stringWidth from 'string-width'

/**
 * Control characters, which could move the cursor or worse, separators that some terminals take for one, and those that turn the direction of
 * text. Not newline and tab.
 */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
/** Marks on one letter. Every language does with four; hundreds of them would cover the lines above and below. */
const TOO_MANY_MARKS = /(\p{M}{4})\p{M}+/gu
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The text with every character that a terminal would act on replaced by a mark. Keeps newlines and tabs. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd').replace(TOO_MANY_MARKS, '$1')
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim()
}

/** Columns that a terminal needs: two for wide scripts and emoji, none for marks. */
export function width(text: string): number {
  return stringWidth(text)
}

/** Lines of at most `columns`, broken at spaces where there are any. Line breaks of the text stay. */
export function wrap(text: string, columns: number): string[] {
  const room = Math.max(columns, 10)
  return printable(text)
    .split(/\r?\n/)
    .flatMap((line) => wrapLine(line, room))
}

function wrapLine(line: string, room: number): string[] {
  const lines: string[] = []
  let current = ''
  // Counted as it grows: measuring the whole line again for each word would take long for long ones.
  let used = 0
  // Spaces at the beginning of the line are said on purpose, and stay.
  let gap = 0
  for (const word of line.split(' ')) {
    const needed = width(word)
    if (used + gap + needed <= room) {
      current += ' '.repeat(gap) + word
      used += gap + needed
      gap = 1
      continue
    }
    if (current !== '') lines.push(current)
    gap = 1
    const pieces = needed <= room ? [word] : breakWord(word, room)
    current = pieces.pop() ?? ''
    used = width(current)
    lines.push(...pieces)
  }
  return [...lines, current]
}

function breakWord(word: string, room: number): string[] {
  const pieces: string[] = []
  let piece = ''
  let used = 0
  for (const { segment } of graphemes.segment(word)) {
    const needed = width(segment)
    if (used + needed > room) {
      pieces.push(piece)
      piece = ''
      used = 0
    }
    piece += segment
    used += needed
  }
  return [...pieces, piece]
}

/** The beginning of a one-line text, with a mark when something is missing. */
export function clip(text: string, columns: number): string {
  return cut(oneLine(text), columns)
}

/** The same of a text that is harmless and on one line already, whose spaces stay. */
export function cut(line: string, columns: number): string {
  if (width(line) <= columns) return line
  let kept = ''
  for (const { segment } of graphemes.segment(line)) {
    if (width(kept + segment) > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** The text followed by spaces up to `columns`. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}
