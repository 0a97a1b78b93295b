/**
 * Frames, and how the next one gets onto the terminal: only rows that changed are drawn again.
 */
import { cut, width } from '../text.ts'
import type { Size } from '../screen.ts'

/** How a piece of a row looks. Nothing is said by looks alone. */
export type Style = 'plain' | 'bold' | 'dim' | 'reverse' | 'name' | 'warning'

/** Text on one row, already harmless, see `printable`. */
export interface Span {
  readonly text: string
  readonly style: Style
}

/** What stands in one row, from left to right. */
export type Row = readonly Span[]

/** Rows from a column on, so that what is wider than it was thought to be spoils nothing but its own row of the box. */
export interface Box {
  /** From 0. */
  readonly column: number
  readonly columns: number
  /** From the top of the screen on. */
  readonly rows: readonly Row[]
}

export interface Frame {
  readonly size: Size
  readonly boxes: readonly Box[]
  /** Where the person types, from 0; undefined when they do not. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined
}

const ESC = '\u001b['
/** Terminals that know it show all of a frame at once. */
const BEGIN = `${ESC}?2026h`
const END = `${ESC}?2026l`

const LOOKS: Readonly<Record<Style, { colour: string; plain: string }>> = {
  plain: { colour: '', plain: '' },
  bold: { colour: '1', plain: '1' },
  dim: { colour: '2', plain: '2' },
  reverse: { colour: '7', plain: '7' },
  name: { colour: '36', plain: '1' },
  warning: { colour: '1;31', plain: '1' },
}

export const plain = (text: string): Span => ({ text, style: 'plain' })
export const bold = (text: string): Span => ({ text, style: 'bold' })
export const dim = (text: string): Span => ({ text, style: 'dim' })

/** Remembers what is on the terminal. */
export class Painter {
  readonly #hasColour: boolean
  #shown: readonly string[] = []
  #size: Size = { columns: 0, rows: 0 }

  constructor(hasColour: boolean) {
    this.#hasColour = hasColour
  }

  /** What to write for the frame to be seen. */
  paint({ size, boxes, cursor }: Frame): string {
    const isNew = size.columns !== this.#size.columns || size.rows !== this.#size.rows
    const rows = Array.from({ length: size.rows }, (_, row) => boxes.map((box) => this.#part(box, row)).join(''))
    const changed = rows.map((row, i) => (isNew || row !== this.#shown[i] ? `${ESC}${i + 1};1H${ESC}2K${row}` : '')).join('')
    this.#shown = rows
    this.#size = size
    const where = cursor === undefined ? `${ESC}?25l` : `${ESC}${cursor.row + 1};${cursor.column + 1}H${ESC}?25h`
    return `${BEGIN}${ESC}?25l${isNew ? `${ESC}2J` : ''}${changed}${where}${END}`
  }

  #part({ column, columns, rows }: Box, row: number): string {
    const spans = fit(rows[row] ?? [], columns)
    if (spans.length === 0) return ''
    const drawn = spans.map(({ text, style }) => {
      const look = LOOKS[style][this.#hasColour ? 'colour' : 'plain']
      return look === '' ? text : `${ESC}${look}m${text}${ESC}0m`
    })
    return `${ESC}${column + 1}G${drawn.join('')}`
  }
}

/** As much of the row as there is room for. */
export function fit(row: Row, columns: number): Row {
  let room = columns
  return row.flatMap(({ text, style }) => {
    if (room <= 0 || text === '') return []
    const taken = width(text)
    const shown = taken <= room ? text : cut(text, room)
    room -= taken
    return [{ text: shown, style }]
  })
}
