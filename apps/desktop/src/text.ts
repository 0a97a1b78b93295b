/**
 * Text for terminals. What other people wrote is shown, never obeyed.
 */

/** Control characters, which could move the cursor or worse, and those that turn the direction of text. Not newline and tab. */
// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Scripts and emoji that terminals draw two columns wide. */
const WIDE = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}/u

/** The text with every character that a terminal would act on replaced by a mark. Keeps newlines and tabs. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

/** The same on one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim()
}

/** Columns that a terminal needs, near enough. */
export function width(text: string): number {
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : 1
  return columns
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
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (width(longer) <= room) {
      current = longer
      continue
    }
    if (current !== '') lines.push(current)
    const pieces = breakWord(word, room)
    current = pieces.pop() ?? ''
    lines.push(...pieces)
  }
  return [...lines, current]
}

function breakWord(word: string, room: number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const { segment } of graphemes.segment(word)) {
    if (width(piece + segment) > room) {
      pieces.push(piece)
      piece = ''
    }
    piece += segment
  }
  return [...pieces, piece]
}

/** The beginning of a one-line text, with a mark when something is missing. */
export function clip(text: string, columns: number): string {
  const line = oneLine(text)
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
