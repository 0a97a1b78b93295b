/** Words are found however they were typed. */
import { describe, expect, test } from 'vitest'
import { fold, MAX_WORD_CHARS, wordsOf } from '../src/search/words.ts'

const words = (text: string): string[] => wordsOf(text).map(({ word }) => word)

test.each([
  ['Straße', 'strasse'],
  ['ÉCOLE', 'ecole'],
  ['e\u0301cole', 'ecole'],
  ['İstanbul', 'istanbul'],
  ['ＦＵＬＬ', 'full'],
  ['ﬁle', 'file'],
  ['Ёлка', 'елка'],
  ['ΣΊΣΥΦΟΣ', 'σισυφοσ'],
  ['Σίσυφος', 'σισυφοσ'],
  ['مُحَمَّد', 'محمد'],
  ['أحمد', 'احمد'],
  ['ﾊﾟｿｺﾝ', 'パソコン'],
  ['パソコン', 'パソコン'],
  ['Việt', 'viet'],
  ['Łódź', 'lodz'],
])('%s is folded to %s', (typed, folded) => {
  expect(fold(typed)).toBe(folded)
})

describe('a text is cut', () => {
  test('at everything that is neither letter nor digit', () => {
    expect(words('Ready? 2 cups, of "tea"_at\u0000noon… don\u2019t!')).toEqual([
      'ready',
      '2',
      'cups',
      'of',
      'tea',
      'at',
      'noon',
      'don',
      't',
    ])
  })

  test('into pairs of signs where scripts have no spaces, and the last one alone', () => {
    expect(words('東京都 rain')).toEqual(['東京', '京都', '都', 'rain'])
    expect(words('ABC株式')).toEqual(['abc', '株式', '式'])
    expect(words('か\u3099く')).toEqual(['がく', 'く'])
    expect(words('안녕하세요')).toEqual(['안녕하세요'])
  })

  test('with every emoji a word', () => {
    expect(words('yes👍👍 ok')).toEqual(['yes', '👍', '👍', 'ok'])
  })

  test('with positions in UTF-16', () => {
    const text = '👍 Ünï-code 東京'
    for (const { start, end, word } of wordsOf(text)) expect(fold(text.slice(start, end))).toBe(word)
    expect(wordsOf(text).at(-1)).toEqual({ word: '京', start: 13, end: 14 })
  })

  test('whatever it is', () => {
    for (const text of ['', '\ud800', '\udc00x\ud83d', '\u0301\u0301', '\u0000\u0007', '.*+?^${}()|[]\\'])
      expect(() => wordsOf(text)).not.toThrow()
    expect(words('\u0301')).toEqual([])
    expect(words('x'.repeat(40_000))).toEqual(['x'.repeat(MAX_WORD_CHARS)])
  })
})
