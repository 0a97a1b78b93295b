/**
 * Which rows of something long are shown.
 */
import type { Row } from './paint.ts'

/** Rows that belong together: a message, an item of a list. */
export interface Block {
  readonly id: string
  readonly rows: readonly Row[]
}

/** The first row shown: the so many-th of a block. It stays where it is while blocks come and go around it. */
export interface Top {
  readonly id: string
  readonly row: number
}

export interface Shown {
  readonly rows: readonly Row[]
  /** Undefined when there is nothing. */
  readonly top: Top | undefined
  readonly isAtEnd: boolean
  /** How many rows there are above and below. */
  readonly above: number
  readonly below: number
}

/** The rows from `top` on, or the last ones; moved as far as it takes for the block `selected` to be seen. */
export function show(blocks: readonly Block[], height: number, top: Top | undefined, selected?: string): Shown {
  const rows = blocks.flatMap((block) => block.rows)
  const last = Math.max(0, rows.length - height)
  let first = top === undefined ? last : Math.min(last, firstOf(blocks, top.id, last) + top.row)
  const chosen = blocks.find(({ id }) => id === selected)
  if (chosen !== undefined) {
    const start = firstOf(blocks, chosen.id, 0)
    // One that is taller than the screen is read from wherever one is in it.
    const isTall = chosen.rows.length > height
    const [lowest, highest] = isTall ? [start, start + chosen.rows.length - height] : [start + chosen.rows.length - height, start]
    first = Math.max(0, Math.min(last, Math.max(lowest, Math.min(highest, first))))
  }
  const shown = rows.slice(first, first + height)
  const below = rows.length - first - shown.length
  return { rows: shown, top: topAt(blocks, first), isAtEnd: below === 0, above: first, below }
}

/** Where the view is after going so many rows down, or up when negative. */
export function scrolled(blocks: readonly Block[], height: number, top: Top | undefined, by: number): Top | undefined {
  const { above, below } = show(blocks, height, top)
  return topAt(blocks, Math.max(0, Math.min(above + below, above + by)))
}

function firstOf(blocks: readonly Block[], wanted: string, otherwise: number): number {
  let first = 0
  for (const { id, rows } of blocks) {
    if (id === wanted) return first
    first += rows.length
  }
  return otherwise
}

function topAt(blocks: readonly Block[], first: number): Top | undefined {
  let rest = first
  for (const { id, rows } of blocks) {
    if (rest < rows.length) return { id, row: rest }
    rest -= rows.length
  }
  return undefined
}
