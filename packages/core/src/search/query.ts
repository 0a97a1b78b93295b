/** What somebody looks for, checked before anything is done with it. */
import { fromBase64Url, isParleyError, ParleyError, parseUserId, toBase64Url, type UserId } from '@parley/protocol'
import type { SearchOptions } from '../api.ts'
import { checkObject, checkText } from '../conversation/arguments.ts'
import { TIMELINE_KEY_BYTES } from '../replica/timeline-key.ts'
import { wordsOf } from './words.ts'

/** Characters of a query: a pasted sentence. */
export const MAX_QUERY_CHARS = 256
/** Words of a query: each one is looked up in every segment. */
export const MAX_QUERY_WORDS = 16
export const MAX_RESULTS = 100
const DEFAULT_RESULTS = 25

export interface Query {
  /** Folded, each once. */
  readonly words: readonly string[]
  readonly limit: number
  /** Only results with a smaller timeline key are given. */
  readonly before: Uint8Array | undefined
  readonly author: UserId | undefined
  readonly hasAttachment: boolean | undefined
  /** Milliseconds since 1970, `from <= sent < to`. */
  readonly from: number
  readonly to: number
}

/** @throws {InvalidArgument, TooLarge} */
export function readQuery(text: string, options: SearchOptions = {}): Query {
  const { author, hasAttachment, before, after, limit = DEFAULT_RESULTS, cursor } = checkObject(options, 'options')
  const words = unspaced(checkText(text, 'query', MAX_QUERY_CHARS))
  if (words.length > MAX_QUERY_WORDS) throw new ParleyError('TooLarge', `a query has at most ${MAX_QUERY_WORDS} words`)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_RESULTS)
    throw new ParleyError('InvalidArgument', `limit is a whole number from 1 to ${MAX_RESULTS}`)
  if (hasAttachment !== undefined && typeof hasAttachment !== 'boolean')
    throw new ParleyError('InvalidArgument', 'hasAttachment is true or false')
  return {
    words,
    limit,
    before: cursor === undefined ? undefined : readCursor(cursor),
    author: author === undefined ? undefined : parseUserId(checkText(author, 'author')),
    hasAttachment,
    from: after === undefined ? Number.NEGATIVE_INFINITY : timeOf(after, 'after'),
    to: before === undefined ? Number.POSITIVE_INFINITY : timeOf(before, 'before'),
  }
}

/** Says after which result the next page begins. */
export const cursorAt = (key: Uint8Array): string => toBase64Url(key)

function readCursor(cursor: string): Uint8Array {
  try {
    const key = fromBase64Url(checkText(cursor, 'cursor'))
    if (key.length === TIMELINE_KEY_BYTES) return key
  } catch (error) {
    if (!isParleyError(error, 'InvalidArgument')) throw error
  }
  throw new ParleyError('InvalidArgument', 'cursor is the one that a search gave')
}

function timeOf(value: Date, name: string): number {
  const ms = typeof value?.getTime === 'function' ? value.getTime() : Number.NaN
  if (!Number.isFinite(ms)) throw new ParleyError('InvalidArgument', `${name} is a Date`)
  return ms
}

/** The words to look for: of a run of pairs, the sign that stands alone at its end is in the pair before. */
function unspaced(text: string): string[] {
  const found = wordsOf(text)
  const words = found.filter(({ start, end }, i) => {
    const before = found[i - 1]
    return before === undefined || start < before.start || end > before.end
  })
  return [...new Set(words.map(({ word }) => word))]
}
