/**
 * A terminal that knows the few sequences our interface draws with and throws at any other, so that nothing that somebody wrote gets to act on it.
 */
import type { OpenScreen, ScreenListener, Size } from '../src/screen.ts'
import { width } from '../src/text.ts'

// oxlint-disable-next-line no-control-regex -- the grammar of what may be drawn
const SEQUENCE = /^\u001b\[(\??)([\d;]*)([A-Za-z])|^\u001b\]52;c;([A-Za-z0-9+/=]*)\u0007/
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

export class FakeScreen {
  size: Size
  /** What was copied last. */
  clipboard = ''
  isOpen = false
  hasColour = false
  cursor: { row: number; column: number } | undefined
  #cells: string[][] = []
  #row = 0
  #column = 0
  #listener: ScreenListener | undefined
  #wake: () => void = () => undefined

  constructor(columns: number, rows: number) {
    this.size = { columns, rows }
    this.#clear()
  }

  readonly open: OpenScreen = (listener) => {
    this.#listener = listener
    this.isOpen = true
    const size = (): Size => this.size
    return {
      get size() {
        return size()
      },
      write: (text) => {
        this.#draw(text)
        this.#wake()
      },
      close: () => {
        this.isOpen = false
        this.#wake()
      },
    }
  }

  /** What is seen, row by row, without the spaces at their ends. */
  get rows(): string[] {
    return this.#cells.map((row) => row.join('').trimEnd())
  }

  get text(): string {
    return this.rows.join('\n')
  }

  press(...keys: string[]): void {
    for (const key of keys) this.#listener?.keys(key)
  }

  resize(columns: number, rows: number): void {
    this.size = { columns, rows }
    this.#clear()
    this.#listener?.resized()
  }

  /** Once this is seen, or `gone` of it. */
  async sees(wanted: string | RegExp, gone = false): Promise<void> {
    const isThere = (): boolean => (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text))
    while (isThere() === gone) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  /** Once it is drawn again. */
  async drawn(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  async closes(): Promise<void> {
    while (this.isOpen) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  #clear(): void {
    this.#cells = Array.from({ length: this.size.rows }, () => this.#emptyRow())
  }

  #emptyRow(): string[] {
    return Array.from({ length: this.size.columns }, () => ' ')
  }

  #draw(text: string): void {
    let rest = text
    while (rest !== '') {
      const sequence = SEQUENCE.exec(rest)
      if (sequence !== null) {
        this.#obey(sequence)
        rest = rest.slice(sequence[0].length)
        continue
      }
      // oxlint-disable-next-line no-control-regex -- everything that a terminal would act on, and what turns the direction of text
      const plain = /^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/.exec(rest)?.[0]
      if (plain === undefined) throw new Error(`drew ${JSON.stringify(rest.slice(0, 20))}`)
      for (const { segment } of graphemes.segment(plain)) this.#put(segment)
      rest = rest.slice(plain.length)
    }
  }

  #put(cluster: string): void {
    if (cluster.length > 40) throw new Error('a character like a tower')
    const cells = width(cluster)
    const row = this.#cells[this.#row]
    if (row === undefined || this.#column + cells > this.size.columns) return
    if (cells === 0) row[this.#column - 1] += cluster
    else row.splice(this.#column, cells, cluster, ...Array.from({ length: cells - 1 }, () => ''))
    this.#column += cells
  }

  #obey([all, isPrivate, numbers = '', final, copied]: RegExpExecArray): void {
    if (copied !== undefined) this.clipboard = Buffer.from(copied, 'base64').toString()
    else if (isPrivate === '?') this.cursor = numbers === '25' && final === 'h' ? { row: this.#row, column: this.#column } : this.cursor
    else if (final === 'H') [this.#row, this.#column] = numbers.split(';').map((one) => Number(one) - 1) as [number, number]
    else if (final === 'G') this.#column = Number(numbers) - 1
    else if (final === 'K') this.#cells[this.#row] = this.#emptyRow()
    else if (final === 'J') this.#clear()
    else if (final !== 'm') throw new Error(`drew ${JSON.stringify(all)}`)
    if (final === 'm' && /3\d/.test(numbers)) this.hasColour = true
  }
}
