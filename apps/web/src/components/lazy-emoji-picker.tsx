import { lazy, Suspense } from 'react'
import type { ReactNode } from 'react'
import { t } from '../i18n/translate.ts'

const Loaded = lazy(async () => ({ default: (await import('./emoji-picker.tsx')).EmojiPicker }))

/** The emoji picker, fetched when somebody wants it. */
export function LazyEmojiPicker({ onPick }: { onPick: (emoji: string) => void }): ReactNode {
  return (
    <Suspense fallback={<p className="emoji-picker emoji-note">{t('Loading…')}</p>}>
      <Loaded onPick={onPick} />
    </Suspense>
  )
}
