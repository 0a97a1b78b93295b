import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EDITING, edit, EMPTY, insert, lay, moveRow } from '../src/chat/editor.ts'
import { show, scrolled } from '../src/chat/scroll.ts'
import { width } from '../src/text.ts'

const after = (text: string, ...keys: string[]) => {
  const { text: now, at } = keys.reduce((edited, key) => EDITING[key]?.(edited) ?? insert(edited, key), edit(text))
  return `${now.slice(0, at)}|${now.slice(at)}`
}

test('keys change the text around the cursor, by what people see as one character', () => {
  expect(after('hello', 'left', 'left', 'backspace', 'p')).toBe('hep|lo')
  expect(after('a👨‍👩‍👧e\u0301', 'backspace', 'backspace')).toBe('a|')
  expect(after('a👍🏽b', 'left', 'left', 'delete')).toBe('a|b')
  expect(after('one two  three', 'ctrl-w')).toBe('one two  |')
  expect(after('one two', 'wordleft', 'x')).toBe('one x|two')
  expect(after('one two', 'home', 'wordright', 'wordright', 'wordright')).toBe('one two|')
  expect(after('one\ntwo\nthree', 'home', 'left', 'ctrl-u')).toBe('one\n|\nthree')
  expect(after('one\ntwo', 'ctrl-a', 'ctrl-k')).toBe('one\n|')
  expect(after('', 'backspace', 'delete', 'left', 'right', 'home', 'end', 'ctrl-w')).toBe('|')
  expect(after('\n', 'left', 'home')).toBe('|\n')
})

test('up and down keep to the column, and end where the text does', () => {
  const down = moveRow({ text: 'long line\nno\nlonger line', at: 7 }, 1, 40)
  expect(down).toEqual({ text: 'long line\nno\nlonger line', at: 12 })
  expect(moveRow({ text: 'one', at: 1 }, -1, 40)).toBeUndefined()
  expect(moveRow({ text: 'one', at: 1 }, 1, 40)).toBeUndefined()
  expect(moveRow({ text: 'abcdefgh', at: 1 }, 1, 5)?.at).toBe(5)
})

test('rows fit, the cursor is in one of them, and what the terminal would act on is not', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '日', '👍🏽', '\u001b', '\u202e', '\t', 'e\u0301') })
  fc.assert(
    fc.property(text, fc.integer({ min: 6, max: 30 }), fc.nat(), (text, columns, at) => {
      const laid = lay({ text, at: Math.min(at, text.length) }, columns)
      for (const row of laid.rows) expect(width(row)).toBeLessThan(columns)
      expect(laid.column).toBeLessThan(columns)
      expect(laid.rows[laid.row]).toBeDefined()
      // oxlint-disable-next-line no-control-regex
      expect(laid.rows.join('')).not.toMatch(/[\u0000-\u001f\u202e]/)
    }),
  )
  expect(lay(EMPTY, 10)).toEqual({ rows: [''], row: 0, column: 0 })
  expect(lay(edit('ab\n'), 10)).toEqual({ rows: ['ab', ''], row: 1, column: 0 })
})

test('a view stays where it is while blocks come before it, and follows what is selected', () => {
  const blocks = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      id: String(from + i),
      rows: [[{ text: `${from + i}a`, style: 'plain' as const }], [{ text: `${from + i}b`, style: 'plain' as const }]],
    }))
  const texts = (...shown: Parameters<typeof show>) => show(...shown).rows.map(([span]) => span?.text)
  expect(texts(blocks(5, 10), 3, undefined)).toEqual(['8b', '9a', '9b'])
  const top = scrolled(blocks(5, 10), 3, undefined, -2)
  expect(texts(blocks(5, 10), 3, top)).toEqual(['7b', '8a', '8b'])
  expect(texts(blocks(0, 12), 3, top)).toEqual(['7b', '8a', '8b'])
  expect(texts(blocks(0, 12), 3, top, '3')).toEqual(['3a', '3b', '4a'])
  expect(texts(blocks(0, 12), 1, top, '3')).toEqual(['3b'])
  expect(show(blocks(0, 2), 9, undefined)).toMatchObject({ isAtEnd: true, above: 0, below: 0 })
  expect(scrolled(blocks(0, 9), 3, undefined, -100)).toEqual({ id: '0', row: 0 })
  expect(show([], 3, undefined)).toEqual({ rows: [], top: undefined, isAtEnd: true, above: 0, below: 0 })
})
