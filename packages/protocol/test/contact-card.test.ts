import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import contactCards from '../../../test/vectors/contact-cards.json' with { type: 'json' }
import deviceLinks from '../../../test/vectors/device-links.json' with { type: 'json' }
import {
  contactCardMessage,
  decodeCbor,
  encodeCbor,
  encodeContactCard,
  encodeDeviceLink,
  equalBytes,
  parseContactCard,
  parseDeviceLink,
  ParleyError,
  toBase64Url,
  utf8,
  type ContactCard,
  type DeviceLink,
} from '../src/index.ts'
import { cases, hash, hostile } from './support/fixtures.ts'

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
const text = (maxBytes: number, minLength = 0): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', minLength, maxLength: 64 }).filter((value) => utf8(value).length <= maxBytes)
const hints = fc.array(text(256, 1), { maxLength: 4 })
const card: fc.Arbitrary<ContactCard> = fc
  .record({
    user: bytes(32),
    certs: fc.array(fc.uint8Array({ minLength: 1, maxLength: 512 }), { minLength: 1, maxLength: 8 }),
    signer: fc.nat({ max: 7 }),
    name: text(256),
    secret: bytes(16),
    hints,
    signature: bytes(64),
  })
  .map((fields) => ({ ...fields, signer: fields.signer % fields.certs.length }))
const link: fc.Arbitrary<DeviceLink> = fc.record({ seed: bytes(32), user8: bytes(8), hints })

const KINDS = [
  { name: 'contact card', prefix: 'parley-card:', code: 'CardInvalid', parse: parseContactCard, encode: encodeContactCard, value: card },
  {
    name: 'device link code',
    prefix: 'parley-link:',
    code: 'LinkCodeInvalid',
    parse: parseDeviceLink,
    encode: encodeDeviceLink,
    value: link,
  },
] as const

describe.each(KINDS)('a $name', ({ prefix, code, parse, encode, value }) => {
  const write = encode as (value: ContactCard | DeviceLink) => string
  const texts = (value as fc.Arbitrary<ContactCard | DeviceLink>).map(write)

  test('comes back, white space around it or not', () => {
    fc.assert(
      fc.property(value as fc.Arbitrary<ContactCard | DeviceLink>, fc.constantFrom('', ' ', '\n\t'), (one, space) => {
        expect(parse(space + write(one) + space)).toEqual(one)
      }),
      cases(150),
    )
  })

  test('of hostile bytes is read as the same bytes, or refused with the one code', () => {
    const valid = texts.map((one) =>
      Uint8Array.from(atob(one.slice(prefix.length).replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)),
    )
    fc.assert(
      fc.property(hostile(valid), (mutant) => {
        const offered = prefix + toBase64Url(mutant)
        try {
          expect(write(parse(offered))).toBe(offered)
        } catch (error) {
          expect(error).toBeInstanceOf(ParleyError)
          expect((error as ParleyError).code).toBe(code)
        }
      }),
      cases(1_500),
    )
  })

  test('is never any text', () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 200 }).map((rest) => prefix + rest),
    )
    fc.assert(
      fc.property(any, (offered) => {
        expect(() => parse(offered)).toThrow(expect.objectContaining({ code }) as Error)
      }),
      cases(300),
    )
  })

  test('that is longer than any can be is refused before it is decoded', () => {
    for (const length of [8_000, 3_000_000]) {
      expect(() => parse(prefix + 'A'.repeat(length))).toThrow(expect.objectContaining({ code }) as Error)
      expect(() => parse(' '.repeat(length))).toThrow(expect.objectContaining({ code }) as Error)
    }
  })

  test('of a newer version says so', () => {
    expect(() => parse(prefix + toBase64Url(encodeCbor([2, 'whatever'])))).toThrow(/newer version/)
  })
})

