/**
 * A screen in German without anybody choosing it, for pictures: what is written on it is replaced in place, and put back. Dialogs stay open, which they would not when
 * the language is chosen in the settings.
 */
import type { Page } from '@playwright/test'
import { de } from '../../apps/web/src/i18n/de.ts'

/** English and German, those with places in braces as a pattern and what stands in it; `literals`: how many characters are none of a place. */
const WORDS = Object.entries(de).map(([english, german]) => ({
  pattern: `^${english
    .split(/\{\w+\}/)
    .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('(.+?)')}$`,
  places: [...english.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!),
  literals: english.replaceAll(/\{\w+\}/g, '').length,
  german,
}))

/** Does something while the page says it in German. */
export async function inGerman(page: Page, work: () => Promise<unknown>): Promise<void> {
  const back = await page.evaluateHandle(translate, WORDS)
  await work()
  await back.evaluate((putBack) => putBack())
}

/** Runs in the page. Returns what puts the words back. */
function translate(words: typeof WORDS): () => void {
  const patterns = words
    .map(({ pattern, ...word }) => ({ ...word, pattern: new RegExp(pattern, 'su') }))
    .toSorted((a, b) => b.literals - a.literals)
  const inWords = (text: string): string | undefined => {
    for (const { pattern, places, german } of patterns) {
      const match = pattern.exec(text.trim())
      if (match !== null)
        return text.replace(text.trim(), () =>
          german.replaceAll(/\{(\w+)\}/g, (_, place: string) => match[places.indexOf(place) + 1] ?? ''),
        )
    }
    return undefined
  }
  const undo: (() => void)[] = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = texts.nextNode() as Text | null; node !== null; node = texts.nextNode() as Text | null) {
    const said = node.data
    // What people wrote and what they are called stays.
    const german = said.trim() === '' || node.parentElement?.closest('.message-text, bdi') ? undefined : inWords(said)
    if (german === undefined) continue
    const here = node
    here.data = german
    undo.push(() => void (here.data = said))
  }
  for (const field of document.querySelectorAll<HTMLInputElement>('[placeholder]')) {
    const said = field.placeholder
    field.placeholder = inWords(said) ?? said
    undo.push(() => void (field.placeholder = said))
  }
  return () => undo.forEach((one) => one())
}
