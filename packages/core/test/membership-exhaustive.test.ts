/**
 * Everything that three admins can do to one another in up to five operations, knowing or not knowing of one another: no divergence, nobody
 * removed by somebody they removed, and the founder stays until leaving.
 */
import { ROLES, userIdBytes, type UserId } from '@parley/protocol'
import { expect, test } from 'vitest'
import { MembershipResolver, opKey, resolveMembership, type Membership, type MembershipFact } from '../src/membership/index.ts'
import { oracle, plainMembership } from './support/membership-oracle.ts'
import { shuffled } from './support/membership-histories.ts'
import { checks, World, type Actor } from './support/membership-world.ts'

/** One step: who acts, what they do to whom, and whom they have heard before. */
interface Step {
  readonly by: number
  readonly act: 'remove' | 'demote' | 'promote' | 'leave'
  readonly on: number
  /** Bit i: heard everything that person i knew. */
  readonly heard: number
}

const ADMINS = 3
type Act = Omit<Step, 'heard'>

/** What can be done: three kinds to each of two others, or leaving. */
const ACTS: readonly Act[] = [0, 1, 2].flatMap((by) => [
  ...[0, 1, 2].filter((on) => on !== by).flatMap((on) => (['remove', 'demote', 'promote'] as const).map((act) => ({ by, act, on }))),
  { by, act: 'leave' as const, on: by },
])

/** The founder made both others admins, one after the other, and everybody knows. */
function start(): { world: World; people: Actor[] } {
  const world = new World()
  const people = [0, 1, 2].map((user) => world.actor(user, 0))
  const [founder, second, third] = people as [Actor, Actor, Actor]
  world.genesis(founder)
  world.grant(founder, second.user, 'admin', [second])
  world.grant(founder, third.user, 'admin', [third])
  world.tellAll()
  return { world, people }
}

function play(steps: readonly Step[]): { world: World; people: Actor[] } {
  const made = start()
  for (const step of steps) perform(made, step)
  return made
}

function perform({ world, people }: { world: World; people: Actor[] }, { by, act, on, heard }: Step): void {
  const actor = people[by] as Actor
  const user = (people[on] as Actor).user
  for (let other = 0; other < ADMINS; other++) if ((heard >> other) & 1) world.tell(people[other] as Actor, actor)
  if (act === 'leave') world.leave(actor)
  else if (act === 'remove') world.act(actor, (after) => ({ op: 'remove', user: userIdBytes(user), pins: [], after }))
  else world.grant(actor, user, act === 'demote' ? 'writer' : 'admin')
}

/** What must hold whatever was done. */
function assertSound(membership: Membership, facts: readonly MembershipFact[], founder: UserId): string | undefined {
  const hasLeft = facts.some((f) => f.payload.op === 'leave' && f.device === facts[0]?.device)
  if (!hasLeft && membership.members.get(founder)?.role !== 'founder') return 'the founder was ousted'
  const removals = new Map<UserId, Set<UserId>>()
  const userOf = new Map([...membership.devices].map(([device, { user }]) => [device, user]))
  for (const { id, payload, device } of facts)
    if (payload.op === 'remove' && !membership.verdicts.has(opKey(id))) {
      const by = userOf.get(device) as UserId
      const target = [...userOf.values()].find((user) => equal(userIdBytes(user), payload.user)) as UserId
      removals.set(by, (removals.get(by) ?? new Set()).add(target))
    }
  // Who was made an admin anew may turn on those who removed them before; without that, a circle would be a duel that nobody won.
  const isRenewed = facts
    .slice(ADMINS)
    .some((f) => f.payload.op === 'grant' && f.payload.role === ROLES.admin && !membership.verdicts.has(opKey(f.id)))
  if (isRenewed) return undefined
  // Circles among removals would need at least two people who each reach the other.
  for (const by of removals.keys()) {
    const reached = new Set<UserId>()
    const open = [by]
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const target of removals.get(next) ?? [])
        if (!reached.has(target)) {
          reached.add(target)
          open.push(target)
        }
    if (reached.has(by)) return 'a circle of removals'
  }
  return undefined
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i])

/** Two orders for histories that are too many for all: backwards, and one drawn by the history's number. */
function arrivals(facts: readonly MembershipFact[], seed: number): MembershipFact[][] {
  return [facts.toReversed(), shuffled(facts, seed)]
}

