import type { Conversation, Message, SearchResult } from '@parley/chat'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { useSearch } from '../hooks/use-search.ts'
import { useWords } from '../use-words.ts'
import { completeTime } from '../support/time.ts'

/** What the search is told. */
export interface SearchBoxProps {
  /** Where to look. Default: everywhere. */
  readonly within?: Conversation | undefined
  /** Somebody wants to see this message. */
  readonly onPick: (message: Message) => void
}

/** What is shown of a text before the first word that was found. */
const LEAD_CHARACTERS = 30

/**
 * Finds messages by their words while they are typed.
 * @example
 * ```tsx
 * const [target, setTarget] = useState<Message>()
 * return <SearchBox within={conversation} onPick={setTarget} />
 * ```
 */
export function SearchBox({ within, onPick }: SearchBoxProps): ReactNode {
  const [query, setQuery] = useState('')
  const { results, total, isComplete, error, more } = useSearch(query, { within })
  const words = useWords()
  const id = useId()
  return (
    <search className="parley-search">
      <label htmlFor={id} className="parley-hidden">
        {words.search}
      </label>
      <input
        id={id}
        type="search"
        value={query}
        placeholder={words.search}
        dir="auto"
        autoComplete="off"
        onChange={({ target }) => setQuery(target.value)}
      />
      <output className="parley-quiet">{error?.message ?? (results === undefined ? '' : words.found(total, isComplete))}</output>
      {results !== undefined && results.length > 0 && (
        <ul aria-label={words.search}>
          {results.map((result) => (
            <li key={result.message.id}>
              <button type="button" onClick={() => onPick(result.message)}>
                <bdi>{result.message.author.name || words.somebody}</bdi>
                <time className="parley-quiet" dateTime={new Date(result.message.sentAt).toISOString()}>
                  {completeTime(result.message.sentAt, words.locale)}
                </time>
                <Found {...result} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {more !== undefined && (
        <button type="button" onClick={more}>
          {words.more}
        </button>
      )}
    </search>
  )
}

/** The text from shortly before the first word that was found, with the words marked; or else the names of the files. */
function Found({ message, highlights }: SearchResult): ReactNode {
  const { text, attachments } = message
  const ranges = highlights.filter(({ field }) => field === 'text')
  const from = Math.max(0, (ranges[0]?.start ?? 0) - LEAD_CHARACTERS)
  const ends = [from, ...ranges.map(({ end }) => end)]
  return (
    <span dir="auto" className="parley-found">
      {from > 0 && '…'}
      {ranges.map(({ start, end }, index) => (
        <span key={start}>
          {text.slice(ends[index], start)}
          <mark>{text.slice(start, end)}</mark>
        </span>
      ))}
      {text.slice(ends.at(-1))}
      {text === '' && attachments.map(({ name }) => name).join(', ')}
    </span>
  )
}
