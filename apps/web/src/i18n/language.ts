/**
 * Which language the app speaks: the one that was chosen, else the first of the browser's that there is. Only the words of that language are loaded.
 */
import { Cell } from '@parley/react'
import { forget, recall, remember } from '../engine/remembered.ts'
import type { Text } from './translate.ts'

/** The words of a language, by what they are in English. */
export type Words = Readonly<Record<Text, string>>

interface Spoken {
  /** A tag of BCP 47. */
  readonly tag: Language
  /** For times and numbers: with the habits of the region that the browser names, when it speaks this language. */
  readonly locale: string
  /** None for English, which stands in the code. */
  readonly words: Words | undefined
}

/** By their own names, as people look for them. */
export const LANGUAGES = [
  ['en', 'English'],
  ['de', 'Deutsch'],
] as const
export type Language = (typeof LANGUAGES)[number][0]

const KEY = 'language'
/** What the browser's English is when it speaks none: with days before months. */
const REGION: Readonly<Record<Language, string>> = { en: 'en-GB', de: 'de-DE' }

const WORDS: Readonly<Record<Language, () => Promise<Words | undefined>>> = {
  en: () => Promise.resolve(undefined),
  de: async () => (await import('./de.ts')).de,
}

const spoken = new Cell<Spoken>({ tag: 'en', locale: localeFor('en'), words: undefined })

/** Components read it by `useLanguage`. */
export const languageCell = spoken

/** The language that is spoken now. */
export function language(): Spoken {
  return spoken.getSnapshot()
}

/** Speaks a language from now on; it is remembered, or, without one, what the browser prefers is. */
export async function chooseLanguage(tag: Language | undefined): Promise<void> {
  if (tag === undefined) forget(KEY)
  else remember(KEY, tag)
  await startLanguage()
}

/** The language that was chosen, if one was. */
export function chosenLanguage(): Language | undefined {
  return known(recall(KEY))
}

/** Loads the words; the app shows itself afterwards. */
export async function startLanguage(): Promise<void> {
  const tag = chosenLanguage() ?? preferred()
  spoken.set({ tag, locale: localeFor(tag), words: await WORDS[tag]() })
  document.documentElement.lang = tag
}

function known(tag: string | undefined): Language | undefined {
  return LANGUAGES.find(([language]) => language === tag)?.[0]
}

function preferred(): Language {
  for (const tag of navigator.languages) {
    const language = known(tag.split('-')[0])
    if (language !== undefined) return language
  }
  return 'en'
}

function localeFor(tag: Language): string {
  return navigator.languages.find((locale) => locale.split('-')[0] === tag) ?? REGION[tag]
}
