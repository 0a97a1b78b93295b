/**
 * Looking for words while they are typed.
 */
import type { Conversation, SearchResult, SearchResults, User } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useEffect, useState } from 'react'
import { useParley } from '../engine/use-parley.tsx'
import { wordsFor } from '../text/errors.ts'

/** A person who types on does not want what they typed so far looked for. */
const PAUSE_MS = 180
/** While older messages are still being read, the same is asked again. */
const AGAIN_MS = 1_500

/** What to look for. */
export interface SearchQuery {
  readonly words: string
  /** All conversations when none is given. */
  readonly within: Conversation | undefined
  readonly withFiles: boolean
  /** Messages of this person only. */
  readonly author: User['id'] | undefined
}

interface Search {
  /** `undefined` before the first answer. */
  readonly results: readonly SearchResult[] | undefined
  readonly total: number
  readonly isComplete: boolean
  readonly error: string
  readonly more: (() => void) | undefined
}

const NOTHING: Search = { results: undefined, total: 0, isComplete: true, error: '', more: undefined }

/** Follows the query; an answer to an earlier one is never shown. */
export function useSearch({ words, within, withFiles, author }: SearchQuery): Search {
  const parley = useParley()
  const [pages, setPages] = useState<readonly SearchResults[]>([])
  const [cursor, setCursor] = useState<string>()
  const [round, setRound] = useState(0)
  const [error, setError] = useState('')
  const query = words.trim()
  const asked = `${query} ${withFiles} ${author} ${within?.getId()}`
  const [shown, setShown] = useState(asked)
  if (shown !== asked) {
    setShown(asked)
    setPages([])
    setCursor(undefined)
    setError('')
  }

  useEffect(() => {
    if (query === '') return
    const run = new AbortController()
    const ask = async (): Promise<void> => {
      const options = {
        signal: run.signal,
        ...(withFiles && { hasAttachment: true }),
        ...(author !== undefined && { author }),
        ...(cursor !== undefined && { cursor }),
      }
      try {
        const page = await (within ?? parley).search(query, options)
        if (!run.signal.aborted) setPages((known) => (cursor === undefined ? [page] : [...known, page]))
      } catch (thrown) {
        if (!run.signal.aborted && !isParleyError(thrown, 'Aborted')) setError(wordsFor(thrown))
      }
    }
    const timer = setTimeout(() => void ask(), cursor === undefined && round === 0 ? PAUSE_MS : 0)
    return () => {
      clearTimeout(timer)
      run.abort()
    }
  }, [parley, query, within, withFiles, author, cursor, round])

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
