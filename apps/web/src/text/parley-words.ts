/**
 * What the components of `@parley/react` say here. Those that this app draws itself say nothing of their own.
 */
import type { Words } from '@parley/react'
import { useMemo } from 'react'
import { language } from '../i18n/language.ts'
import { t } from '../i18n/translate.ts'
import { useLanguage } from '../i18n/words.tsx'

/** In the language of the person; another object when that changes. */
export function useParleyWords(): Partial<Words> {
  useLanguage()
  const { locale } = language()
  return useMemo(() => wordsIn(locale), [locale])
}

function wordsIn(locale: string): Partial<Words> {
  return {
    locale,
    messages: t('Messages'),
    messagesHelp: t('Arrow up and down walk through messages, arrow left and right through what you can do with one.'),
    newMessages: t('New messages'),
    loading: t('Loading…'),
    tooManyFiles: (count) => t('A message can carry at most {count} files. Send the others in another one.', { count }),
    fileTooLarge: t('A file can have at most 2 GiB.'),
  }
}
