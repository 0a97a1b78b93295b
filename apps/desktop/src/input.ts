/**
 * Standard input as texts.
 */
import { ParleyError } from '@parley/protocol'
import { aborted } from './wait.ts'

/** More than any message may hold; stops at once what is no text. */
const MAX_INPUT_CHARS = 1 << 20

/** Everything there is. @throws {TooLarge} */
export async function readAll(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text = bounded(text + piece)
  return text
}

/** The lines that are complete after each piece, without their ends; the last one need not have one. @throws {TooLarge} for a line */
export async function* readLines(pieces: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n')
    rest = bounded(lines.pop() ?? '')
    if (lines.length > 0) yield lines.map((line) => line.replace(/\r$/, ''))
  }
  if (rest !== '') yield [rest.replace(/\r$/, '')]
}

/** The pieces until the signal aborts; a read that nobody answers must not hold up the end of a command. */
export async function* untilAborted(pieces: AsyncIterable<string>, signal: AbortSignal): AsyncGenerator<string> {
  const iterator = pieces[Symbol.asyncIterator]()
  const interrupted = aborted(signal)
  for (;;) {
    const next = await Promise.race([iterator.next(), interrupted])
    if (next === undefined || next.done === true || signal.aborted) return
    yield next.value
  }
}

function bounded(text: string): string {
  if (text.length > MAX_INPUT_CHARS) throw new ParleyError('TooLarge', 'A message cannot be that long.')
  return text
}
