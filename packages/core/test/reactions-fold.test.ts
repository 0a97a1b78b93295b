/** Choices fold to the same reactions in every order, within their bounds. */
import { compareBytes, userIdOf } from '@parley/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_CHOICES, MAX_CHOICES_PER_USER, reactionsOf, withChoice, type Choice } from '../src/replica/reactions.ts'

const bytes = (length: number, n: number): Uint8Array =>
  new Uint8Array(length).fill(0).map((_, i) => (i >= length - 4 ? (n >>> (8 * (length - 1 - i))) & 0xff : 0))
const user = (n: number): Uint8Array => bytes(32, n + 1)
const choice = (u: number, emoji: string, on: boolean, order: number): Choice => ({
  user: user(u),
  emoji,
  on,
  order: bytes(24, order),
  log: bytes(16, u),
  seq: order,
})

/** As plainly as it can be said: of each user and emoji the last, of those the newest of each user, of those the newest. */
function naive(choices: readonly Choice[]): Choice[] {
  const last = new Map<string, Choice>()
  const sorted = choices.toSorted((a, b) => compareBytes(a.order, b.order))
  for (const c of sorted) last.set(`${userIdOf(c.user)} ${c.emoji}`, c)
  const newest = [...last.values()].sort((a, b) => compareBytes(a.order, b.order))
  const counts = new Map<string, number>()
  const kept = newest.toReversed().filter((c) => {
    const id = userIdOf(c.user)
    counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts.get(id)! <= MAX_CHOICES_PER_USER
  })
  return kept.slice(0, MAX_CHOICES).reverse()
}

const fold = (choices: readonly Choice[]): readonly Choice[] =>
  choices.reduce<readonly Choice[]>((state, c) => withChoice(state, c).choices, [])

test('the same choices give the same reactions, whatever the order of arrival', () => {
  const said = fc.record({ u: fc.nat(2), emoji: fc.nat(45), on: fc.boolean() })
  fc.assert(
    fc.property(fc.array(said, { maxLength: 150 }), fc.infiniteStream(fc.nat()), (list, random) => {
      const choices = list.map(({ u, emoji, on }, i) => choice(u, `${emoji}`, on, i + 1))
      const shuffled = choices
        .map((c) => ({ c, at: random.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ c }) => c)
      expect(fold(shuffled)).toEqual(naive(choices))
      // Folding some of it again changes nothing.
      expect(fold([...shuffled, ...shuffled.slice(0, 20)])).toEqual(naive(choices))
    }),
    { numRuns: 60, seed: 1 },
  )
})

test('what is spent is named once, so that it can be purged', () => {
  const first = choice(1, 'a', true, 1)
  const second = choice(1, 'a', false, 2)
  expect(withChoice([first], second)).toEqual({ choices: [second], spent: [first] })
  expect(withChoice([second], first)).toEqual({ choices: [second], spent: [first] })
  expect(withChoice([second], second)).toEqual({ choices: [second], spent: [] })
})

test('a row holds a bounded number of choices, the newest', () => {
  const all = Array.from({ length: MAX_CHOICES + 40 }, (_, i) => choice(i, 'a', true, i + 1))
  expect(fold(all)).toEqual(all.slice(40))
  const one = Array.from({ length: MAX_CHOICES_PER_USER + 3 }, (_, i) => choice(0, `${i}`, true, i + 1))
  expect(fold(one.toReversed())).toEqual(one.slice(3))
})

test('at most 16 of one user and 64 in all are shown', () => {
  const mine = Array.from({ length: 20 }, (_, i) => choice(0, `${i}`, true, i + 1))
  expect(reactionsOf(fold(mine)).map(({ emoji }) => emoji)).toEqual(mine.slice(4).map(({ emoji }) => emoji))
  const many = Array.from({ length: 70 }, (_, i) => choice(i, `${i}`, true, i + 1))
  expect(reactionsOf(fold(many))).toHaveLength(64)
  expect(reactionsOf(fold(many)).at(-1)!.emoji).toBe('63')
})
