/**
 * What a command and the peer that runs it say to each other: JSON objects, one a line. A connection carries one command.
 *
 *     command → peer   run (first), then input | inputEnd (one for each read), cancel; keys and resize for the screen
 *     peer → command   out, err, read, and exit (last); screen to take the terminal over or give it back, draw meanwhile
 */
import { isAbsolute } from 'node:path'
import { BadLine } from './lines.ts'

/** Changes when the messages change. A peer and a command of different versions refuse each other. */
export const ATTACH_VERSION = 3
/** What a command sends in one line: its words or a piece of input. A message text is at most 40 kB. */
export const MAX_REQUEST_BYTES = 1 << 20
/** What a peer sends in one line: a page of 25 of the longest messages, every character of which JSON writes as six. */
export const MAX_REPLY_BYTES = 16 << 20
/** Characters of one piece of input. */
export const MAX_INPUT_PIECE = 1 << 16
const MAX_WORDS = 4096
/** More than any terminal is wide or high; frames are made for so many. */
const MAX_CELLS = 2000
/** Characters of a path; no system knows longer ones. */
const MAX_PATH = 1 << 15

export type Request =
  | {
      readonly type: 'run'
      readonly version: typeof ATTACH_VERSION
      readonly argv: readonly string[]
      readonly columns: number
      /** Whether there is a terminal that could be taken over. */
      readonly hasScreen: boolean
      readonly hasColour: boolean
      readonly timeZone: string
      /** Where relative paths begin. */
      readonly folder: string
    }
  | { readonly type: 'input'; readonly data: string }
  | { readonly type: 'inputEnd' }
  | { readonly type: 'cancel' }
  | { readonly type: 'keys'; readonly data: string }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number }

export type Reply =
  | { readonly type: 'out'; readonly line: string }
  | { readonly type: 'err'; readonly line: string }
  | { readonly type: 'read' }
  | { readonly type: 'screen'; readonly on: boolean }
  | { readonly type: 'draw'; readonly data: string }
  | { readonly type: 'exit'; readonly code: 0 | 1 }

type Fields = Readonly<Record<string, unknown>>

/** @throws {BadLine} for anything that is not exactly one of the requests */
export function parseRequest(line: string): Request {
  const fields = parseObject(line)
  switch (fields['type']) {
    case 'run': {
      // Before anything else: what other versions say beside it is not known here.
      if (fields['version'] !== ATTACH_VERSION) throw new BadLine('another version of parley; restart the running peer')
      const { argv, columns, hasScreen, hasColour, timeZone, folder } = exactly(fields, 8)
      const isWords = Array.isArray(argv) && argv.length <= MAX_WORDS && argv.every((word) => typeof word === 'string')
      const isTerminal = isCells(columns) && typeof hasScreen === 'boolean' && typeof hasColour === 'boolean' && isTimeZone(timeZone)
      if (!isWords || !isTerminal || !isFolder(folder)) throw new BadLine('run')
      return { type: 'run', version: ATTACH_VERSION, argv, columns, hasScreen, hasColour, timeZone, folder }
    }
    case 'input':
    case 'keys': {
      const { data } = exactly(fields, 2)
      if (typeof data !== 'string' || data.length > MAX_INPUT_PIECE) throw new BadLine('input')
      return { type: fields['type'], data }
    }
    case 'resize': {
      const { columns, rows } = exactly(fields, 3)
      if (!isCells(columns) || !isCells(rows)) throw new BadLine('resize')
      return { type: 'resize', columns, rows }
    }
    case 'inputEnd':
    case 'cancel':
      exactly(fields, 1)
      return { type: fields['type'] }
    default:
      throw new BadLine('unknown request')
  }
}

/** @throws {BadLine} for anything that is not exactly one of the replies */
export function parseReply(line: string): Reply {
  const fields = parseObject(line)
  switch (fields['type']) {
    case 'out':
    case 'err': {
      const { line: text } = exactly(fields, 2)
      if (typeof text !== 'string') throw new BadLine('output')
      return { type: fields['type'], line: text }
    }
    case 'read':
      exactly(fields, 1)
      return { type: 'read' }
    case 'screen': {
      const { on } = exactly(fields, 2)
      if (typeof on !== 'boolean') throw new BadLine('screen')
      return { type: 'screen', on }
    }
    case 'draw': {
      const { data } = exactly(fields, 2)
      if (typeof data !== 'string') throw new BadLine('draw')
      return { type: 'draw', data }
    }
    case 'exit': {
      const { code } = exactly(fields, 2)
      if (code !== 0 && code !== 1) throw new BadLine('exit')
      return { type: 'exit', code }
    }
    default:
      throw new BadLine('unknown reply')
  }
}

export function encodeLine(message: Request | Reply): string {
  return `${JSON.stringify(message)}\n`
}

function parseObject(line: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new BadLine('not JSON', { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadLine('not an object')
  return value as Fields
}

/** The object, if it has so many fields; those that are asked for and absent make it have others, which are none of ours. */
function exactly(fields: Fields, count: number): Fields {
  if (Object.keys(fields).length !== count) throw new BadLine('other fields')
  return fields
}

/** Of a terminal's width or height. */
function isCells(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_CELLS
}

function isFolder(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_PATH && isAbsolute(value) && !value.includes('\0')
}

/** Asks the formatter itself, for it throws at names that it does not know. */
function isTimeZone(value: unknown): value is string {
  if (typeof value !== 'string') return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
