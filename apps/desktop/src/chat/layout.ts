/**
 * Where everything stands on the screen.
 *
 *     Hike · 2 members, Bob online · up to date with 1 device
 *     Conversations       | messages
 *     > Hike              |
 *       (3) Dinner        | Bob is typing
 *     what a key did, or what is being answered
 *     > what is written
 *     the keys that do something now
 */
import type { Size } from '../screen.ts'
import { cut, pad, width } from '../text.ts'
import type { Edited } from './editor.ts'
import { lay } from './editor.ts'
import { bold, dim, plain } from './paint.ts'
import type { Box, Frame, Row } from './paint.ts'

/** Narrower or lower ones show nothing that could be used. */
export const MIN_SIZE: Size = { columns: 30, rows: 8 }
/** Below, there is room for the messages or for the list, not both. */
const MIN_COLUMNS_FOR_BOTH = 64
/** Of the screen, for the list; between these. */
const LIST_PART = 0.26
const MIN_LIST_COLUMNS = 18
const MAX_LIST_COLUMNS = 36
/** Rows that what is written may take; more of it scrolls. */
const MAX_EDITOR_ROWS = 6
const PROMPT = '> '

/** Everything that is to be seen, before anybody knows where. */
export interface Picture {
  readonly size: Size
  readonly head: string
  /** The list of conversations, drawn for so many columns and rows. */
  list(columns: number, rows: number): readonly Row[]
  /** What fills the rest: messages, or whatever lies over them. */
  body(columns: number, rows: number): readonly Row[]
  /** `list`: where there is no room for both, the list is what is shown. `whole`: the body takes all the room. */
  readonly shape: 'both' | 'list' | 'whole'
  /** Between the body and what is written. */
  readonly status: readonly Row[]
  /** What is written, and whether the keys go there. */
  readonly edited: Edited
  readonly isWriting: boolean
  readonly hint: string
}

/** The room that the body has, which is what scrolling goes by. */
export interface Room {
  readonly listColumns: number
  readonly bodyColumn: number
  readonly bodyColumns: number
  readonly bodyRows: number
}

export function roomOf({ size, shape, status, edited }: Picture): Room {
  const { columns, rows } = size
  const editorRows = Math.min(MAX_EDITOR_ROWS, lay(edited, columns - PROMPT.length).rows.length)
  const bodyRows = Math.max(1, rows - 2 - status.length - editorRows)
  if (shape === 'whole') return { listColumns: 0, bodyColumn: 0, bodyColumns: columns, bodyRows }
  if (columns < MIN_COLUMNS_FOR_BOTH) {
    return shape === 'list'
      ? { listColumns: columns, bodyColumn: columns, bodyColumns: 0, bodyRows }
      : { listColumns: 0, bodyColumn: 0, bodyColumns: columns, bodyRows }
  }
  const listColumns = Math.max(MIN_LIST_COLUMNS, Math.min(MAX_LIST_COLUMNS, Math.floor(columns * LIST_PART)))
  return { listColumns, bodyColumn: listColumns + 2, bodyColumns: columns - listColumns - 2, bodyRows }
}

export function layOut(picture: Picture): Frame {
  const { size } = picture
  if (size.columns < MIN_SIZE.columns || size.rows < MIN_SIZE.rows) return tooSmall(size)
  const room = roomOf(picture)
  const editor = layEditor(picture)
  const above = 1 + room.bodyRows
  const boxes: Box[] = [
    box(0, size.columns, 0, [[{ text: pad(` ${picture.head}`, size.columns), style: 'reverse' }]]),
    box(0, size.columns, above, [...picture.status, ...editor.rows, [dim(picture.hint)]]),
  ]
  if (room.listColumns > 0) boxes.push(box(0, room.listColumns, 1, picture.list(room.listColumns, room.bodyRows)))
  if (room.listColumns > 0 && room.bodyColumns > 0)
    boxes.push(
      box(
        room.listColumns,
        2,
        1,
        Array.from({ length: room.bodyRows }, () => [dim('| ')]),
      ),
    )
  if (room.bodyColumns > 0) boxes.push(box(room.bodyColumn, room.bodyColumns, 1, picture.body(room.bodyColumns, room.bodyRows)))
  const cursor = picture.isWriting ? { row: above + picture.status.length + editor.row, column: editor.column } : undefined
  return { size, boxes: boxes.toSorted((a, b) => a.column - b.column), cursor }
}

/** The rows of what is written that are shown, with the cursor among them. */
function layEditor({ edited, size, isWriting }: Picture): { rows: Row[]; row: number; column: number } {
  const laid = lay(edited, size.columns - PROMPT.length)
  const first = Math.max(0, Math.min(laid.rows.length - MAX_EDITOR_ROWS, laid.row - MAX_EDITOR_ROWS + 1))
  const rows = laid.rows.slice(first, first + MAX_EDITOR_ROWS).map((text, i): Row => {
    const lead = i > 0 ? ' '.repeat(PROMPT.length) : PROMPT
    return [isWriting ? bold(lead) : dim(lead), plain(text)]
  })
  return { rows, row: laid.row - first, column: PROMPT.length + laid.column }
}

function box(column: number, columns: number, row: number, rows: readonly Row[]): Box {
  return { column, columns, rows: [...Array.from({ length: row }, (): Row => []), ...rows] }
}

function tooSmall(size: Size): Frame {
  const text = `Make it ${MIN_SIZE.columns}x${MIN_SIZE.rows} or larger.`
  const lines = [cut(text, Math.max(1, size.columns))].filter((line) => width(line) <= size.columns)
  return { size, boxes: [{ column: 0, columns: size.columns, rows: lines.map((line) => [plain(line)]) }], cursor: undefined }
}
