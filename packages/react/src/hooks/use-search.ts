/**
 * Looking for words while they are typed.
 */
import type { Conversation, SearchOptions, SearchResult, SearchResults } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useEffect, useState } from 'react'
import { useParley } from '../use-parley.ts'
import { asError } from '../support/closed.ts'

/** A person who types on does not want what they typed so far looked for. */
const PAUSE_MS = 180
/** While older messages are still being read, the same is asked again. */
const AGAIN_MS = 1_500

/** Where to look, and for which messages. */
export interface SearchScope extends Pick<SearchOptions, 'author' | 'hasAttachment'> {
  /** Default: all conversations. */
  readonly within?: Conversation | undefined
}

/** What was found so far. */
export interface Search {
  /** Newest first; `undefined` before the first answer, and while there are no words. */
  readonly results: readonly SearchResult[] | undefined
  /** Messages that match; those found so far while `isComplete` is false. */
  readonly total: number
  /** False while older messages are still being indexed; asked again until it is true. */
  readonly isComplete: boolean
  /** Why the last answer did not come. */
  readonly error: Error | undefined
  /** Adds the next page to `results`; undefined when there is none. */
  readonly more: (() => void) | undefined
}

const NOTHING: Search = { results: undefined, total: 0, isComplete: true, error: undefined, more: undefined }

/**
 * Messages with all of these words, as somebody types them. An answer to an earlier question is never shown.
 * @example
 * ```tsx
 * const { results, total, more } = useSearch('picnic', { within: conversation })
 * ```
 */
export function useSearch(words: string, { within, author, hasAttachment }: SearchScope = {}): Search {
  const parley = useParley()
  const [pages, setPages] = useState<readonly SearchResults[]>([])
  const [cursor, setCursor] = useState<string>()
  const [round, setRound] = useState(0)
  const [error, setError] = useState<Error>()
  const query = words.trim()
  const asked = JSON.stringify([query, within?.getId(), author, hasAttachment])
  const [shown, setShown] = useState(asked)
  if (shown !== asked) {
    setShown(asked)
    setPages([])
    setCursor(undefined)
    setRound(0)
    setError(undefined)
  }

  useEffect(() => {
    if (query === '') return
    const run = new AbortController()
    const ask = async (): Promise<void> => {
      const options: SearchOptions = {
        signal: run.signal,
        ...(author !== undefined && { author }),
        ...(hasAttachment !== undefined && { hasAttachment }),
        ...(cursor !== undefined && { cursor }),
      }
      try {
        const page = await (within ?? parley).search(query, options)
        if (!run.signal.aborted) setPages((known) => (cursor === undefined ? [page] : [...known, page]))
      } catch (thrown) {
        if (!run.signal.aborted && !isParleyError(thrown, 'Aborted')) setError(asError(thrown))
      }
    }
    const timer = setTimeout(() => void ask(), cursor === undefined && round === 0 ? PAUSE_MS : 0)
    return () => {
      clearTimeout(timer)
      run.abort()
    }
  }, [parley, query, within, author, hasAttachment, cursor, round])

  const last = pages.at(-1)
  const isComplete = last?.isComplete ?? true
  useEffect(() => {
    if (isComplete || pages.length > 1) return
    const timer = setTimeout(() => setRound((count) => count + 1), AGAIN_MS)
    return () => clearTimeout(timer)
  }, [isComplete, pages])

  if (query === '') return NOTHING
  const next = last?.cursor
  return {
    results: last === undefined ? undefined : pages.flatMap(({ results }) => results),
    total: last?.total ?? 0,
    isComplete,
    error,
    more: next === undefined ? undefined : () => setCursor(next),
  }
}
