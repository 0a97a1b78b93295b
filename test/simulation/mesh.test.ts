/** A large group in which everybody has a few links: how often a message comes to each, how far it travels, how long that takes. */
import { createEngine, type Conversation, type Parley, type Transport } from '@parley/core'
import { nodeProvider } from '@parley/crypto/node'
import { createManualClock, createMemoryNetwork, createMemoryStore, seededRandom, silentLogger, simulationCrypto } from '@parley/testing'
import { expect, test, vi } from 'vitest'
import { laneOf, watched } from './watched.ts'

vi.mock('@parley/crypto', async (importOriginal) =>
  (await import('./fast-crypto.ts')).withFastCrypto(await importOriginal<typeof import('@parley/crypto')>()),
)

const MEMBERS = 50
const MESSAGES = 12
/** Of every frame, so that the time a message takes counts its steps. */
const LATENCY_MS = 10
/** For the links to come up, and everybody to hear of all members. */
const SETTLE_MS = 2_000
/** Far less than the 30 s after which heads are compared anyway. */
const SOON_MS = 2_000
/** On the live lane travel entries, each with a signature of 64 bytes and more, and acknowledgements of half as many. */
const MIN_UPDATE_BYTES = 100
/** "At most 3 copies of a message for each peer", the first one included. */
const MAX_COPIES = 3
/** With three links each 50 are reached in four or five steps; twice that is for those who have to ask. */
const MAX_STEPS_P95 = 10

test(
  '50 members: every message reaches all, at most three times on average, in a few steps',
  { timeout: 600_000 },
  async ({ annotate }) => {
    const clock = createManualClock()
    let latencyMs = 0
    const network = createMemoryNetwork({ clock, latencyMs: () => latencyMs })
    const crypto = simulationCrypto(nodeProvider())
    const peers: Parley[] = []
    let pushed = 0
    const count = (frame: Uint8Array): void => {
      if (laneOf(frame) === 'live' && frame.length >= MIN_UPDATE_BYTES) pushed++
    }
    for (let i = 0; i < MEMBERS; i++) {
      const init = { store: createMemoryStore(), transports: [dialling(watched(network.transport(`peer-${i}`), count))], crypto, clock }
      peers.push(await createEngine({ ...init, random: seededRandom(i + 1), logger: silentLogger(), name: `peer-${i}` }))
    }
    const group = await peers[0]!.createGroup()
    const link = await group.invite({ uses: MEMBERS })
    const conversations: Conversation[] = [group]
    // One by one and with nobody but the founder; then each with those whom a peer dials of the members that it hears of at a rendezvous.
    for (const [i, peer] of peers.slice(1).entries()) {
      network.partition(['peer-0', `peer-${i + 1}`])
      const conversation = await peer.join(link)
      await clock.advanceUntil(() => conversation.state === 'member')
      conversations.push(conversation)
    }
    network.partition()
    for (const [i, peer] of peers.entries())
      for (const step of [1, 2, Math.floor(MEMBERS / 3), Math.floor(MEMBERS / 2)]) await peer.connect(`memory:peer-${(i + step) % MEMBERS}`)
    await clock.advance(SETTLE_MS)
    const degrees = peers.map((peer) => peer.inspect().links.length)
    expect(new Set(degrees)).toEqual(new Set([7]))
    expect(conversations.every((conversation) => conversation.members().length === MEMBERS)).toBe(true)
    latencyMs = LATENCY_MS

    const took: number[] = []
    const sentAt = new Map<string, number>()
    for (const conversation of conversations)
      conversation.on('message', ({ text }) => void took.push(clock.now() - (sentAt.get(text) ?? Number.NaN)))
    pushed = 0
    for (let i = 0; i < MESSAGES; i++) {
      sentAt.set(`message ${i}`, clock.now())
      await conversations[(i * 4) % MEMBERS]!.sendMessage({ text: `message ${i}` })
      await clock.advance(SOON_MS)
      expect(took, `message ${i} came to all others`).toHaveLength((i + 1) * (MEMBERS - 1))
    }
    const copies = pushed / (MESSAGES * (MEMBERS - 1))
    const steps = took.map((ms) => Math.ceil(ms / LATENCY_MS)).sort((a, b) => a - b)
    const at = (share: number): number => steps[Math.floor(steps.length * share)]!
    await annotate(
      `copies ${copies.toFixed(2)}; steps p50 ${at(0.5)}, p95 ${at(0.95)}, most ${steps.at(-1)}; ms p95 ${at(0.95) * LATENCY_MS}`,
      'mesh',
    )
    expect(copies).toBeLessThanOrEqual(MAX_COPIES)
    expect(at(0.95)).toBeLessThanOrEqual(MAX_STEPS_P95)
    await Promise.all(peers.map((peer) => peer.close()))
  },
)

/** Meets nobody by itself: the test says who is linked to whom. */
function dialling(transport: Transport): Transport {
  return { ...transport, setTopics: () => undefined }
}
