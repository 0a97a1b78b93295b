import { describe, expect, test } from 'vitest'
import { SHORT_CODE_DIGITS, ShortCodeExchange } from '../src/index.ts'
import { bytesOf, flipBit } from './bytes.ts'

const transcript = bytesOf('transcript', 32)
const endOf = (side: 0 | 1, name: string, over = transcript): ShortCodeExchange =>
  new ShortCodeExchange({ transcript: over, side, nonce: bytesOf(name, 32) })
const refused = expect.objectContaining({ name: 'Reject', code: 'BadProof' }) as Error

/** The codes that two ends show after an undisturbed exchange. */
function codesOf(one: ShortCodeExchange, other: ShortCodeExchange): [string, string] {
  const revealed = other.reveal(one.commitment)
  const nonce = one.reveal(other.commitment)
  return [one.finish(revealed), other.finish(nonce)]
}

describe('short codes', () => {
  test('are six digits, the same at both ends', () => {
    const [one, other] = codesOf(endOf(0, 'phone'), endOf(1, 'laptop'))
    expect(one).toMatch(/^[0-9]{6}$/)
    expect(one).toHaveLength(SHORT_CODE_DIGITS)
    expect(other).toBe(one)
  })

  test('differ with the transcript, the nonces and the sides', () => {
    const codes = [
      codesOf(endOf(0, 'a'), endOf(1, 'b')),
      codesOf(endOf(0, 'b'), endOf(1, 'a')),
      codesOf(endOf(0, 'a'), endOf(1, 'c')),
      codesOf(endOf(0, 'a', bytesOf('other', 32)), endOf(1, 'b', bytesOf('other', 32))),
    ].map(([code]) => code)
    expect(new Set(codes).size).toBe(4)
  })

  test('somebody in the middle is seen: the codes of two links differ', () => {
    const [left, right] = [bytesOf('left link', 32), bytesOf('right link', 32)]
    const [phone] = codesOf(endOf(0, 'phone', left), endOf(1, 'mallory', left))
    const [, laptop] = codesOf(endOf(0, 'mallory', right), endOf(1, 'laptop', right))
    expect(phone).not.toBe(laptop)
  })

  test('a nonce chosen after the other was seen is refused, so there is nothing to try', () => {
    const phone = endOf(0, 'phone')
    phone.reveal(endOf(1, 'first').commitment)
    expect(() => phone.finish(bytesOf('second', 32))).toThrow(refused)
    // One try: the right nonce comes too late.
    expect(() => phone.finish(bytesOf('first', 32))).toThrow(refused)
  })

  test('our own commitment and nonce sent back are refused', () => {
    const phone = endOf(0, 'phone')
    expect(() => phone.reveal(phone.commitment)).toThrow(refused)
    const mirrored = endOf(0, 'phone')
    mirrored.reveal(endOf(1, 'laptop').commitment)
    expect(() => mirrored.finish(bytesOf('phone', 32))).toThrow(refused)
    // An end that says the same side is not the other end.
    const same = endOf(0, 'laptop')
    const phoneAgain = endOf(0, 'phone')
    phoneAgain.reveal(same.commitment)
    expect(() => phoneAgain.finish(bytesOf('laptop', 32))).toThrow(refused)
  })

  test('nothing is shown before a commitment, and nothing twice', () => {
    const [phone, laptop] = [endOf(0, 'phone'), endOf(1, 'laptop')]
    expect(() => phone.finish(bytesOf('laptop', 32))).toThrow(refused)
    const fresh = endOf(0, 'phone')
    fresh.reveal(laptop.commitment)
    expect(() => fresh.reveal(endOf(1, 'another').commitment)).toThrow(refused)
    expect(fresh.finish(bytesOf('laptop', 32))).toMatch(/^[0-9]{6}$/)
    expect(() => fresh.finish(bytesOf('laptop', 32))).toThrow(refused)
  })

  test('commitments and nonces of other lengths or with a changed bit are refused', () => {
    for (const length of [0, 31, 33]) {
      expect(() => endOf(0, 'phone').reveal(bytesOf('short', length))).toThrow(refused)
      const phone = endOf(0, 'phone')
      phone.reveal(endOf(1, 'laptop').commitment)
      expect(() => phone.finish(bytesOf('laptop', length))).toThrow(refused)
      expect(() => new ShortCodeExchange({ transcript, side: 0, nonce: bytesOf('nonce', length) })).toThrow(/32 bytes/)
      expect(() => new ShortCodeExchange({ transcript: bytesOf('t', length), side: 0, nonce: bytesOf('nonce', 32) })).toThrow(/32 bytes/)
    }
    for (let bit = 0; bit < 256; bit += 7) {
      const phone = endOf(0, 'phone')
      phone.reveal(flipBit(endOf(1, 'laptop').commitment, bit))
      expect(() => phone.finish(bytesOf('laptop', 32))).toThrow(refused)
    }
  })

  test('codes spread over all digits', () => {
    const codes = Array.from({ length: 2_000 }, (_, i) => codesOf(endOf(0, `a${i}`), endOf(1, `b${i}`))[0])
    const first = new Set(codes.map((code) => code[0]))
    expect(first.size).toBe(10)
    expect(new Set(codes).size).toBeGreaterThan(1_990)
  })
})
