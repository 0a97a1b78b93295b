/** Two devices with several links between them: which one carries is agreed without a word, and nothing waits because of the others. */
import { createManualClock, createMemoryNetwork, type ManualClock } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import type { Conversation } from '../src/index.ts'
import { createGroupOn, createWorld, passUntil, type World } from './support.ts'

/** Far less than the 30 s after which heads are compared anyway, and far more than the few round trips that it takes. */
const SOON_MS = 3_000
/** Comings and goings of both links: which of the two carries is random, and so is what overtakes what. */
const ROUNDS = 5
/** On both links, so that what is said on the one and on the other crosses. */
const LATENCY_MS = 20

let world: World
afterEach(() => world.close())

const total = async (conversation: Conversation): Promise<number> => (await conversation.getMessages()).totalMessages

/** Until `check` holds, at most so long by that clock. */
async function within(clock: ManualClock, ms: number, check: () => Promise<boolean>): Promise<boolean> {
  const end = clock.now() + ms
  await passUntil(clock, async () => clock.now() >= end || (await check()))
  return check()
}

test('two links come up at once while both write: all arrives at once, not with the next comparison', { timeout: 60_000 }, async () => {
  const clock = createManualClock()
  world = createWorld(clock)
  const networks = [
    createMemoryNetwork({ clock, latencyMs: LATENCY_MS }),
    createMemoryNetwork({ clock, latencyMs: LATENCY_MS, name: 'other' }),
  ]
  const peers = []
  for (const name of ['alice', 'bob']) peers.push(await world.peer(name, { clock, transports: networks.map((n) => n.transport(name)) }))
  const [alice, bob] = peers
  const [hers, his] = (await createGroupOn(clock, alice!, bob!)) as [Conversation, Conversation]
  let count = 0
  const say = async (): Promise<void> => {
    for (const conversation of [hers, his]) await conversation.sendMessage({ text: `message ${count++}` })
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const network of networks) network.partition(['alice'], ['bob'])
    for (let i = 0; i < 5; i++) await say()
    for (const network of networks) network.heal()
    for (let i = 0; i < 30; i++) {
      await clock.advance(5)
      await say()
    }
    const areLevel = async (): Promise<boolean> => (await total(hers)) === count && (await total(his)) === count
    expect(await within(clock, SOON_MS, areLevel), `round ${round}: ${await total(hers)} and ${await total(his)} of ${count}`).toBe(true)
    expect(alice!.inspect().links.filter((link) => link.device === bob!.inspect().deviceId)).toHaveLength(2)
  }
})
