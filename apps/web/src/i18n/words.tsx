import { Fragment, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { language, languageCell } from './language.ts'
import type { Language } from './language.ts'
import { pieces } from './translate.ts'
import type { Text, Values } from './translate.ts'

/** A text with elements in it, each at the place that the language gives it: `rich('You join as {name}', { name: <bdi>…</bdi> })`. */
export function rich<T extends Text>(text: T, ...[values]: Values<T, ReactNode>): ReactNode {
  // Places stay what they are as long as the text does.
  // oxlint-disable-next-line react/no-array-index-key
  return pieces<ReactNode>(text, values ?? {}).map((piece, at) => <Fragment key={at}>{piece}</Fragment>)
}

/** The language now; whoever uses it renders again when another is chosen. */
export function useLanguage(): Language {
  useSyncExternalStore(languageCell.subscribe, languageCell.getSnapshot)
  return language().tag
}
