import type { Conversation } from '@parley/chat'
import { FilePicker, useConversation, useMe } from '@parley/react'
import type { ComposerHandle } from '@parley/react'
import { useEffect, useId, useRef } from 'react'
import type { KeyboardEvent, ReactNode, SyntheticEvent } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { t } from '../i18n/translate.ts'
import { mentionsIn, pickedIn } from '../text/mentions.ts'
import { ComposerAbout } from './composer-about.tsx'
import { EmojiButton } from './emoji-button.tsx'
import { FileTray } from './file-tray.tsx'
import { MentionList, optionId } from './mention-list.tsx'
import { useMentions } from './use-mentions.ts'

interface ComposerProps {
  conversation: Conversation
  title: string
  /** What is written, and what becomes of it. */
  composer: ComposerHandle
  /** Takes the focus whenever this grows; 0 leaves it where it is. */
  focusRequests: number
  /** An answer or an edit is over: the next message can be written. */
  onEnded: () => void
  onEditLast: () => void
}

/** Where a person writes. Give it another `key` when it begins or ends to edit a message: it remembers who was picked in one text. */
export function Composer({ conversation, title, composer, focusRequests, onEnded, onEditLast }: ComposerProps): ReactNode {
  const { text, setText, mode, files, progress } = composer
  const editing = mode.kind === 'edit'
  const me = useMe()
  const { members } = useConversation(conversation)
  const area = useRef<HTMLTextAreaElement>(null)
  const caretAfter = useRef<number>(undefined)
  const hintId = useId()
  const listId = useId()
  const mentions = useMentions({
    members,
    me: me.id,
    picked: editing ? pickedIn(mode.message.text, mode.message.mentions) : [],
    onPick: ({ at, letters }, words) => {
      const rest = text.slice(at + 1 + letters.length)
      setText(text.slice(0, at) + words + rest.replace(/^ /, ''))
      caretAfter.current = at + words.length
    },
  })

  useEffect(() => {
    if (focusRequests === 0 && mode.kind === 'new') return
    area.current?.focus()
    area.current?.setSelectionRange(area.current.value.length, area.current.value.length)
  }, [focusRequests, mode])

  useEffect(() => {
    if (caretAfter.current === undefined) return
    area.current?.focus()
    area.current?.setSelectionRange(caretAfter.current, caretAfter.current)
    caretAfter.current = undefined
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- once the text is in the field.
  }, [text])

  const submit = async (event?: SyntheticEvent): Promise<void> => {
    event?.preventDefault()
    mentions.close()
    area.current?.focus()
    // The outcome shows: an empty field, or a toast.
    const isDone = await composer.send({ mentions: mentionsIn(text.trim(), mentions.picked, members) })
    if (isDone && editing) onEnded()
  }
  const end = (): void => {
    composer.cancel()
    onEnded()
  }

  const insert = (emoji: string): void => {
    const from = area.current?.selectionStart ?? text.length
    setText(text.slice(0, from) + emoji + text.slice(area.current?.selectionEnd ?? from))
    caretAfter.current = from + emoji.length
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      void submit()
    } else if (event.key === 'Escape' && mode.kind !== 'new') {
      event.preventDefault()
      end()
    } else if (event.key === 'ArrowUp' && text === '' && mode.kind === 'new') {
      event.preventDefault()
      onEditLast()
    }
  }

  return (
    <form className="composer" aria-label={t('Write a message')} onSubmit={(event) => void submit(event)}>
      <MentionList id={listId} members={mentions.offered} active={mentions.active} onPick={mentions.pick} />
      {mode.kind !== 'new' && <ComposerAbout editing={editing} message={mode.message} onCancel={end} />}
      {!editing && <FileTray files={files} progress={progress} onRemove={composer.removeFile} onStop={composer.stop} />}
      <div className="composer-line">
        <div className="composer-grow" data-text={text}>
          <textarea
            ref={area}
            name="message"
            className="composer-text"
            rows={1}
            value={text}
            dir="auto"
            aria-label={t('Message')}
            aria-describedby={hintId}
            aria-autocomplete="list"
            aria-controls={mentions.offered.length > 0 ? listId : undefined}
            aria-activedescendant={mentions.offered.length > 0 ? optionId(listId, mentions.active) : undefined}
            placeholder={t('Message {title}', { title })}
            enterKeyHint="send"
            onChange={(event) => {
              setText(event.target.value)
              mentions.follow(event.target.value, event.target.selectionStart)
            }}
            onBlur={() => {
              composer.left()
              mentions.close()
            }}
            onPaste={(event) => {
              if (editing || event.clipboardData.files.length === 0) return
              event.preventDefault()
              composer.addFiles(event.clipboardData.files)
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <EmojiButton onPick={insert} />
        {!editing && (
          <FilePicker onFiles={composer.addFiles}>
            {(pick) => (
              <IconButton
                icon="attach"
                label={t('Attach files')}
                className="attach-button"
                disabled={progress !== undefined}
                onClick={pick}
              />
            )}
          </FilePicker>
        )}
        <button
          type="submit"
          className="send-button"
          aria-label={editing ? t('Save') : t('Send')}
          title={editing ? t('Save') : t('Send')}
          disabled={!composer.canSend}
        >
          <Icon name={editing ? 'check' : 'send'} />
        </button>
      </div>
      <p id={hintId} className="visually-hidden">
        {t('Enter sends, Shift and Enter begin a new line. Arrow up edits your last message. An at sign offers people to mention.')}
      </p>
    </form>
  )
}