test('everything at its limit is still read', () => {
  const fullest: ContactCard = {
    user: hash(utf8('user')),
    certs: Array.from({ length: 8 }, (_, i) => new Uint8Array(512).fill(i)),
    signer: 7,
    name: 'x'.repeat(256),
    secret: new Uint8Array(16),
    hints: Array.from({ length: 4 }, () => 'y'.repeat(256)),
    signature: new Uint8Array(64),
  }
  expect(parseContactCard(encodeContactCard(fullest))).toEqual(fullest)
  const link = { seed: new Uint8Array(32), user8: new Uint8Array(8), hints: fullest.hints }
  expect(parseDeviceLink(encodeDeviceLink(link))).toEqual(link)
  expect([encodeContactCard(fullest).length, encodeDeviceLink(link).length]).toEqual([7_395, 1_455])
  expect(encodeDeviceLink({ ...link, hints: [] })).toHaveLength(74)
})

test('nothing is written that would not be read', () => {
  const good = parseContactCard(contactCards.vectors.cards[0]!.text)
  const invalid = expect.objectContaining({ code: 'InvalidArgument' }) as Error
  const changes: Partial<ContactCard>[] = [
    { user: good.user.slice(1) },
    { certs: [] },
    { certs: [new Uint8Array(0)] },
    { certs: [new Uint8Array(513)] },
    { certs: Array.from({ length: 9 }, () => new Uint8Array(9)) },
    { signer: 1 },
    { signer: -1 },
    { signer: 0.5 },
    { name: 'x'.repeat(257) },
    { name: 'ü'.repeat(129) },
    { secret: good.secret.slice(1) },
    { hints: [''] },
    { hints: ['x'.repeat(257)] },
    { hints: ['a', 'b', 'c', 'd', 'e'] },
  ]
  for (const change of changes) {
    expect(() => encodeContactCard({ ...good, ...change })).toThrow(invalid)
    expect(() => contactCardMessage({ ...good, ...change })).toThrow(invalid)
  }
  expect(() => encodeContactCard({ ...good, signature: new Uint8Array(63) })).toThrow(invalid)
  const link = { seed: new Uint8Array(32), user8: new Uint8Array(8), hints: [] }
  for (const change of [{ seed: new Uint8Array(31) }, { user8: new Uint8Array(9) }, { hints: [''] }, { hints: ['a', 'b', 'c', 'd', 'e'] }])
    expect(() => encodeDeviceLink({ ...link, ...change })).toThrow(invalid)
})

test('what is signed covers everything but the signature', () => {
  const good = parseContactCard(contactCards.vectors.cards[1]!.text)
  const message = contactCardMessage(good)
  expect(equalBytes(message.subarray(0, 13), utf8('parley/1/card'))).toBe(true)
  expect(decodeCbor(message.subarray(13))).toEqual([1, good.user, good.certs, good.signer, good.name, good.secret, good.hints])
})

describe('vectors', () => {
  test.each(contactCards.vectors.cards)('card: $name', ({ text: recorded, value }) => {
    const read = parseContactCard(recorded)
    expect([read.name, read.signer, read.hints]).toEqual([value.name, value.signer, value.hints])
    expect(encodeContactCard(read)).toBe(recorded)
  })
  test.each(contactCards.vectors.refused)('no card: $name', ({ text: recorded }) => {
    expect(() => parseContactCard(recorded)).toThrow(expect.objectContaining({ code: 'CardInvalid' }) as Error)
  })
  test.each(deviceLinks.vectors.links)('link: $text', ({ text: recorded, value }) => {
    const read = parseDeviceLink(recorded)
    expect(read.hints).toEqual(value.hints)
    expect(encodeDeviceLink(read)).toBe(recorded)
  })
  test.each(deviceLinks.vectors.refused)('no link: $name', ({ text: recorded }) => {
    expect(() => parseDeviceLink(recorded)).toThrow(expect.objectContaining({ code: 'LinkCodeInvalid' }) as Error)
  })
})
