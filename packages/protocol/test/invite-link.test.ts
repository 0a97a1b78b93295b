import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCbor, encodeInviteLink, parseInviteLink, toBase64Url } from '../src/index.ts'
import { cases, conversation, hash } from './support/fixtures.ts'
import { arbitraryInviteLink } from './support/structures.ts'

const link = { conversation, seed: hash(conversation), hints: ['wss://meet.example/signal', '/ip4/192.0.2.7/tcp/4001'] }

test('a link comes back, whatever page it is on', () => {
  fc.assert(
    fc.property(
      arbitraryInviteLink(),
      fc.constantFrom('https://chat.example/', 'https://chat.example/#old', 'parley://join', ''),
      (link, base) => {
        expect(parseInviteLink(encodeInviteLink(base, link))).toEqual(link)
      },
    ),
    cases(200),
  )
})

test('the page loses its own fragment, white space around the link does not matter', () => {
  const text = encodeInviteLink('https://chat.example/app?x=1#/settings', link)
  expect(text).toMatch(/^https:\/\/chat\.example\/app\?x=1#[A-Za-z0-9_-]+$/)
  expect(parseInviteLink(`\n  ${text} \t`)).toEqual(link)
  expect(encodeInviteLink('', { ...link, hints: [] }).length).toBeLessThan(100)
})

test('a link that is none is said in plain words', () => {
  const good = encodeInviteLink('https://chat.example/', link)
  const fragment = (value: Parameters<typeof encodeCbor>[0]): string => `#${toBase64Url(encodeCbor(value))}`
  const bad = [
    '',
    '#',
    'https://chat.example/',
    good.slice(0, -3),
    `${good}A`,
    good.replace('#', '#!'),
    good.replace('#', '?'),
    `#${'A'.repeat(5_000)}`,
    fragment([1, conversation, link.seed]),
    fragment([1, conversation, link.seed, [], 0]),
    fragment([1, conversation, link.seed.slice(1), []]),
    fragment([1, conversation, link.seed, ['']]),
    fragment([1, conversation, link.seed, [7]]),
    fragment([1, conversation, link.seed, Array.from({ length: 9 }, () => 'x')]),
    fragment([1, conversation, link.seed, ['x'.repeat(257)]]),
    fragment(1),
  ]
  for (const text of bad) {
    expect(() => parseInviteLink(text)).toThrow(
      expect.objectContaining({ code: 'InviteInvalid', message: expect.stringMatching(/not an invite link/) as string }),
    )
  }
  expect(() => parseInviteLink(fragment([2, 'whatever']))).toThrow(/newer version/)
})

test('no link is made from what would not be read', () => {
  const invalid = expect.objectContaining({ code: 'InvalidArgument' })
  for (const change of [
    { seed: new Uint8Array(31) },
    { conversation: new Uint8Array(33) },
    { hints: [''] },
    { hints: ['x'.repeat(257)] },
  ]) {
    expect(() => encodeInviteLink('', { ...link, ...change })).toThrow(invalid)
  }
  expect(() => encodeInviteLink('', { ...link, hints: Array.from({ length: 9 }, () => 'x') })).toThrow(invalid)
})
