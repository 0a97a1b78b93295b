import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createManualClock } from '@parley/testing'
import { createLibp2p } from 'libp2p'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeFrame, joinBytes } from '../src/frames.ts'
import { closed, LOOPBACK, nextFrame, startPeer, stopPeers, type Peer } from './peer.ts'

const PROTOCOL = '/parley/1'

let alice: Peer
let mallory: Libp2p

beforeEach(async () => {
  alice = await startPeer({ listen: LOOPBACK })
  mallory = await createLibp2p({
    addresses: { listen: LOOPBACK },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  })
})

afterEach(async () => {
  await mallory.stop()
  await stopPeers()
})

async function attack(): Promise<{ connection: Connection; stream: Stream }> {
  const connection = await mallory.dial(multiaddr(alice.address))
  return { connection, stream: await connection.newStream(PROTOCOL) }
}

function ended(connection: Connection): Promise<void> {
  return new Promise((resolve) => connection.addEventListener('close', () => resolve(), { once: true }))
}

test('any libp2p peer that speaks noise, yamux and our frames is understood', async () => {
  const { connection, stream } = await attack()
  expect([connection.encryption, connection.multiplexer]).toEqual(['/noise', '/yamux/1.0.0'])
  const got = nextFrame(await alice.channel(0))
  stream.send(encodeFrame(Uint8Array.of(1, 2, 3)))
  expect(await got).toEqual(Uint8Array.of(1, 2, 3))
})

test.each([
  ['empty', Uint8Array.of(0, 0)],
  ['of 16,385 bytes', Uint8Array.of(0x40, 0x01)],
  ['of 65,535 bytes', Uint8Array.of(0xff, 0xff)],
])('a frame %s closes the channel after the good ones before it', async (_, bad) => {
  const { connection, stream } = await attack()
  const channel = await alice.channel(0)
  const frames: number[] = []
  channel.onFrame((frame) => frames.push(frame.length))
  const gone = ended(connection)
  stream.send(joinBytes([encodeFrame(new Uint8Array(5)), bad, encodeFrame(new Uint8Array(6))]))
  expect(await closed(channel)).toMatch(/^the other end sent/)
  await gone
  expect(frames).toEqual([5])
})

test('a stream that ends in the middle of a frame closes the channel', async () => {
  const { stream } = await attack()
  const channel = await alice.channel(0)
  stream.send(encodeFrame(new Uint8Array(100)).subarray(0, 50))
  await stream.close()
  expect(await closed(channel)).toBe('closed at the other end')
})

test('frames without a listener are held up to a bound', async () => {
  const { stream } = await attack()
  const channel = await alice.channel(0)
  const frame = encodeFrame(new Uint8Array(16_384))
  for (let i = 0; i < 70; i++) if (stream.status === 'open') stream.send(frame)
  expect(await closed(channel)).toBe('nobody listened')
})

test('a second stream on a connection ends it', async () => {
  const { connection } = await attack()
  const over = closed(await alice.channel(0))
  await connection.newStream(PROTOCOL).catch(() => undefined)
  await over
  expect(alice.channels.length).toBe(1)
})

test('a stream opened by the peer that was dialled is not taken', async () => {
  await mallory.handle(PROTOCOL, () => undefined)
  await alice.transport.dial(mallory.getMultiaddrs()[0]?.toString() ?? '')
  const [connection] = mallory.getConnections()
  const over = closed(await alice.channel(0))
  await connection?.newStream(PROTOCOL).catch(() => undefined)
  await over
  expect(alice.channels.length).toBe(1)
})

test('a peer that does not speak Parley is Unreachable, and the connection to it is closed', async () => {
  const gone = new Promise((resolve) => mallory.addEventListener('connection:close', resolve, { once: true }))
  await expect(alice.transport.dial(mallory.getMultiaddrs()[0]?.toString() ?? '')).rejects.toMatchObject({ code: 'Unreachable' })
  await gone
  expect(alice.channels).toEqual([])
})

test('a connection on which nothing is said is closed', async () => {
  const clock = createManualClock()
  const bob = await startPeer({ listen: LOOPBACK }, clock)
  const connection = await mallory.dial(multiaddr(bob.address))
  await clock.advance(14_999)
  expect(connection.status).toBe('open')
  const gone = ended(connection)
  await clock.advance(1)
  await gone
  expect(bob.channels).toEqual([])
})
