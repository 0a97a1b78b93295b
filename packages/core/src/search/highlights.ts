/** Where in a message the words are that were found. */
import type { Highlight, Message } from '../api.ts'
import { wordsOf } from './words.ts'

/** `words` are folded, as the index has them. */
export function highlightsOf({ text, attachments }: Message, words: ReadonlySet<string>): readonly Highlight[] {
  const inText = rangesOf(text, words).map((range): Highlight => ({ field: 'text', ...range }))
  const inNames = attachments.flatMap(({ name }, attachment) =>
    rangesOf(name, words).map((range): Highlight => ({ field: 'fileName', attachment, ...range })),
  )
  return Object.freeze([...inText, ...inNames].map((highlight) => Object.freeze(highlight)))
}

/** Pairs of unspaced signs overlap: what touches is one range. */
function rangesOf(text: string, words: ReadonlySet<string>): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = []
  for (const { word, start, end } of wordsOf(text)) {
    if (!words.has(word)) continue
    const last = ranges.at(-1)
    if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end)
    else ranges.push({ start, end })
  }
  return ranges
}
