/** What a sign of life costs in a large conversation: packets on the wire, counted, with everybody linked to everybody. */
import { createEngine, type Conversation, type Parley } from '@parley/core'
import { nodeProvider } from '@parley/crypto/node'
import {
  createManualClock,
  createMemoryNetwork,
  createMemoryStore,
  seededRandom,
  silentLogger,
  simulationCrypto,
  type ManualClock,
  type MemoryNetwork,
} from '@parley/testing'
import { expect, test, vi } from 'vitest'
import { laneOf, watched } from './watched.ts'

vi.mock('@parley/crypto', async (importOriginal) =>
  (await import('./fast-crypto.ts')).withFastCrypto(await importOriginal<typeof import('@parley/crypto')>()),
)

/** Long enough for everybody to have been heard by everybody twice, so that the ways are known. */
const SETTLE_MS = 25_000
/** Long enough for a change to have reached everybody; the three of a test are over before the next signs of life. */
const CHANGE_MS = 900
/** Signs of life come so often. */
const HEARTBEAT_MS = 10_000
/** Sooner than a lost link is made again. */
const SOON_MS = 50

interface Group {
  readonly clock: ManualClock
  readonly network: MemoryNetwork
  readonly peers: readonly Parley[]
  readonly conversations: readonly Conversation[]
  /** Presence packets and seen slots sent so far, by all together. */
  packets(): number
  close(): Promise<unknown>
}

/** A group of so many, in which everybody has heard everybody. */
async function gather(members: number): Promise<Group> {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  const crypto = simulationCrypto(nodeProvider())
  let packets = 0
  const peers: Parley[] = []
  for (let i = 0; i < members; i++)
    peers.push(
      await createEngine({
        store: createMemoryStore(),
        transports: [watched(network.transport(`peer-${i}`), (frame) => void (laneOf(frame) === 'presence' && packets++))],
        crypto,
        clock,
        random: seededRandom(i + 1),
        logger: silentLogger(),
        name: `peer-${i}`,
      }),
    )
  const group = await peers[0]!.createGroup()
  const link = await group.invite({ uses: members })
  const conversations: Conversation[] = [group]
  for (const peer of peers.slice(1)) {
    const conversation = await peer.join(link)
    await clock.advanceUntil(() => conversation.state === 'member')
    conversations.push(conversation)
  }
  await clock.advance(SETTLE_MS)
  expect(group.members().every(({ status }) => status === 'ONLINE')).toBe(true)
  return { clock, network, peers, conversations, packets: () => packets, close: () => Promise.all(peers.map((peer) => peer.close())) }
}

test.for([5, 10, 20])(
  'among %i members, a change costs a packet for each other member, and no more',
  { timeout: 300_000 },
  async (members) => {
    const { clock, peers, conversations, packets, close } = await gather(members)
    const [group, speaker] = conversations as [Conversation, Conversation]
    const { id } = await group.sendMessage({ text: 'hello' })
    await clock.advance(CHANGE_MS)
    const cost = async (change: () => Promise<void> | void): Promise<number> => {
      const before = packets()
      await change()
      await clock.advance(CHANGE_MS)
      return packets() - before
    }
    expect(await cost(() => speaker.startTyping())).toBe(members - 1)
    expect(await cost(() => speaker.stopTyping())).toBe(members - 1)
    expect(await cost(() => speaker.seen(id))).toBe(members - 1)
    expect((await group.getMessage(id))?.seenBy).toEqual([peers[1]!.me.id])
    // A round of signs of life, of everybody.
    expect(await cost(() => clock.advance(HEARTBEAT_MS - CHANGE_MS))).toBeLessThanOrEqual(members * members)
    await close()
  },
)

test('who loses the way by which somebody was heard hears of them by another one at once', async () => {
  const { clock, network, conversations, close } = await gather(3)
  const [alice, , carol] = conversations as [Conversation, Conversation, Conversation]
  const heard: string[] = []
  carol.on('typing', ({ name }) => heard.push(name))
  network.disconnect('peer-0', 'peer-2')
  await clock.advance(SOON_MS)
  expect(network.channels().some((pair) => pair.includes('peer-0') && pair.includes('peer-2'))).toBe(false)
  alice.startTyping()
  await clock.advance(SOON_MS)
  expect(heard).toEqual(['peer-0'])
  await close()
})
