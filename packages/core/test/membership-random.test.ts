/** Random histories: the resolver says what the oracle says, in every order of arrival, at once or one by one. */
import { expect, test } from 'vitest'
import { MembershipResolver, opKey as keyOf, resolveMembership } from '../src/membership/index.ts'
import { randomHistory, shuffled } from './support/membership-histories.ts'
import { oracle, plainMembership } from './support/membership-oracle.ts'
import { checks, type World } from './support/membership-world.ts'

const environment = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {}
/** Histories to try, and the first seed: `MEMBERSHIP_HISTORIES=1 MEMBERSHIP_SEED=17` runs a failing one again. */
const COUNT = Number(environment['MEMBERSHIP_HISTORIES'] ?? 10_000)
const SEED = Number(environment['MEMBERSHIP_SEED'] ?? 1)
const BATCHES = 10

function describeFailure(seed: number, how: string, actual: unknown, expected: unknown): string {
  const parts = Object.keys(expected as object).filter(
    (part) => !same((actual as Record<string, unknown>)[part], (expected as Record<string, unknown>)[part]),
  )
  const values = parts.map(
    (part) => `${part}\n  ${text((actual as Record<string, unknown>)[part])}\n  ${text((expected as Record<string, unknown>)[part])}`,
  )
  return `MEMBERSHIP_HISTORIES=1 MEMBERSHIP_SEED=${seed} (${how}) differs: ${values.join('\n')}`
}

const text = (value: unknown): string => JSON.stringify(value)
const same = (a: unknown, b: unknown): boolean => text(a) === text(b)

/** What differs, or undefined. */
function difference(seed: number, { facts }: World): string | undefined {
  const expected = oracle(facts, checks)
  const whole = plainMembership(resolveMembership(facts, checks), facts)
  if (!same(whole, expected)) return describeFailure(seed, 'at once', whole, expected)
  for (const [how, order] of [
    ['in order', facts],
    ['shuffled', shuffled(facts, seed)],
  ] as const) {
    const resolver = new MembershipResolver(checks)
    const stop = seed % (order.length + 1)
    for (const [i, fact] of order.entries()) {
      const membership = resolver.add([fact])
      // At one point on the way too.
      if (i !== stop) continue
      const some = order.slice(0, i + 1)
      const there = plainMembership(membership, some)
      const naive = oracle(some, checks)
      if (!same(there, naive)) return describeFailure(seed, `${how}, after ${i + 1}`, there, naive)
    }
    const result = plainMembership(resolver.add([]), facts)
    if (!same(result, expected)) return describeFailure(seed, how, result, expected)
  }
  return undefined
}

test.each(Array.from({ length: BATCHES }, (_, batch) => batch))(
  'what follows from a random history is the same for the oracle, at once, one by one and in any order (batch %i)',
  (batch) => {
    const failures: string[] = []
    for (let seed = SEED + batch; seed < SEED + COUNT && failures.length < 3; seed += BATCHES) {
      const failure = difference(seed, randomHistory(seed))
      if (failure !== undefined) failures.push(failure)
    }
    expect(failures).toEqual([])
  },
  300_000,
)

test('random histories are not empty talk: most kinds of operation take effect, and fail, often', () => {
  const held = new Map<string, number>()
  const refused = new Map<string, number>()
  let largest = 0
  for (let seed = 1; seed <= 400; seed++) {
    const { facts } = randomHistory(seed)
    const { verdicts, members } = resolveMembership(facts, checks)
    largest = Math.max(largest, members.size)
    for (const { id, payload } of facts) {
      const verdict = verdicts.get(keyOf(id))
      if (verdict === undefined) held.set(payload.op, (held.get(payload.op) ?? 0) + 1)
      else refused.set(verdict, (refused.get(verdict) ?? 0) + 1)
    }
  }
  for (const op of ['grant', 'remove', 'leave', 'device-add', 'device-remove', 'invite', 'admit', 'epoch'])
    expect({ op, count: held.get(op) ?? 0 }).toSatisfy(({ count }: { count: number }) => count > 30)
  for (const verdict of [
    'pending',
    'clock',
    'not counted',
    'no device',
    'no authority',
    'senior target',
    'bad target',
    'concurrent removal',
    'bad invite',
  ])
    expect({ verdict, count: refused.get(verdict) ?? 0 }).toSatisfy(({ count }: { count: number }) => count > 5)
  expect(largest).toBeGreaterThan(5)
})
