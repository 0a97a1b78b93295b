import { useState } from 'react'
import type { ReactNode } from 'react'
import { Icon } from '../components/icon.tsx'
import { LazyEmojiPicker } from '../components/lazy-emoji-picker.tsx'
import { Popup } from '../components/popup.tsx'
import { t } from '../i18n/translate.ts'
import { wordsFor } from '../text/errors.ts'

/** What people mean most of the time. */
const COMMON = ['👍', '❤️', '😂', '😮', '😢', '🎉'] as const

interface EmojiPopupProps {
  anchor: HTMLElement | null
  /** Those that are on the message from this person. */
  own: readonly string[]
  /** Rejects when the emoji is one too many. */
  onPick: (emoji: string) => Promise<void>
  onClose: () => void
}

/** Six common answers, and a way to all others. */
export function EmojiPopup({ anchor, own, onPick, onClose }: EmojiPopupProps): ReactNode {
  const [all, setAll] = useState(false)
  const [error, setError] = useState('')
  const pick = async (emoji: string): Promise<void> => {
    try {
      await onPick(emoji)
      onClose()
    } catch (thrown) {
      setError(wordsFor(thrown))
    }
  }
  return (
    <Popup anchor={anchor} label={t('React')} className="emoji-popup" onClose={onClose}>
      {all ? (
        <LazyEmojiPicker onPick={(emoji) => void pick(emoji)} />
      ) : (
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
          <button
            type="button"
            className="emoji-button emoji-more"
            aria-label={t('More emoji')}
            title={t('More emoji')}
            onClick={() => setAll(true)}
          >
            <Icon name="plus" />
          </button>
        </div>
      )}
      {error !== '' && (
        <p className="field-hint field-error" role="alert">
          {error}
        </p>
      )}
    </Popup>
  )
}
