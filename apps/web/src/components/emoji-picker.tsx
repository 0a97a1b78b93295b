import { EmojiPicker as Picker } from 'frimousse'
import type { EmojiPickerListCategoryHeaderProps, EmojiPickerListEmojiProps, EmojiPickerListRowProps } from 'frimousse'
import type { ReactNode } from 'react'
import { language } from '../i18n/language.ts'
import { t } from '../i18n/translate.ts'

/** Where `build/emoji.ts` puts the names: no other server hears what is looked for. */
const EMOJI_URL = '/emoji'

/** It is opened to look for something. */
function focus(search: HTMLInputElement | null): void {
  search?.focus({ preventScroll: true })
}

/** All emoji, by kind, with a search. Loaded when it is first opened. */
export function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }): ReactNode {
  return (
    <Picker.Root
      className="emoji-picker"
      columns={8}
      locale={language().tag}
      emojibaseUrl={EMOJI_URL}
      onEmojiSelect={({ emoji }) => onPick(emoji)}
    >
      <Picker.Search className="emoji-search" aria-label={t('Search emoji')} placeholder={t('Search emoji')} ref={focus} />
      <Picker.Viewport className="emoji-viewport">
        <Picker.Loading className="emoji-note">{t('Loading…')}</Picker.Loading>
        <Picker.Empty className="emoji-note">{t('No emoji of that name.')}</Picker.Empty>
        <Picker.List className="emoji-list" components={{ CategoryHeader, Row, Emoji }} />
      </Picker.Viewport>
    </Picker.Root>
  )
}

function CategoryHeader({ category, ...rest }: EmojiPickerListCategoryHeaderProps): ReactNode {
  return (
    <div {...rest} className="emoji-kind">
      {category.label}
    </div>
  )
}

/** The library counts rows and columns from 0, ARIA counts them from 1. */
function Row({ 'aria-rowindex': row = 0, ...rest }: EmojiPickerListRowProps): ReactNode {
  return <div {...rest} aria-rowindex={row + 1} />
}

function Emoji({ emoji, 'aria-colindex': column = 0, ...rest }: EmojiPickerListEmojiProps): ReactNode {
  const cell = { ...rest, 'aria-colindex': column + 1 }
  return (
    <button type="button" {...cell} className="emoji-button" title={emoji.label}>
      {emoji.emoji}
    </button>
  )
}
