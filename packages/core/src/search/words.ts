/** The words of a text, folded so that the same word is found however it was typed. Queries and messages go the same way. */

export interface Word {
  readonly word: string
  /** Where it stands, in UTF-16 units. */
  readonly start: number
  readonly end: number
}

/** Scripts without spaces between words: two neighbouring signs stand for a word. A kana may be followed by its mark as a sign of its own. */
const UNSPACED = String.raw`[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\u30fc]`
const SIGN = new RegExp(String.raw`${UNSPACED}[\u3099\u309a]?`, 'gu')
const RUNS = new RegExp(
  String.raw`(?<unspaced>(?:${UNSPACED}[\u3099\u309a]?)+)|(?:(?!${UNSPACED})[\p{L}\p{N}\p{M}])+|\p{Extended_Pictographic}`,
  'gu',
)

/** Marks over and under letters, but those that make another kana. */
const MARKS = /(?![\u3099\u309a])\p{Mn}/gu
/** Letters that no decomposition brings together. */
const ALIKE: Readonly<Record<string, string>> = {
  ß: 'ss',
  ς: 'σ',
  ø: 'o',
  đ: 'd',
  ł: 'l',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  // Arabic: final forms, Persian letters, and the line that only stretches a word.
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
  ـ: '',
}
const ALIKES = new RegExp(`[${Object.keys(ALIKE).join('')}]`, 'gu')
const ASCII = /^[\0-\x7f]*$/u

/** A longer word is known by its beginning: nobody types more of it, and a pasted key should not fill the index. */
export const MAX_WORD_CHARS = 64

/** The words of a text in their order; of unspaced scripts, pairs of signs that overlap. Any string will do. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const match of text.matchAll(RUNS)) {
    const [run] = match
    if (match.groups?.['unspaced'] === undefined) add(words, run, match.index, match.index + run.length)
    else addPairs(words, run, match.index)
  }
  return words
}

/** One word as the index has it. Case, accents, widths and ligatures are gone. */
export function fold(word: string): string {
  const lower = word.toLowerCase()
  if (ASCII.test(lower)) return lower
  const plain = lower.normalize('NFKD').replace(MARKS, '').normalize('NFC').toLowerCase()
  return plain.replace(ALIKES, (letter) => ALIKE[letter] ?? letter)
}

function add(words: Word[], text: string, start: number, end: number): void {
  const word = fold(text).slice(0, MAX_WORD_CHARS)
  if (word !== '') words.push({ word, start, end })
}

/** The last sign stands alone too, so that each one begins a word. */
function addPairs(words: Word[], run: string, offset: number): void {
  const signs = [...run.matchAll(SIGN)]
  for (const [i, sign] of signs.entries()) {
    const next = signs[i + 1]?.[0] ?? ''
    const start = offset + sign.index
    add(words, sign[0] + next, start, start + sign[0].length + next.length)
  }
}
