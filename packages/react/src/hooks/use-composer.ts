/**
 * What somebody writes: a new message, an answer, or the new text of an own message; with files, a draft that survives a restart, and the others
 * told that somebody types.
 */
import type { Conversation, Message, SendMessageInit } from '@parley/chat'
import { isParleyError } from '@parley/chat'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useStable } from '../support/use-stable.ts'
import { useWords } from '../use-words.ts'
import { asError, reportUnlessClosed } from '../support/closed.ts'
import { timelineStore } from '../stores/timeline-store.ts'
import { useOwnTyping } from './use-own-typing.ts'
import { MAX_FILES, usePickedFiles } from './use-picked-files.ts'
import type { PickedFile } from './use-picked-files.ts'

/** What the text will become. */
export type ComposerMode = { readonly kind: 'new' } | { readonly kind: 'reply' | 'edit'; readonly message: Message }

/** A message in the making, and what can be done with it. */
export interface ComposerHandle {
  /** What is written so far. */
  readonly text: string
  /** Replaces it. */
  readonly setText: (text: string) => void
  /** What it will become. */
  readonly mode: ComposerMode
  /** It will answer this message. */
  readonly reply: (message: Message) => void
  /** It will be the new text of this own message; what was written before comes back afterwards. */
  readonly edit: (message: Message) => void
  /** Back to a new message. */
  readonly cancel: () => void
  /** What will be sent with it. */
  readonly files: readonly PickedFile[]
  /** Adds to them, at most ten in all. */
  readonly addFiles: (files: Iterable<File>) => void
  /** Takes one of them away again. */
  readonly removeFile: (id: string) => void
  /** How far the sealing of the files is, in bytes; undefined while there is none. */
  readonly progress: { readonly done: number; readonly total: number } | undefined
  /** Stops the sealing; nothing is sent then. */
  readonly stop: () => void
  /** Whether there is anything to send. */
  readonly canSend: boolean
  /** Why the last attempt failed; what was written and picked is still there. */
  readonly error: Error | undefined
  /** Sends or saves it, with what the text alone does not say. Resolves to whether it is on this disk; never rejects. */
  readonly send: (more?: Pick<SendMessageInit, 'mentions' | 'metadata'>) => Promise<boolean>
  /** The person left the field. */
  readonly left: () => void
}

const NEW: ComposerMode = { kind: 'new' }

/**
 * The state of a composer. Give the component another `key` for another conversation.
 * @example
 * ```tsx
 * const { text, setText, send } = useComposer(conversation)
 * ```
 */
