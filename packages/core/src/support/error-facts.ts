/** What a log may say about an error. */
import { ParleyError, Reject } from '@parley/protocol'

/** Places of a stack that are named; the innermost ones tell most. */
const MAX_PLACES = 4
/** `file.ts:12:34`, without the folders before it and the version behind it that a bundler may add. */
const PLACE = /([\w.-]+\.[cm]?[jt]sx?)(?:\?[^\s:)]*)?:(\d+):(\d+)/g

/**
 * Kind, code and places of an error, never its message: those of the engine and of other libraries quote what they could not read, as
 * `JSON.parse` does with a message that an application's listener parses. Whoever needs the message has the error itself, from its event.
 */
export function errorFacts(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: typeof error }
  const places = [...(error.stack ?? '').matchAll(PLACE)].slice(0, MAX_PLACES).map(([, file, line, column]) => `${file}:${line}:${column}`)
  return {
    error: error.constructor.name,
    ...(error instanceof ParleyError || error instanceof Reject ? { code: error.code } : {}),
    ...(places.length === 0 ? {} : { at: places.join(' ') }),
  }
}
