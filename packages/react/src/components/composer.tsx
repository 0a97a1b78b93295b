import type { Message } from '@parley/chat'
import { useEffect, useId, useRef } from 'react'
import type { KeyboardEvent, ReactNode, SyntheticEvent } from 'react'
import type { ComposerHandle } from '../hooks/use-composer.ts'
import { useWords } from '../use-words.ts'
import { FilePicker } from './file-picker.tsx'

/** What the composer is told. */
export interface ComposerProps {
  /** From `useComposer`. */
  readonly composer: ComposerHandle
  /** The last own message, which arrow up edits; without it arrow up stays in the text. */
  readonly lastOwn?: Message | undefined
}

/**
 * Where a person writes: Enter sends, files can be picked, pasted and dropped, and what is answered or edited is shown above.
 * @example
 * ```tsx
 * return <Composer composer={useComposer(conversation)} />
 * ```
 */
export function Composer({ composer, lastOwn }: ComposerProps): ReactNode {
  const { text, mode, progress, error, canSend } = composer
  const words = useWords()
  const area = useRef<HTMLTextAreaElement>(null)
  const hintId = useId()
  const isEditing = mode.kind === 'edit'
  useEffect(() => {
    if (mode.kind === 'new') return
    area.current?.focus()
    area.current?.setSelectionRange(area.current.value.length, area.current.value.length)
  }, [mode])

  const submit = (event?: SyntheticEvent): void => {
    event?.preventDefault()
    area.current?.focus()
    // The outcome shows: an empty field, or `error`.
    void composer.send()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter' && !event.shiftKey) submit(event)
    else if (event.key === 'Escape' && mode.kind !== 'new') composer.cancel()
    else if (event.key === 'ArrowUp' && text === '' && mode.kind === 'new' && lastOwn !== undefined) {
      event.preventDefault()
      composer.edit(lastOwn)
    }
  }
  return (
    // Files are dropped on it; a button picks them too.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form
      className="parley-composer"
      aria-label={words.write}
      onSubmit={submit}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        if (!isEditing) composer.addFiles(event.dataTransfer.files)
      }}
    >
      {mode.kind !== 'new' && (
        <div className="parley-composer-about">
          <span dir="auto">
            <strong>{isEditing ? words.editing : words.replyingTo(mode.message.author.name || words.somebody)}</strong> {mode.message.text}
          </span>
          <button type="button" onClick={composer.cancel}>
            {words.cancel}
          </button>
        </div>
      )}
      {!isEditing && <PickedList composer={composer} />}
      {progress !== undefined && (
        <div className="parley-composer-about">
          <progress aria-label={words.sealing} value={progress.done} max={Math.max(1, progress.total)} />
          <button type="button" onClick={composer.stop}>
            {words.stop}
          </button>
        </div>
      )}
      {error !== undefined && (
        <p className="parley-error" role="alert">
          {error.message}
        </p>
      )}
      <div className="parley-composer-line">
        <textarea
          ref={area}
          name="message"
          rows={1}
          value={text}
          dir="auto"
          aria-label={words.message}
          placeholder={words.message}
          aria-describedby={hintId}
          enterKeyHint="send"
          onChange={(event) => composer.setText(event.target.value)}
          onBlur={composer.left}
          onPaste={(event) => {
            if (isEditing || event.clipboardData.files.length === 0) return
            event.preventDefault()
            composer.addFiles(event.clipboardData.files)
          }}
          onKeyDown={onKeyDown}
        />
        {!isEditing && (
          <FilePicker onFiles={composer.addFiles}>
            {(pick) => (
              <button type="button" disabled={progress !== undefined} onClick={pick}>
                {words.attach}
              </button>
            )}
          </FilePicker>
        )}
        <button type="submit" disabled={!canSend}>
          {isEditing ? words.save : words.send}
        </button>
      </div>
      <p id={hintId} className="parley-hidden">
        {words.composerHelp}
      </p>
    </form>
  )
}

/** What will be sent with the message, to be looked at before. */
function PickedList({ composer: { files, progress, removeFile } }: { composer: ComposerHandle }): ReactNode {
  const words = useWords()
  if (files.length === 0) return null
  return (
    <ul className="parley-picked" aria-label={words.files}>
      {files.map(({ id, file, preview }) => (
        <li key={id}>
          {preview !== '' && <img src={preview} alt="" />}
          <bdi>{file.name}</bdi>
          <button type="button" disabled={progress !== undefined} onClick={() => removeFile(id)}>
            {words.removeFile(file.name)}
          </button>
        </li>
      ))}
    </ul>
  )
}
