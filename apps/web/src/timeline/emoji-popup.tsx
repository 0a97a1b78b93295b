import { isParleyError } from '@parley/chat'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Popup } from '../components/popup.tsx'
import { wordsFor } from '../text/errors.ts'

/** What people mean most of the time. */
const COMMON = ['👍', '❤️', '😂', '😮', '😢', '🎉'] as const
/** The longest emoji in use are families of some 25 units. */
const MAX_LENGTH = 32
const NO_EMOJI = 'Put a single emoji here.'

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const SIGN = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u

/** One sign, with whatever modifies it. The engine takes any short text, so it is asked here. */
function isEmoji(text: string): boolean {
  return SIGN.test(text) && [...segmenter.segment(text)].length === 1
}

interface EmojiPopupProps {
  anchor: HTMLElement | null
  /** Those that are on the message from this person. */
  own: readonly string[]
  /** Rejects when the emoji is none, or is one too many. */
  onPick: (emoji: string) => Promise<void>
  onClose: () => void
}

/** Six common answers and a field for any other emoji. */
export function EmojiPopup({ anchor, own, onPick, onClose }: EmojiPopupProps): ReactNode {
  const [other, setOther] = useState('')
  const [error, setError] = useState('')
  const pick = async (emoji: string): Promise<void> => {
    try {
      await onPick(emoji)
      onClose()
    } catch (thrown) {
      setError(isParleyError(thrown, 'InvalidArgument') ? NO_EMOJI : wordsFor(thrown))
    }
  }
  const pickOther = (): void => {
    const emoji = other.trim()
    if (isEmoji(emoji)) void pick(emoji)
    else setError(NO_EMOJI)
  }
  return (
    <Popup anchor={anchor} label="React" className="emoji-popup" onClose={onClose}>
      <div className="emoji-common">
        {COMMON.map((emoji, index) => (
          <button
            key={emoji}
            type="button"
            className="emoji-button"
            aria-pressed={own.includes(emoji)}
            data-focus-first={index === 0 ? true : undefined}
            onClick={() => void pick(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      <form
        className="emoji-other"
        onSubmit={(event) => {
          event.preventDefault()
          if (other.trim() !== '') pickOther()
        }}
      >
        <input
          type="text"
          aria-label="Another emoji"
          placeholder="Another emoji"
          value={other}
          maxLength={MAX_LENGTH}
          autoComplete="off"
          onChange={(event) => {
            setOther(event.target.value)
            setError('')
          }}
        />
        <button type="submit" className="button" disabled={other.trim() === ''}>
          Add
        </button>
      </form>
      {error !== '' && (
        <p className="field-hint field-error" role="alert">
          {error}
        </p>
      )}
    </Popup>
  )
}
