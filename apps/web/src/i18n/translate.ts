/**
 * The words of the app. What stands in the code is English, and is the key of every other language: `t('New group')`. A text that a language lacks, or that says
 * something else of its values, does not compile.
 */
import type { de } from './de.ts'
import { language } from './language.ts'

/** Every text of the app, in English. */
export type Text = keyof typeof de

type NamesIn<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never

/** Texts that hold no values: what a table of words is made of. */
export type PlainText = { [T in Text]: [NamesIn<T>] extends [never] ? T : never }[Text]

/** What the places of a text in braces hold. */
export type Values<T extends string, V> = [NamesIn<T>] extends [never] ? [] : [values: Readonly<Record<NamesIn<T>, V>>]

/** Names of values in a text. */
const PLACE = /\{(\w+)\}/

/** A text in the language of the person; `{name}` in it is replaced by the value of that name. */
export function t<T extends Text>(text: T, ...[values]: Values<T, string | number>): string {
  return pieces(text, values ?? {}).join('')
}

/** The same with whatever a value is, in the order of the language: for texts that hold elements. */
export function pieces<V>(text: Text, values: Readonly<Record<string, V>>): (string | V)[] {
  const said = language().words?.[text] ?? text
  // Splitting by a pattern with a group leaves the names at the odd places.
  return said.split(PLACE).map((piece, at) => (at % 2 === 0 ? piece : (values[piece] ?? piece)))
}