export function useComposer(conversation: Conversation): ComposerHandle {
  const [text, setWritten] = useState(() => conversation.draft?.text ?? '')
  const [mode, setMode] = useState(NEW)
  const [progress, setProgress] = useState<ComposerHandle['progress']>()
  const [isSaving, setSaving] = useState(false)
  const [error, setError] = useState<Error>()
  const typing = useOwnTyping(conversation)
  const words = useWords()
  const picked = usePickedFiles((why) => setError(new Error(why === 'too many' ? words.tooManyFiles(MAX_FILES) : words.fileTooLarge)))
  const running = useRef<AbortController>(undefined)
  /** What was written before an edit began. */
  const held = useRef<string>(undefined)
  const drafted = useDraftedReply(conversation, setMode)
  useDraft(conversation, mode.kind === 'edit' ? undefined : text, mode.kind === 'reply' ? mode.message.id : drafted, setError)

  const setText = (next: string): void => {
    setWritten(next)
    if (mode.kind !== 'edit') typing.changed(next)
  }
  const cancel = useCallback(() => {
    setMode(NEW)
    if (held.current !== undefined) setWritten(held.current)
    held.current = undefined
  }, [])
  const reply = useCallback(
    (message: Message) => {
      cancel()
      setMode({ kind: 'reply', message })
    },
    [cancel],
  )
  const edit = useStable((message: Message): void => {
    typing.stopped()
    held.current ??= text
    setWritten(message.text)
    setMode({ kind: 'edit', message })
  })

  const written = text.trim()
  const hasFiles = mode.kind === 'edit' ? mode.message.attachments.length > 0 : picked.files.length > 0
  const canSend = (written !== '' || hasFiles) && progress === undefined && !isSaving

  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    setError(undefined)
    try {
      await work()
      return true
    } catch (thrown) {
      if (!isParleyError(thrown, 'Aborted')) setError(asError(thrown))
      return false
    }
  }
  const save = async ({ id, text: before }: Message, more: Parameters<ComposerHandle['send']>[0]): Promise<boolean> => {
    setSaving(true)
    const isSaved = await attempt(async () => {
      if (written !== before) await conversation.updateMessage(id, { ...more, text: written === '' ? null : written })
    })
    setSaving(false)
    if (isSaved) cancel()
    return isSaved
  }
  const sendNew = async (more: Parameters<ComposerHandle['send']>[0]): Promise<boolean> => {
    const before = mode
    const files = picked.files.map(({ file }) => file)
    const init: SendMessageInit = {
      ...more,
      ...(written !== '' && { text: written }),
      ...(before.kind === 'reply' && { replyTo: before.message.id }),
    }
    setWritten('')
    setMode(NEW)
    const isSent = await attempt(async () => {
      await (files.length === 0 ? conversation.sendMessage(init) : sendWith(init, files))
      // Who sends wants to see it there, wherever they were reading.
      const timeline = timelineStore(conversation)
      if (timeline.getSnapshot().hasNewer) timeline.jump('newest').catch(reportUnlessClosed)
    })
    if (isSent) return true
    // Nothing typed is ever lost: what could not be kept goes back in front of what was typed since.
    setWritten((since) => (since === '' ? text : `${text}\n${since}`))
    setMode((since) => (since.kind === 'new' ? before : since))
    return false
  }
  const sendWith = async (init: SendMessageInit, files: readonly File[]): Promise<void> => {
    const run = new AbortController()
    running.current = run
    setProgress({ done: 0, total: files.reduce((sum, { size }) => sum + size, 0) })
    try {
      const onProgress = (done: number, total: number): void => setProgress({ done, total })
      await conversation.sendMessage({ ...init, file: files, signal: run.signal, onProgress })
      picked.clear()
    } finally {
      setProgress(undefined)
    }
  }
  const send: ComposerHandle['send'] = async (more) => {
    if (!canSend) return false
    typing.stopped()
    return mode.kind === 'edit' ? save(mode.message, more) : sendNew(more)
  }
  const stop = useCallback(() => running.current?.abort(), [])
  return {
    text,
    setText,
    mode,
    reply,
    edit,
    cancel,
    files: picked.files,
    addFiles: picked.add,
    removeFile: picked.remove,
    progress,
    stop,
    canSend,
    error,
    send,
    left: typing.stopped,
  }
}

/** Keeps what was typed and not sent, on this device. `undefined` leaves what is kept as it is. */
function useDraft(
  conversation: Conversation,
  text: string | undefined,
  replyTo: Message['id'] | undefined,
  onError: (error: Error) => void,
): void {
  const kept = useRef(JSON.stringify([conversation.draft?.text ?? '', conversation.draft?.replyTo]))
  useEffect(() => {
    const now = JSON.stringify([text, replyTo])
    // What was there at first came from there.
    if (text === undefined || kept.current === now) return
    kept.current = now
    conversation.setDraft(text === '' && replyTo === undefined ? undefined : { text, replyTo }).catch((error: unknown) => {
      if (!isParleyError(error, 'Closed')) onError(asError(error))
    })
  }, [conversation, text, replyTo, onError])
}

/** The draft remembers what was about to be answered: its id until the message is here. */
function useDraftedReply(
  conversation: Conversation,
  setMode: (change: (mode: ComposerMode) => ComposerMode) => void,
): Message['id'] | undefined {
  const [drafted, setDrafted] = useState(() => conversation.draft?.replyTo)
  useEffect(() => {
    if (drafted === undefined) return
    let wanted = true
    conversation.getMessage(drafted).then((message) => {
      if (!wanted) return
      setDrafted(undefined)
      if (message !== undefined) setMode((mode) => (mode.kind === 'new' ? { kind: 'reply', message } : mode))
    }, reportUnlessClosed)
    return () => {
      wanted = false
    }
  }, [conversation, drafted, setMode])
  return drafted
}
