/**
 * What processes that were killed had been told: a file to which a line is appended before each operation and after it has resolved. The kernel keeps what
 * was written when the process is killed.
 */
import { writeSync } from 'node:fs'
import type { Message } from '@parley/core'
import type { MessageId } from '@parley/protocol'

/** A message as it was told. */
export interface Told {
  readonly by: string
  /** Undefined: nobody was told that it is sent. */
  id: MessageId | undefined
  /** What it may show: the last version that was told to be done, and those begun since. */
  texts: string[]
  isDeleted: boolean
  mayBeDeleted: boolean
}

type Line =
  | { readonly number: string; readonly by: string; readonly text: string }
  | { readonly number: string; readonly id: MessageId }
  | { readonly number: string; readonly edit: string; readonly isDone: boolean }
  | { readonly number: string; readonly isGone: boolean }

export class Ledger {
  /** The file that it appends to. */
  readonly file: number
  readonly #run: number
  readonly #told = new Map<string, Told>()
  readonly #held = new Set<Told>()
  readonly #said = new Set<string>()
  #next = 0

  /** `text` is what earlier processes wrote; what the last of them had written of a line is no line. `run` makes names unique. */
  constructor(text: string, file: number, run: number) {
    this.file = file
    this.#run = run
    for (const line of text.split('\n').slice(0, -1)) this.#take(JSON.parse(line) as Line)
  }

  all(): Iterable<Told> {
    return this.#told.values()
  }

  of(by: string): Told[] {
    return [...this.#told.values()].filter((one) => one.by === by)
  }

  /** Messages that are there for sure, and to which nobody does anything at this moment. */
  free(by?: string): Told[] {
    return [...this.#told.values()].filter(
      (one) => one.id !== undefined && !one.mayBeDeleted && !this.#held.has(one) && (by === undefined || one.by === by),
    )
  }

  /** Every text that anybody was about to say. */
  said(): Set<string> {
    return this.#said
  }

  async send(by: string, send: (text: string) => Promise<Message>): Promise<void> {
    const number = `${this.#run}.${this.#next++}`
    this.#write({ number, by, text: `text ${number}` })
    const { id } = await send(`text ${number}`)
    this.#write({ number, id })
  }

  async edit(target: Told, edit: (text: string) => Promise<unknown>): Promise<void> {
    const number = this.#numberOf(target)
    const text = `text ${number}, edited ${this.#run}.${this.#next++}`
    this.#write({ number, edit: text, isDone: false })
    await this.hold(target, () => edit(text))
    this.#write({ number, edit: text, isDone: true })
  }

  async delete(target: Told, remove: () => Promise<unknown>): Promise<void> {
    const number = this.#numberOf(target)
    this.#write({ number, isGone: false })
    await this.hold(target, remove)
    this.#write({ number, isGone: true })
  }

  /** Nobody else does anything to the message meanwhile: what it then shows could not be told. */
  async hold(target: Told, run: () => Promise<unknown>): Promise<void> {
    this.#held.add(target)
    await run()
    this.#held.delete(target)
  }

  #numberOf(target: Told): string {
    for (const [number, one] of this.#told) if (one === target) return number
    throw new Error('nobody was told of it')
  }

  #write(line: Line): void {
    writeSync(this.file, `${JSON.stringify(line)}\n`)
    this.#take(line)
  }

  #take(line: Line): void {
    const { number } = line
    if ('text' in line) this.#said.add(line.text)
    if ('edit' in line) this.#said.add(line.edit)
    if ('by' in line) this.#told.set(number, { by: line.by, id: undefined, texts: [line.text], isDeleted: false, mayBeDeleted: false })
    const told = this.#told.get(number)!
    if ('id' in line) told.id = line.id
    if ('edit' in line && !line.isDone) told.texts.push(line.edit)
    if ('edit' in line && line.isDone) told.texts = [line.edit]
    if ('isGone' in line) {
      told.mayBeDeleted = true
      told.isDeleted ||= line.isGone
    }
  }
}
