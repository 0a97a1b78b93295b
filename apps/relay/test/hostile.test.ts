import { randomBytes } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import fc from 'fast-check'
import { DEFAULT_LIMITS, createRelay, type Relay } from '../src/index.ts'
import { encodePublish, parseMessage } from '../src/message.ts'
import { connect } from './raw-client.ts'

const relays: Relay[] = []

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close()
})

async function startRelay(limits = {}): Promise<Relay> {
  const relay = await createRelay({ port: 0, limits })
  relays.push(relay)
  return relay
}

test.each([
  ['NotJson', 'hello'],
  ['NotJson', ''],
  ['NotJson', '{"type":"ping"'],
  ['BadShape', 'null'],
  ['BadShape', '7'],
  ['BadShape', '["ping"]'],
  ['BadShape', '{"type":"subscribe","topics":"room"}'],
  ['BadShape', '{"type":"ping","__proto__":{"topics":["x"]}}'],
  ['BadShape', '{"type":"ping","constructor":{"prototype":{}}}'],
  ['UnknownType', '{}'],
  ['UnknownType', '{"type":"toString"}'],
  ['UnknownType', '{"type":["ping"]}'],
  ['BadTopic', '{"type":"subscribe","topics":["room",7]}'],
  ['BadTopic', '{"type":"publish","data":1}'],
  ['BadTopic', '{"type":"publish","topic":{"length":3},"data":1}'],
] as const)('%s: %s is refused, counted and, repeated, cut off', async (code, text) => {
  const relay = await startRelay({ strikes: 3 })
  const mallory = await connect(relay.url)
  for (let i = 0; i < 5; i++) mallory.sendText(text)
  expect(await mallory.closed).toBe(1008)
  expect(mallory.received).toEqual([1, 2, 3].map(() => ({ type: 'error', code })))
  expect(relay.stats()).toMatchObject({ cutOff: 1, refused: { [code]: 3 }, subscriptions: 0 })
})

test('data nested too deeply to be written again is refused', async () => {
  const relay = await startRelay()
  const mallory = await connect(relay.url)
  mallory.send({ type: 'subscribe', topics: ['room'] })
  const depth = 32_000
  mallory.sendText(`{"type":"publish","topic":"room","data":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  expect(await mallory.next()).toEqual({ type: 'error', code: 'BadShape' })
})

test('any bytes are either a message or a refusal, and any message can be passed on', () => {
  const topics = fc.oneof(fc.string(), fc.array(fc.oneof(fc.string(), fc.jsonValue())), fc.jsonValue())
  const nearly = fc.record(
    {
      type: fc.oneof(fc.constantFrom('subscribe', 'unsubscribe', 'publish', 'ping', '__proto__'), fc.jsonValue()),
      topics,
      topic: topics,
      data: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    nearly.map((value) => Buffer.from(JSON.stringify(value))),
  )
  fc.assert(
    fc.property(bytes, (input) => {
      const parsed = parseMessage(input, DEFAULT_LIMITS)
      if ('refused' in parsed) return
      const { message } = parsed
      if (message.type === 'publish') {
        const written: unknown = JSON.parse(encodePublish(message.topic, message.data, 1)?.toString() ?? '')
        expect(written).toMatchObject({ topic: message.topic, clients: 1 })
      } else if (message.type !== 'ping') {
        expect(message.topics.every((topic) => typeof topic === 'string' && topic !== '')).toBe(true)
      }
    }),
  )
})

test('junk below WebSocket ends its own connection only', async () => {
  const relay = await startRelay()
  const alice = await connect(relay.url)
  const upgrade = `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`
  const junk = [
    Buffer.from('\x16\x03\x01 no http at all\r\n\r\n'),
    Buffer.from('GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    // Frames with every opcode, unmasked, fragmented, over-long, with invalid UTF-8.
    ...[0x80, 0x81, 0x83, 0x88, 0x8f, 0xf1, 0x01].map((byte) =>
      Buffer.concat([Buffer.from(upgrade), Buffer.of(byte, 0x7f), Buffer.alloc(20, 0xff)]),
    ),
    Buffer.concat([Buffer.from(upgrade), Buffer.of(0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28)]),
  ]
  for (const bytes of junk) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(relay.port, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.resume()
    })
  }
  await alice.settled()
  expect(relay.stats().connections).toBe(1)
})
