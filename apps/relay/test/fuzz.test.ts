import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelay, type Relay, type RelayStats } from '../src/index.ts'
import { connect, type RawClient } from './raw-client.ts'
import { get, parseMetrics, strangerClosed, until } from './strangers.ts'

const LIMITS = {
  messageBytes: 1_000,
  topicLength: 10,
  topicsPerConnection: 5,
  subscribersPerTopic: 4,
  subscriptions: 12,
  strikes: 5,
  handshakeMs: 200,
  attemptBurst: 100_000,
  closeGraceMs: 100,
}

let relay: Relay
let alice: RawClient

beforeAll(async () => {
  relay = await createRelay({ port: 0, limits: LIMITS })
  alice = await connect(relay.url)
  alice.send({ type: 'subscribe', topics: ['honest'] })
})

afterAll(() => relay.close())

/** The name of every counter there is, so that a test sees when a stranger can add one. */
function names(stats: RelayStats): string[] {
  return [...Object.keys(stats), ...Object.keys(stats.refused), ...Object.keys(stats.turnedAway)]
}

/** What holds after anything that strangers did, once they are gone. */
async function checkRelay(before: RelayStats): Promise<void> {
  const after = await until(relay, ({ connections, handshakes }) => connections === 1 && handshakes === 0)
  alice.send({ type: 'publish', topic: 'honest', data: 'still here' })
  expect(await alice.next()).toMatchObject({ data: 'still here', clients: 1 })
  expect(names(after)).toEqual(names(before))
  expect(after).toMatchObject({ subscriptions: 1, topics: 1, addresses: 1 })
  const refused = Object.values(after.refused).reduce((sum, count) => sum + count, 0)
  expect(refused).toBeLessThanOrEqual(after.received)
}

const topic = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.string({ maxLength: 12 }), fc.jsonValue())
const almostMessage = fc
  .record(
    {
      type: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom('subscribe', 'unsubscribe', 'publish', 'ping') },
        { weight: 1, arbitrary: fc.jsonValue() },
      ),
      topics: fc.oneof(fc.array(topic, { maxLength: 8 }), fc.jsonValue()),
      topic,
      data: fc.jsonValue(),
    },
    { requiredKeys: ['type'] },
  )
  .map((message) => Buffer.from(JSON.stringify(message)))
const frame = fc.record({
  bytes: fc.oneof(almostMessage, fc.uint8Array({ maxLength: 200 }), fc.constant(Buffer.alloc(LIMITS.messageBytes + 1, 'x'))),
  binary: fc.boolean(),
})

test('any messages of any clients leave the relay whole, its counters as many as before, and others untouched', async () => {
  const script = fc.array(fc.record({ client: fc.nat(3), frame }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const before = relay.stats()
      const mallories = await Promise.all(Array.from({ length: 4 }, () => connect(relay.url)))
      for (const { client, frame } of steps) {
        const socket = mallories[client]?.socket
        if (socket?.readyState === socket?.OPEN) socket?.send(frame.bytes, { binary: frame.binary })
      }
      await alice.settled()
      expect(relay.stats().subscriptions).toBeLessThanOrEqual(LIMITS.subscriptions)
      for (const mallory of mallories) mallory.socket.close()
      await Promise.all(mallories.map((mallory) => mallory.closed))
      await checkRelay(before)
    }),
    { numRuns: 100 },
  )
})

test('any bytes after a WebSocket handshake, or instead of one, end their own connection only', async () => {
  const upgrade = (): Buffer =>
    Buffer.from(
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
  // An unmasked frame at the end, which no client may send: whatever came before, the connection ends here.
  const end = Buffer.of(0x81, 0x01, 0x78)
  const opcodes = fc.integer({ min: 0, max: 255 })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(opcodes, opcodes, fc.uint8Array({ maxLength: 100 })).map(([first, second, rest]) => Uint8Array.of(first, second, ...rest)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ handshake: fc.boolean(), bytes }), { minLength: 1, maxLength: 10 }), async (strangers) => {
      const before = relay.stats()
      await Promise.all(
        strangers.map(({ handshake, bytes }) =>
          strangerClosed(relay.port, handshake ? Buffer.concat([upgrade(), bytes, Buffer.alloc(200_000), end]) : bytes),
        ),
      )
      await checkRelay(before)
    }),
    { numRuns: 15 },
  )
  expect(parseMetrics((await get(relay.metricsUrl)).body).get('parley_relay_connections')).toBe(1)
})
