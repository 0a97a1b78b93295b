/**
 * What lies over the messages: help, members, files, what a search found.
 */
import { pad, wrap } from '../text.ts'
import { plain } from './paint.ts'
import type { Row } from './paint.ts'
import { show } from './scroll.ts'
import type { Block } from './scroll.ts'

/** Of the labels, which stand in a column of their own where there is room for one. */
const LABEL_COLUMNS = 20
/** Narrower, and the label stands above its text. */
const MIN_COLUMNS_FOR_LABELS = 56

/** One entry; `choose` is what Enter does with it, `copy` what goes to the clipboard. */
export interface PanelItem {
  readonly label?: string
  readonly text: string
  readonly choose?: () => void
  readonly copy?: string
}

export interface Panel {
  readonly title: string
  readonly hint: string
  /** Asked for again whenever it is drawn, so that it shows what is so now. */
  items(): readonly PanelItem[]
  /** Nothing is marked, so that a mouse selects what is there and nothing else. */
  readonly isBare?: true
}

/** A panel that is open. */
export class OpenPanel {
  readonly panel: Panel
  #selected = 0

  constructor(panel: Panel) {
    this.panel = panel
  }

  get item(): PanelItem | undefined {
    const items = this.panel.items()
    return items[Math.min(this.#selected, items.length - 1)]
  }

  move(by: number): void {
    this.#selected = Math.max(0, Math.min(this.panel.items().length - 1, this.#selected + by))
  }

  rows(columns: number, rows: number): readonly Row[] {
    const blocks = this.panel.items().map((item, i): Block => {
      const mark = this.panel.isBare === true ? '' : i === this.#selected ? '> ' : '  '
      return { id: String(i), rows: linesOf(item, columns - mark.length).map((line) => [plain(mark + line)]) }
    })
    return show(blocks, rows, { id: '0', row: 0 }, String(this.#selected)).rows
  }
}

function linesOf({ label, text }: PanelItem, columns: number): string[] {
  if (label === undefined) return wrap(text, columns)
  if (columns < MIN_COLUMNS_FOR_LABELS) return [...wrap(label, columns), ...wrap(text, columns - 2).map((line) => `  ${line}`)]
  return wrap(text, columns - LABEL_COLUMNS - 1).map((line, i) => `${pad(i === 0 ? label : '', LABEL_COLUMNS)} ${line}`)
}
