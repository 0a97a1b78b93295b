import { useState } from 'react'
import type { ReactNode } from 'react'
import { IconButton } from '../components/icon-button.tsx'
import { LazyEmojiPicker } from '../components/lazy-emoji-picker.tsx'
import { Popup } from '../components/popup.tsx'
import { t } from '../i18n/translate.ts'

/** Puts an emoji into the text. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }): ReactNode {
  const [open, setOpen] = useState(false)
  const [button, setButton] = useState<HTMLButtonElement | null>(null)
  return (
    <>
      <IconButton
        ref={setButton}
        icon="emoji"
        label={t('Emoji')}
        className="attach-button"
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      />
      {open && (
        <Popup anchor={button} label={t('Emoji')} className="emoji-popup" onClose={() => setOpen(false)}>
          <LazyEmojiPicker
            onPick={(emoji) => {
              setOpen(false)
              onPick(emoji)
            }}
          />
        </Popup>
      )}
    </>
  )
}
