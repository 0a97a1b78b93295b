import type { Conversation, Message } from '@parley/chat'
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode, SyntheticEvent } from 'react'
import { Icon } from '../components/icon.tsx'
import { IconButton } from '../components/icon-button.tsx'
import { useAction } from '../components/use-action.ts'
import { editMessage, sendMessage } from '../engine/actions.ts'
import { useOwnTyping } from '../engine/use-typing.ts'
import { nameOf } from '../text/people.ts'
import { drafts } from './drafts.ts'

/** What the text will become: a new message, an answer, or the new text of an own message. */
export type ComposerMode = { readonly kind: 'new' } | { readonly kind: 'reply' | 'edit'; readonly message: Message }

interface ComposerProps {
  conversation: Conversation
  title: string
  mode: ComposerMode
  /** Takes the focus whenever this grows; 0 leaves it where it is. */
  focusRequests: number
  onDone: () => void
  onEditLast: () => void
}

/** Where a person writes. Give it another `key` when it begins or ends to edit a message: it keeps one text. */
export function Composer({ conversation, title, mode, focusRequests, onDone, onEditLast }: ComposerProps): ReactNode {
  const editing = mode.kind === 'edit'
  const id = conversation.getId()
  const [text, setText] = useState(() => (editing ? mode.message.text : drafts.get(id)))
  const { run, busy } = useAction()
  const typing = useOwnTyping(conversation)
  const area = useRef<HTMLTextAreaElement>(null)
  const hintId = useId()
  const trimmed = text.trim()

  useEffect(() => {
    if (!editing) drafts.set(id, text)
  }, [editing, id, text])

  useEffect(() => {
    if (focusRequests === 0 && mode.kind === 'new') return
    area.current?.focus()
    area.current?.setSelectionRange(area.current.value.length, area.current.value.length)
  }, [focusRequests, mode])

  const submit = async (event?: SyntheticEvent): Promise<void> => {
    event?.preventDefault()
    if (trimmed === '' || (editing && busy)) return
    typing.stopped()
    area.current?.focus()
    if (mode.kind === 'edit') {
      const { message } = mode
      if (trimmed === message.text || (await run(() => editMessage(conversation, message.id, trimmed)))) onDone()
      return
    }
    setText('')
    onDone()
    const sent = await run(() => sendMessage(conversation, { text: trimmed, ...(mode.kind === 'reply' && { replyTo: mode.message.id }) }))
    // Nothing typed is ever lost: what could not be kept goes back in front of what was typed since.
    if (!sent) setText((since) => (since === '' ? text : `${text}\n${since}`))
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      void submit()
    } else if (event.key === 'Escape' && mode.kind !== 'new') {
      event.preventDefault()
      onDone()
    } else if (event.key === 'ArrowUp' && text === '' && mode.kind === 'new') {
      event.preventDefault()
      onEditLast()
    }
  }

  return (
    <form className="composer" aria-label="Write a message" onSubmit={(event) => void submit(event)}>
      {mode.kind !== 'new' && (
        <div className="composer-about">
          <Icon name={editing ? 'edit' : 'reply'} />
          <span className="composer-about-text">
            <strong>
              {editing ? (
                'Editing your message'
              ) : (
                <>
                  Reply to <bdi>{nameOf(mode.message.author)}</bdi>
                </>
              )}
            </strong>
            <span dir="auto">{mode.message.text}</span>
          </span>
          <IconButton icon="close" label={editing ? 'Cancel editing' : 'Cancel reply'} onClick={onDone} />
        </div>
      )}
      <div className="composer-line">
        <div className="composer-grow" data-text={text}>
          <textarea
            ref={area}
            className="composer-text"
            rows={1}
            value={text}
            dir="auto"
            aria-label="Message"
            aria-describedby={hintId}
            placeholder={`Message ${title}`}
            enterKeyHint="send"
            onChange={(event) => {
              setText(event.target.value)
              if (!editing) typing.changed(event.target.value)
            }}
            onBlur={typing.stopped}
            onKeyDown={onKeyDown}
          />
        </div>
        <button
          type="submit"
          className="send-button"
          aria-label={editing ? 'Save' : 'Send'}
          title={editing ? 'Save' : 'Send'}
          disabled={trimmed === ''}
        >
          <Icon name={editing ? 'check' : 'send'} />
        </button>
      </div>
      <p id={hintId} className="visually-hidden">
        Enter sends, Shift and Enter begin a new line. Arrow up edits your last message.
      </p>
    </form>
  )
}
