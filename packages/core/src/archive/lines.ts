/** The lines of an archive: what each looks like as text, and the text cut into lines. One JSON object a line, in UTF-8; ids are base32, bytes base64url. */
import { fromBase32, fromBase64Url, ParleyError, textFromUtf8, toBase32, toBase64Url, utf8, type ConversationId } from '@parley/protocol'

/** The first line says so; a reader refuses every other version. */
export const ARCHIVE_FORMAT = 'parley-archive'
export const ARCHIVE_VERSION = 1

/** A line holds at most a sealed entry of 64 KiB beside what it says, or a piece of 256 KiB of a file. */
export const MAX_LINE_BYTES = 1_048_576

const NEWLINE = 0x0a

/** A line as it stands in the archive. */
export interface Line {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** What the JSON says; an object. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Where the bytes of an archive come from: a file, or any stream of bytes. */
export type ArchiveSource = Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

export const headerLine = (id: ConversationId): string => line({ type: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, conversation: id })

export const keyLine = (epoch: Uint8Array, device: Uint8Array | undefined, key: Uint8Array): string =>
  line({ type: 'key', epoch: toBase32(epoch), ...(device === undefined ? {} : { device: toBase32(device) }), key: toBase64Url(key) })

export const controlLine = (control: { device: Uint8Array; seq: number; prevId: Uint8Array; entry: Uint8Array }): string =>
  line({
    type: 'control',
    device: toBase32(control.device),
    seq: control.seq,
    previous: toBase64Url(control.prevId),
    bytes: toBase64Url(control.entry),
  })

export const personLine = (id: string, name: string): string => line({ type: 'person', id, name })

export const partLine = (bytes: Uint8Array): string => line({ type: 'part', bytes: toBase64Url(bytes) })

/** `lines` counts this one too. */
export const endLine = (lines: number): string => line({ type: 'end', lines })

export const line = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(fields)

/** A whole number of a line. @throws {ParleyError} ArchiveInvalid */
export function numberOf({ number, fields }: Line, name: string): number {
  const value = fields[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw invalid(number, `${name} is not a whole number`)
  return value
}

/** An id of 16 or 32 bytes. @throws {ParleyError} ArchiveInvalid */
export function idOf(of: Line, name: string, length: number): Uint8Array {
  return decoded(of, name, fromBase32, length)
}

/** Bytes of a line, `length` of them when given. @throws {ParleyError} ArchiveInvalid */
export function bytesOf(of: Line, name: string, length?: number): Uint8Array {
  return decoded(of, name, fromBase64Url, length)
}

function decoded(of: Line, name: string, decode: (text: string) => Uint8Array, length: number | undefined): Uint8Array {
  const text = textOf(of, name)
  let bytes: Uint8Array
  try {
    bytes = decode(text)
  } catch (error) {
    throw invalid(of.number, `${name} cannot be read`, error)
  }
  if (length !== undefined && bytes.length !== length) throw invalid(of.number, `${name} has another length`)
  return bytes
}

/** A text of a line. @throws {ParleyError} ArchiveInvalid */
export function textOf({ number, fields }: Line, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw invalid(number, `${name} is missing`)
  return value
}

/** A line is only ever what its signed bytes make it: anything else was put there by somebody. @throws {ParleyError} ArchiveInvalid */
export function assertIs({ number, text }: Line, expected: string): void {
  if (text !== expected) throw invalid(number, 'it says something else than what was signed')
}

export function invalid(where: number | string, why: string, cause?: unknown): ParleyError {
  const place = typeof where === 'number' ? `line ${where}` : where
  return new ParleyError('ArchiveInvalid', `this archive is damaged or was changed, ${place}: ${why}`, cause === undefined ? {} : { cause })
}

/** Cuts a source into lines, some at a time in memory. `onProgress` hears how many bytes were read. @throws {ParleyError} ArchiveInvalid, InvalidArgument */
export async function* linesOf(source: ArchiveSource, onProgress?: (bytes: number) => void): AsyncGenerator<Line> {
  let number = 0
  let rest: Uint8Array[] = []
  let waiting = 0
  let read = 0
  for await (const bytes of streamOf(source)) {
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      yield readLine([...rest, bytes.subarray(from, end)], ++number)
      rest = []
      waiting = 0
      from = end + 1
    }
    const left = bytes.slice(from)
    if (left.length > 0) rest.push(left)
    waiting += left.length
    if (waiting > MAX_LINE_BYTES) throw invalid(number + 1, 'it is too long')
    read += bytes.length
    onProgress?.(read)
  }
  if (waiting > 0) throw invalid(number + 1, 'it ends in the middle')
}

function readLine(parts: readonly Uint8Array[], number: number): Line {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > MAX_LINE_BYTES) throw invalid(number, 'it is too long')
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  try {
    const text = textFromUtf8(bytes)
    const fields: unknown = JSON.parse(text)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields))
      return { number, text, fields: fields as Readonly<Record<string, unknown>> }
  } catch (error) {
    throw invalid(number, 'it is no JSON', error)
  }
  throw invalid(number, 'it is no object')
}

function streamOf(source: ArchiveSource): AsyncIterable<Uint8Array> {
  if (typeof (source as Blob | undefined)?.stream === 'function') return (source as Blob).stream()
  if (typeof (source as AsyncIterable<Uint8Array> | undefined)?.[Symbol.asyncIterator] === 'function')
    return source as AsyncIterable<Uint8Array>
  if (typeof (source as ReadableStream<Uint8Array> | undefined)?.getReader === 'function')
    return readingOf(source as ReadableStream<Uint8Array>)
  throw new ParleyError('InvalidArgument', 'an archive is a Blob, a File or a stream of bytes')
}

/** For browsers whose streams cannot be iterated. */
async function* readingOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.releaseLock()
  }
}

/** Lines as the bytes of a file. */
export const bytesOfLine = (text: string): Uint8Array => utf8(`${text}\n`)
