import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyReader } from '../src/chat/keys.ts'

const read = (...pieces: string[]) => {
  const reader = new KeyReader()
  return pieces.flatMap((piece) => reader.push(piece)).map((key) => ('name' in key ? key.name : `"${key.text}"`))
}

test('keys as terminals send them, in the forms that there are of each', () => {
  expect(read('\u001b[A', '\u001bOB', '\u001b[1;5C', '\u001b[1;3D', '\u001b[H', '\u001b[4~', '\u001b[5~', '\u001b[6~')).toEqual(
    'up down wordright wordleft home end pageup pagedown'.split(' '),
  )
  expect(read('\r', '\n', '\u001b\r', '\t', '\u001b[Z', '\u007f', '\b', '\u001b[3~', '\u001b', '\u0003', '\u001bOP')).toEqual(
    'enter newline newline tab backtab backspace backspace delete escape ctrl-c f1'.split(' '),
  )
})

test('text, and keys between it', () => {
  expect(read('hé\u001b[Dllo👍\r')).toEqual(['"hé"', 'left', '"llo👍"', 'enter'])
  expect(read('\u001bx')).toEqual(['escape', '"x"'])
  expect(read('\u001b[99;99u\u001b[?1;2ca')).toEqual(['"a"'])
})

test('what is pasted is text, whatever is in it, and no Enter sends it', () => {
  expect(read('a\u001b[200~one\r\ntwo\u0003\u001b[A\u001b[20', '1~b')).toEqual(['"a"', '"one\ntwo\u0003\u001b[A"', '"b"'])
  const [long] = new KeyReader().push(`\u001b[200~${'x'.repeat(1 << 18)}\u001b[201~`)
  expect(long).toEqual({ text: 'x'.repeat(1 << 17) })
})

test('any bytes are read to their end, however they are cut', () => {
  const typed = fc.array(
    fc.constantFrom('a', 'é', '\u001b[A', '\u001b[200~', '\u001b[201~', '\u001bOP', '\r', '\u001b[1;5D', '\u0001', '\u001b\r'),
  )
  fc.assert(
    fc.property(typed, fc.array(fc.nat(12)), (keys, cuts) => {
      const text = keys.join('')
      const pieces: string[] = []
      let from = 0
      // A lone escape at the end of a piece is the key; that is not what is looked at here.
      for (const cut of cuts) {
        const piece = text.slice(from, from + cut)
        if (piece.endsWith('\u001b')) continue
        pieces.push(piece)
        from += piece.length
      }
      const joined = (found: string[]) => found.join('').replaceAll('""', '')
      expect(joined(read(...pieces, text.slice(from)))).toBe(joined(read(text)))
    }),
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => read(text).length <= text.length))
})
