import type { Conversation, Message } from '@parley/chat'
import { useParley, useSearch } from '@parley/react'
import { useId, useState } from 'react'
import type { ReactNode } from 'react'
import { Dialog } from '../components/dialog.tsx'
import { SelectField } from '../components/select-field.tsx'
import { Segments } from '../components/segments.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'
import { titleOf } from '../text/people.ts'
import { authorsOf } from './authors.ts'
import { SearchRow } from './search-row.tsx'

interface SearchDialogProps {
  /** The open conversation: it can be searched alone. */
  conversation: Conversation | undefined
  onFound: (conversation: Conversation, message: Message['id']) => void
  onClose: () => void
}

type Scope = 'here' | 'everywhere'

const scopes = (): readonly (readonly [Scope, string])[] => [
  ['here', t('Here')],
  ['everywhere', t('Everywhere')],
]

/** Finds messages by their words, in one conversation or in all. */
export function SearchDialog({ conversation, onFound, onClose }: SearchDialogProps): ReactNode {
  const parley = useParley()
  const [words, setWords] = useState('')
  const [scope, setScope] = useState<Scope>(conversation === undefined ? 'everywhere' : 'here')
  const [withFiles, setWithFiles] = useState(false)
  const [author, setAuthor] = useState('')
  const id = useId()
  const within = scope === 'here' ? conversation : undefined
  const authors = authorsOf(within === undefined ? parley.conversations : [within], parley.me)
  const writer = authors.find(({ id }) => id === author)
  const { results, total, isComplete, error, more } = useSearch(words, {
    within,
    ...(withFiles && { hasAttachment: true }),
    ...(writer !== undefined && { author: writer.id }),
  })
  return (
    <Dialog title={t('Search')} onClose={onClose}>
      <div className="search">
        <label htmlFor={id} className="visually-hidden">
          {t('Words to look for')}
        </label>
        <input
          id={id}
          type="search"
          className="search-field"
          value={words}
          placeholder={t('Words, or the beginning of one')}
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
          {conversation !== undefined && <Segments label={t('Where to look')} value={scope} options={scopes()} onChange={setScope} />}
          <label className="search-files">
            <input type="checkbox" name="with-files" checked={withFiles} onChange={({ target }) => setWithFiles(target.checked)} />
            {t('With files only')}
          </label>
          <SelectField
            label={t('Written by')}
            value={writer?.id ?? ''}
            options={[['', t('Anybody')], ...authors.map(({ id, name }) => [id, name] as const)]}
            onChange={setAuthor}
          />
        </div>
        <output className="search-state">
          {error !== undefined
            ? wordsFor(error)
            : results === undefined
              ? words.trim() !== '' && t('Looking…')
              : countWords(total, isComplete)}
        </output>
        {results !== undefined && results.length > 0 && (
          <ul className="search-results" aria-label={t('Messages that were found')}>
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
            {t('Show older ones')}
          </button>
        )}
      </div>
    </Dialog>
  )
}

function countWords(total: number, isComplete: boolean): string {
  const count = total === 1 ? t('1 message') : t('{count} messages', { count: total })
  if (!isComplete) return t('{count} so far. Older messages are still being looked through.', { count })
  return total === 0 ? t('Nothing found. Only what has come to this device can be found.') : count
}
