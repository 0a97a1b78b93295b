import type { Conversation, Message, SendMessageInit } from '@parley/chat'
import { useConversation, useMe, useOwnTyping } from '@parley/react'
import { useEffect, useId, useRef, useState } from 'react'
import type { KeyboardEvent, ReactNode, SyntheticEvent } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { Icon } from '../components/icon.tsx'
import { useAction } from '../components/use-action.ts'
import { editMessage, sendMessage } from '../engine/actions.ts'
import { t } from '../i18n/translate.ts'
import { mentionsIn, pickedIn } from '../text/mentions.ts'
import { ComposerAbout } from './composer-about.tsx'
import { EmojiButton } from './emoji-button.tsx'
import { FileTray } from './file-tray.tsx'
import { MentionList, optionId } from './mention-list.tsx'
import { useKeepDraft } from './use-draft.ts'
import type { PickedFiles } from './use-files.ts'
import { useMentions } from './use-mentions.ts'

/** What the text will become: a new message, an answer, or the new text of an own message. */
export type ComposerMode = { readonly kind: 'new' } | { readonly kind: 'reply' | 'edit'; readonly message: Message }

interface ComposerProps {
  conversation: Conversation
  title: string
  mode: ComposerMode
  picked: PickedFiles
  /** Takes the focus whenever this grows; 0 leaves it where it is. */
  focusRequests: number
  onDone: () => void
  onEditLast: () => void
}

/** Where a person writes. Give it another `key` when it begins or ends to edit a message: it keeps one text. */
export function Composer({ conversation, title, mode, picked, focusRequests, onDone, onEditLast }: ComposerProps): ReactNode {
  const editing = mode.kind === 'edit'
  const me = useMe()
  const { members } = useConversation(conversation)
  const [text, setText] = useState(() => (editing ? mode.message.text : (conversation.draft?.text ?? '')))
  const { run, busy } = useAction()
  const typing = useOwnTyping(conversation)
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
  const files = useSending(picked)
  useKeepDraft(conversation, editing ? undefined : text, mode.kind === 'reply' ? mode.message.id : undefined)
  const trimmed = text.trim()
  const withFiles = editing ? mode.message.attachments.length > 0 : picked.files.length > 0
  const nothing = trimmed === '' && !withFiles

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
    if (nothing || files.progress !== undefined || (editing && busy)) return
    typing.stopped()
    mentions.close()
    area.current?.focus()
    const spoken = mentionsIn(trimmed, mentions.picked, members)
    if (mode.kind === 'edit') {
      const { message } = mode
      if (trimmed === message.text || (await run(() => editMessage(conversation, message.id, trimmed, spoken)))) onDone()
      return
    }
    const init: SendMessageInit = {
      ...(trimmed === '' ? {} : { text: trimmed, mentions: spoken }),
      ...(mode.kind === 'reply' && { replyTo: mode.message.id }),
    }
    setText('')
    // Nothing typed is ever lost: what could not be kept goes back in front of what was typed since.
    const giveBack = (): void => setText((since) => (since === '' ? text : `${text}\n${since}`))
    if (withFiles) {
      if (await run(() => files.send((added) => sendMessage(conversation, { ...init, ...added })))) onDone()
      else giveBack()
      return
    }
    onDone()
    if (!(await run(() => sendMessage(conversation, init)))) giveBack()
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
      onDone()
    } else if (event.key === 'ArrowUp' && text === '' && mode.kind === 'new') {
      event.preventDefault()
      onEditLast()
    }
  }

  return (
    <form className="composer" aria-label={t('Write a message')} onSubmit={(event) => void submit(event)}>
      <MentionList id={listId} members={mentions.offered} active={mentions.active} onPick={mentions.pick} />
      {mode.kind !== 'new' && <ComposerAbout editing={editing} message={mode.message} onCancel={onDone} />}
      {!editing && <FileTray files={picked.files} progress={files.progress} onRemove={picked.remove} onStop={files.stop} />}
      <div className="composer-line">
        <div className="composer-grow" data-text={text}>
          <textarea
            ref={area}
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
              if (!editing) typing.changed(event.target.value)
            }}
            onBlur={() => {
              typing.stopped()
              mentions.close()
            }}
            onPaste={(event) => {
              if (editing || event.clipboardData.files.length === 0) return
              event.preventDefault()
              picked.add(event.clipboardData.files)
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <EmojiButton onPick={insert} />
        {!editing && <AttachButton disabled={files.progress !== undefined} onFiles={picked.add} />}
        <button
          type="submit"
          className="send-button"
          aria-label={editing ? t('Save') : t('Send')}
          title={editing ? t('Save') : t('Send')}
          disabled={nothing || files.progress !== undefined}
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

/** Picks files from the disk. */
function AttachButton({ disabled, onFiles }: { disabled: boolean; onFiles: (files: Iterable<File>) => void }): ReactNode {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <IconButton
        icon="attach"
        label={t('Attach files')}
        className="attach-button"
        disabled={disabled}
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          onFiles(event.target.files ?? [])
          // So that the same file can be picked again.
          event.target.value = ''
        }}
      />
    </>
  )
}

interface Sending {
  readonly progress: { readonly done: number; readonly total: number } | undefined
  readonly send: (send: (added: Pick<SendMessageInit, 'file' | 'signal' | 'onProgress'>) => Promise<void>) => Promise<void>
  readonly stop: () => void
}

/** Sends what was picked; it stays picked when that fails or is stopped. */
function useSending(picked: PickedFiles): Sending {
  const [progress, setProgress] = useState<Sending['progress']>()
  const running = useRef<AbortController>(undefined)
  const send: Sending['send'] = async (sendWith) => {
    running.current = new AbortController()
    setProgress({ done: 0, total: picked.files.reduce((sum, { file }) => sum + file.size, 0) })
    try {
      await sendWith({
        file: picked.files.map(({ file }) => file),
        signal: running.current.signal,
        onProgress: (done, total) => setProgress({ done, total }),
      })
      picked.clear()
    } finally {
      setProgress(undefined)
    }
  }
  return { progress, send, stop: () => running.current?.abort() }
}