/** Every order. */
function permutations<T>(list: readonly T[]): T[][] {
  return list.length === 0 ? [[]] : list.flatMap((item, i) => permutations(list.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

/**
 * Walks all histories of `depth` operations that people can bring about with a client that refuses what has no effect in their own eyes.
 * Hearing somebody who has nothing new is the same as not hearing them. `acts` is the alphabet. Pruned, of two neighbouring steps that do not
 * know of each other only one order is taken: that of the people.
 */
function walk(depth: number, acts: readonly Act[], isPruned: boolean, visit: (steps: readonly Step[]) => void): number {
  let count = 0
  const go = (steps: Step[]): void => {
    if (steps.length === depth) {
      count++
      visit(steps)
      return
    }
    const { people } = play(steps)
    for (let by = 0; by < ADMINS; by++)
      for (let heard = 0; heard < 1 << ADMINS; heard++) {
        if (!isNews(people, by, heard)) continue
        const last = steps.at(-1)
        if (isPruned && last !== undefined && by < last.by && ((heard >> last.by) & 1) === 0) continue
        const view = new Set([by, 0, 1, 2].filter((i) => i === by || (heard >> i) & 1).flatMap((i) => [...(people[i] as Actor).known]))
        const membership = resolveMembership(view, checks)
        for (const act of acts) if (act.by === by && makesSense(membership, people, act)) go([...steps, { ...act, heard }])
      }
  }
  go([])
  return count
}

/** Whether the client of that person would offer it. */
function makesSense({ members }: Membership, people: readonly Actor[], { by, act, on }: Act): boolean {
  const [me, them] = [members.get((people[by] as Actor).user)?.role, members.get((people[on] as Actor).user)?.role]
  if (act === 'leave') return me !== undefined
  if (me !== 'admin' && me !== 'founder') return false
  if (act === 'promote') return them !== 'admin' && them !== 'founder'
  // Everybody else is junior to the founder, and the third to the second as long as nobody was made admin anew: the rest says the resolver.
  return them !== undefined && them !== 'founder' && (act === 'remove' || them === 'admin')
}

/** Each one heard has something new, also beside the others heard. */
function isNews(people: readonly Actor[], by: number, heard: number): boolean {
  if ((heard >> by) & 1) return false
  const knows = (i: number): ReadonlySet<MembershipFact> => (people[i] as Actor).known
  for (let other = 0; other < ADMINS; other++) {
    if (!((heard >> other) & 1)) continue
    const sources = [by, ...[0, 1, 2].filter((i) => i !== other && (heard >> i) & 1)]
    if ([...knows(other)].every((fact) => sources.some((i) => knows(i).has(fact)))) return false
  }
  return true
}

function check(steps: readonly Step[], everyOrder: boolean, number = 0): string | undefined {
  const { world, people } = play(steps)
  const { facts } = world
  const whole = resolveMembership(facts, checks)
  const expected = JSON.stringify(plainMembership(whole, facts))
  const fail = (what: string): string => `${what}: ${JSON.stringify(steps)}`
  const unsound = assertSound(whole, facts, (people[0] as Actor).user)
  if (unsound !== undefined) return fail(unsound)
  if (JSON.stringify(oracle(facts, checks)) !== expected) return fail('the oracle says otherwise')
  for (const order of everyOrder
    ? permutations(facts.slice(ADMINS)).map((rest) => [...facts.slice(0, ADMINS), ...rest])
    : arrivals(facts, number)) {
    const resolver = new MembershipResolver(checks)
    for (const fact of order) resolver.add([fact])
    if (JSON.stringify(plainMembership(resolver.add([]), facts)) !== expected) return fail('another order of arrival gives another result')
  }
  return undefined
}

function run(depth: number, acts: readonly Act[], isPruned: boolean, visit: (steps: readonly Step[]) => string | undefined): number {
  const failures: string[] = []
  const count = walk(depth, acts, isPruned, (steps) => {
    const failure = failures.length < 3 ? visit(steps) : undefined
    if (failure !== undefined) failures.push(failure)
  })
  expect(failures).toEqual([])
  return count
}

test.each([
  [1, 11],
  [2, 165],
  [3, 2_810],
])(
  'all histories of %i operations by three admins, in every order of arrival, against the oracle: %i of them',
  (depth, expected) => {
    expect(run(depth, ACTS, false, (steps) => check(steps, true))).toBe(expected)
  },
  600_000,
)

test.each([
  ['4 operations of every kind', 4, ACTS, 16_952],
  ['5 removals and demotions', 5, ACTS.filter(({ act }) => act === 'remove' || act === 'demote'), 10_649],
  ['5 removals and leaves', 5, ACTS.filter(({ act }) => act === 'remove' || act === 'leave'), 2_403],
] as const)(
  'all histories of %s by three admins, forwards, backwards and mixed, against the oracle',
  (_name, depth, acts, expected) => {
    let number = 0
    expect(run(depth, acts, true, (steps) => check(steps, false, ++number))).toBe(expected)
  },
  600_000,
)
