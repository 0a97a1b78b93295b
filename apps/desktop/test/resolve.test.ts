import { expect, test } from 'vitest'
import { findConversation } from '../src/resolve.ts'
import { fakeParley } from './fake-engine.ts'

const parley = fakeParley(
  ['abcd1111', 'Hike'],
  ['abcd2222', 'hike'],
  ['efgh3333', 'Dinner'],
  ['ijkl4444', 'Dinner'],
  ['mnop5555', 'Große Runde'],
  ['qrst6666', 'efgh'],
)
const found = (wanted: string) => findConversation(parley, wanted).getId()

test('by id, by a prefix that only one has, by title', () => {
  expect(found('abcd2222')).toBe('abcd2222')
  expect(found('abcd2')).toBe('abcd2222')
  expect(found('ABCD2')).toBe('abcd2222')
  expect(found('mnop')).toBe('mnop5555')
  expect(found('Hike')).toBe('abcd1111')
  expect(found('hike')).toBe('abcd2222')
  expect(found('große runde')).toBe('mnop5555')
})

test('what means several is refused, and they are named', () => {
  expect(() => found('Dinner')).toThrow(/efgh3333 \(Dinner\), ijkl4444 \(Dinner\)/)
  expect(() => found('abcd')).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
  expect(() => found('HIKE')).toThrow('several')
  expect(() => found('efgh')).toThrow('several')
})

test('what means none is refused; short prefixes and nothing at all mean none', () => {
  for (const wanted of ['lunch', 'mno', '', 'abcd11112']) expect(() => found(wanted)).toThrow(expect.objectContaining({ code: 'NotFound' }))
})
