/**
 * What a command says: objects for programs, or readable text for people, and notes that are neither.
 */
import { isParleyError } from '@parley/protocol'
import type { OpenScreen } from './screen.ts'

/** Where a command's words go and come from. A terminal, or a connection to one. */
export interface Io {
  /** One line of results, without its newline. */
  out(line: string): void
  /** One line for the person in front of it. */
  err(line: string): void
  /** Standard input, in pieces as they come; read only when asked for. */
  input(): AsyncIterable<string>
  readonly terminal: Terminal
  /** Takes the whole terminal over; undefined where there is none. */
  readonly openScreen?: OpenScreen | undefined
  /** Absolute: where the paths that a command is given begin. */
  readonly folder: string
}

export interface Terminal {
  /** Width for wrapped text. */
  readonly columns: number
  /** An IANA time zone; the daemon formats times for whoever asked. */
  readonly timeZone: string
  /** False when the person does not want any; nothing is said by colour alone. */
  readonly hasColour: boolean
}

/** Writes results in the form that was asked for. */
export class Printer {
  readonly #io: Io
  readonly #isJson: boolean

  constructor(io: Io, isJson: boolean) {
    this.#io = io
    this.#isJson = isJson
  }

  get terminal(): Terminal {
    return this.#io.terminal
  }

  /** One result: the object with `--json`, else the text, of any number of lines; an empty one is left out. */
  result(object: unknown, text: () => string): void {
    if (this.#isJson) return this.#io.out(JSON.stringify(object))
    const shown = text()
    if (shown !== '') for (const line of shown.split('\n')) this.#io.out(line)
  }

  /** Something to know that is no result; standard error in both forms. */
  note(text: string): void {
    this.#io.err(text)
  }

  failure(error: unknown): void {
    const { code, message } = describeError(error)
    if (this.#isJson) this.#io.out(JSON.stringify({ error: { code, message } }))
    else this.#io.err(`parley: ${message}`)
  }
}

/** An error as `--json` prints it. What is no ParleyError is a defect, and says so. */
export function describeError(error: unknown): { code: string; message: string } {
  if (isParleyError(error)) return { code: error.code, message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'Internal', message: `Something went wrong inside: ${message}` }
}
