import type { Message, SearchResult } from '@parley/chat'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { useNow } from '../components/use-now.ts'
import { nameOf } from '../text/people.ts'
import { snippet } from '../text/snippets.ts'
import { agoInList, completeTime } from '../text/time.ts'
import { rich } from '../i18n/words.tsx'

interface SearchRowProps {
  message: Message
  highlights: SearchResult['highlights']
  /** Of the conversation; empty when it goes without saying. */
  title: string
  onPick: () => void
}

/** One message that was found: who, where, when, and the words around what was looked for. */
export function SearchRow({ message, highlights, title, onPick }: SearchRowProps): ReactNode {
  const now = useNow()
  const inText = highlights.filter(({ field }) => field === 'text')
  const files = message.attachments.map((file, index) => ({
    file,
    ranges: highlights.filter(({ field, attachment }) => field === 'fileName' && attachment === index),
  }))
  return (
    <li>
      <button type="button" className="message-list-item" onClick={onPick}>
        <span className="search-who">
          <bdi className="strong">{nameOf(message.author)}</bdi>
          {title !== '' && <span className="quiet"> {rich('in {title}', { title: <bdi>{title}</bdi> })}</span>}
        </span>
        <time className="quiet" dateTime={new Date(message.sentAt).toISOString()} title={completeTime(message.sentAt)}>
          {agoInList(message.sentAt, now)}
        </time>
        {message.text !== '' && (
          <span className="quote-text" dir="auto">
            <Marked text={message.text} ranges={inText} />
          </span>
        )}
        {files
          .filter(({ ranges }) => ranges.length > 0 || message.text === '')
          .map(({ file, ranges }) => (
            <span key={file.id} className="search-file">
              <Icon name="file" />
              <bdi>
                <Marked text={file.name} ranges={ranges} />
              </bdi>
            </span>
          ))}
      </button>
    </li>
  )
}

function Marked({ text, ranges }: { text: string; ranges: SearchResult['highlights'] }): ReactNode {
  return snippet(text, ranges).map(({ at, text: part, found }) => (found ? <mark key={at}>{part}</mark> : <span key={at}>{part}</span>))
}
