import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addMetadata, parseCount, parseDuration, parseWait } from '../src/values.ts'

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
    ['0', 0],
    ['0s', 0],
    [' 30s ', 30_000],
  ])('%s', (text, ms) => expect(parseDuration(text)).toBe(ms))

  test.each(['', '30', 's', '-5s', '5 s', '1e3s', '5y', '30sec', '0x10s', '99999d', '١s', `${'9'.repeat(400)}s`])(
    '%s is refused',
    (text) => {
      expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    },
  )

  test('a wait is never longer than a timer can run', () => {
    expect(parseWait('60d')).toBe(2 ** 31 - 1)
  })
})

test('counts are whole numbers from 1', () => {
  expect(parseCount('25')).toBe(25)
  for (const text of ['0', '-1', '1.5', '1e3', '', 'x', '9'.repeat(20)]) expect(() => parseCount(text)).toThrow('whole number')
})

describe('metadata', () => {
  const value = (text: string) => addMetadata(`k=${text}`, undefined)['k']

  test('numbers, truth values and null as JSON writes them, text otherwise', () => {
    expect(['v', '5', '-2.5', 'true', 'false', 'null', '', '"5"', '"true"', 'a=b'].map(value)).toEqual([
      'v',
      5,
      -2.5,
      true,
      false,
      null,
      '',
      '5',
      'true',
      'a=b',
    ])
  })

  test('what a number would not give back stays text', () => {
    const texts = ['007', '1e999', '12345678901234567890', '+49', '1.0', ' 5', 'Infinity', 'NaN', '"', '"a"b"']
    expect(texts.map(value)).toEqual(texts)
  })

  test('every text can be said in double quotes', () => {
    fc.assert(fc.property(fc.string(), (text) => value(JSON.stringify(text)) === text))
  })

  test('several, and none without a key', () => {
    expect(addMetadata('b=2', addMetadata('a=1', undefined))).toEqual({ a: 1, b: 2 })
    expect(() => addMetadata('novalue', undefined)).toThrow('key=value')
    expect(() => addMetadata('=v', undefined)).toThrow('key=value')
  })
})
