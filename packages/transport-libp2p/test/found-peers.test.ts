/** Many peers that hear of each other: whom they dial, whom they let go, and that the group hangs together whatever happens. No network: links are pairs. */
import { createManualClock, seededRandom, silentLogger, type ManualClock } from '@parley/testing'
import { beforeEach, expect, test } from 'vitest'
import { FoundPeers } from '../src/found-peers.ts'

const PLACE = 'a-room'
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

interface Member {
  readonly index: number
  readonly id: string
  readonly address: string
  readonly found: FoundPeers
}

let clock: ManualClock
let members: Member[]
/** `dialler target`. */
let links: Set<string>
/** Links made, and let go as too many. */
let [dialled, closed] = [0, 0]

beforeEach(() => {
  ;[dialled, closed] = [0, 0]
  clock = createManualClock()
  members = []
  links = new Set()
})

const isThere = (id: string): boolean => members.some((member) => member.id === id)
const hasLink = (a: string, b: string): boolean => links.has(`${a} ${b}`) || links.has(`${b} ${a}`)

function lose(a: string, b: string): void {
  links.delete(`${a} ${b}`)
  for (const [one, other] of [
    [a, b],
    [b, a],
  ])
    members.find(({ id }) => id === one)?.found.lost(other!, 60_000)
}

function join(index: number): Member {
  const id = `12D3KooW${Array.from({ length: 44 }, (_, at) => ALPHABET[(index * 7 + at * (index + 3)) % ALPHABET.length]).join('')}`
  const host = { clock, random: seededRandom(index), logger: silentLogger(), onChannel: () => undefined }
  const found = new FoundPeers({
    host,
    self: () => id,
    reach: () => 'directly',
    has: (other) => hasLink(id, other),
    dial: async ({ peerId }) => {
      if (!isThere(peerId!)) throw new Error('nobody there')
      const link = `${id} ${peerId}`
      if (!links.has(link)) dialled++
      links.add(link)
    },
    close: (other) => {
      if (!links.has(`${id} ${other}`)) return
      closed++
      lose(id, other)
    },
  })
  const member = { index, id, address: `/ip4/192.0.2.1/tcp/${index + 1}/p2p/${id}`, found }
  members.push(member)
  return member
}

/** Everybody says where they are, and everybody hears it. */
function announceAll(): void {
  for (const speaker of members) for (const hearer of members) hearer.found.found(PLACE, [speaker.address])
}

async function pass(minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    announceAll()
    await clock.advance(60_000)
  }
}

const degrees = (): number[] => members.map(({ id }) => members.filter((other) => hasLink(id, other.id)).length)

/** How many a member reaches over links, itself included. */
function reached(from: Member): number {
  const seen = new Set([from.id])
  for (const id of seen) for (const other of members) if (hasLink(id, other.id)) seen.add(other.id)
  return seen.size
}

function leave(count: number, from = 0): void {
  for (const { id, found } of members.splice(from, count)) {
    found.stop()
    for (const other of members)
      if (hasLink(id, other.id)) lose(...(links.has(`${id} ${other.id}`) ? ([id, other.id] as const) : ([other.id, id] as const)))
  }
}

test('who come one after the other have 4 to 8 links each a minute later, and hang together', async () => {
  for (let index = 0; index < 30; index++) {
    const member = join(index)
    for (const other of members) {
      other.found.found(PLACE, [member.address])
      member.found.found(PLACE, [other.address])
    }
    await clock.advance(200)
  }
  expect(Math.max(...degrees())).toBeGreaterThan(12)
  await pass(2)
  expect(Math.min(...degrees())).toBeGreaterThanOrEqual(4)
  expect(Math.max(...degrees())).toBeLessThanOrEqual(8)
  expect(reached(members[0]!)).toBe(30)
})

test('when most are gone at once the others hang together within seconds, though what was announced of the gone still holds', async () => {
  for (let index = 0; index < 30; index++) join(index)
  await pass(2)
  leave(22)
  await clock.advance(20_000)
  expect(reached(members[0]!)).toBe(8)
  await pass(15)
  expect(reached(members[0]!)).toBe(8)
})

test('without any more announcements, with no server that is, the links stay and lost ones come back', async () => {
  for (let index = 0; index < 20; index++) join(index)
  await pass(2)
  const before = links.size
  await clock.advance(9 * 60_000)
  expect(links.size).toBe(before)
  for (const pair of [...links]) lose(...(pair.split(' ') as [string, string]))
  await clock.advance(60_000)
  expect(reached(members[0]!)).toBe(20)
  // Beyond the time for which announcements hold nobody is dialled, and nobody is let go.
  await clock.advance(30 * 60_000)
  expect(reached(members[0]!)).toBe(20)
})

test.each([1, 2])(
  '30 that come and go (seed %i): they hang together half a minute later each time, and at rest nothing moves',
  async (seed) => {
    const random = seededRandom(seed)
    for (let index = 0; index < 30; index++) join(index)
    await pass(2)
    const away: number[] = []
    for (let round = 0; round < 8; round++) {
      for (let i = random.integer(10); i > 0; i--) {
        const at = random.integer(members.length)
        away.push(members[at]!.index)
        leave(1, at)
      }
      for (let i = random.integer(10); i > 0 && away.length > 0; i--) join(away.splice(random.integer(away.length), 1)[0]!)
      // Who comes asks, and all answer; who has gone is still believed to be there.
      announceAll()
      await clock.advance(30_000)
      expect(reached(members[0]!)).toBe(members.length)
      await clock.advance(random.integer(60_000))
    }
    // Until nobody believes any more that they are there who are not.
    for (let i = 0; i < 4; i++) await rest()
    expect(reached(members[0]!)).toBe(members.length)
    expect(Math.min(...degrees())).toBeGreaterThanOrEqual(4)
    expect(Math.max(...degrees())).toBeLessThanOrEqual(8)
    const before = [dialled, closed]
    await rest()
    await rest()
    expect([dialled, closed]).toEqual(before)
  },
)

/** Five minutes of being there, said once. */
async function rest(): Promise<void> {
  announceAll()
  await clock.advance(5 * 60_000)
}
