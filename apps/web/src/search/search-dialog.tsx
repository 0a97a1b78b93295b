import type { Conversation, Message } from '@parley/chat'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { Segments } from '../components/segments.tsx'
import { useParley } from '../engine/use-parley.tsx'
import { titleOf } from '../text/people.ts'
import { SearchRow } from './search-row.tsx'
import { useSearch } from './use-search.ts'

interface SearchDialogProps {
  /** The open conversation: it can be searched alone. */
  conversation: Conversation | undefined
  onFound: (conversation: Conversation, message: Message['id']) => void
  onClose: () => void
}

const SCOPES = [
  ['here', 'Here'],
  ['everywhere', 'Everywhere'],
] as const

type Scope = (typeof SCOPES)[number][0]

/** Finds messages by their words, in one conversation or in all. */
export function SearchDialog({ conversation, onFound, onClose }: SearchDialogProps): ReactNode {
  const parley = useParley()
  const [words, setWords] = useState('')
  const [scope, setScope] = useState<Scope>(conversation === undefined ? 'everywhere' : 'here')
  const [withFiles, setWithFiles] = useState(false)
  const id = useId()
  const within = scope === 'here' ? conversation : undefined
  const { results, total, isComplete, error, more } = useSearch({ words, within, withFiles })
  return (
    <Dialog title="Search" onClose={onClose}>
      <div className="search">
        <label htmlFor={id} className="visually-hidden">
          Words to look for
        </label>
        <input
          id={id}
          type="search"
          className="search-field"
          value={words}
          placeholder="Words, or the beginning of one"
          autoComplete="off"
          dir="auto"
          data-focus-first
          onChange={({ target }) => setWords(target.value)}
          onKeyDown={(event) => {
            // Browsers would empty the field first.
            if (event.key !== 'Escape') return
            event.preventDefault()
            onClose()
          }}
        />
        <div className="search-choices">
          {conversation !== undefined && <Segments label="Where to look" value={scope} options={SCOPES} onChange={setScope} />}
          <label className="search-files">
            <input type="checkbox" checked={withFiles} onChange={({ target }) => setWithFiles(target.checked)} />
            With files only
          </label>
        </div>
        <output className="search-state">
          {error !== '' ? error : results === undefined ? words.trim() !== '' && 'Looking…' : countWords(total, isComplete)}
        </output>
        {results !== undefined && results.length > 0 && (
          <ul className="search-results" aria-label="Messages that were found">
            {results.map(({ message, highlights }) => {
              const found = parley.conversation(message.conversationId)
              if (found === undefined) return null
              return (
                <SearchRow
                  key={message.id}
                  message={message}
                  highlights={highlights}
                  title={within === undefined ? titleOf({ title: found.getTitle(), kind: found.kind }) : ''}
                  onPick={() => onFound(found, message.id)}
                />
              )
            })}
          </ul>
        )}
        {more !== undefined && (
          <button type="button" className="button" onClick={more}>
            Show older ones
          </button>
        )}
      </div>
    </Dialog>
  )
}

function countWords(total: number, isComplete: boolean): string {
  const count = total === 1 ? '1 message' : `${total} messages`
  if (!isComplete) return `${count} so far. Older messages are still being looked through.`
  return total === 0 ? 'Nothing found. Only what has come to this device can be found.' : count
}
