/** Peers that know nothing of each other but a topic, and have no server: they meet by multicast DNS on this very computer. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { AUTHORITATIVE_ANSWER, encode } from 'dns-packet'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Room } from '../src/announcement.ts'
import { readPacket } from '../src/local-network.node.ts'
import { LOOPBACK, startPeer, stopPeers, type Peer } from './peer.ts'

const GROUP = '224.0.0.251'
const PORT = 5353

/** Somebody else on the same network. */
let stranger: Socket
const heard: Buffer[] = []

beforeEach(async () => {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const address = (all.find(({ family, internal }) => family === 'IPv4' && !internal) ?? all.find(({ family }) => family === 'IPv4'))!
    .address
  stranger = createSocket({ type: 'udp4', reuseAddr: true })
  stranger.on('message', (packet) => heard.push(packet))
  stranger.bind(PORT)
  await once(stranger, 'listening')
  stranger.addMembership(GROUP, address)
  stranger.setMulticastInterface(address)
})
afterEach(async () => {
  await stopPeers()
  stranger.close()
})

/** Other runs of these tests share the network, so every one has topics of its own. */
const newTopic = () => ({ name: `topic-${Math.random()}`, secret: `secret-${Math.random()}` })

async function peerOn(topic: { name: string; secret: string }, init = {}): Promise<Peer> {
  const peer = await startPeer({ mdns: true, ...init })
  peer.transport.setTopics([topic])
  return peer
}

test('peers of one topic find each other with no server, and whoever listens in learns neither who nor where they are', async () => {
  const [topic, other] = [newTopic(), newTopic()]
  const guest = await peerOn(topic)
  const stray = await peerOn(other)
  const host = await peerOn(topic, { listen: LOOPBACK })
  expect((await guest.channel(0)).binding).toEqual((await host.channel(0)).binding)
  expect([guest.channels.length, host.channels.length, stray.channels.length]).toEqual([1, 1, 0])
  const [port, id] = [/tcp\/(\d+)/.exec(host.address)?.[1] ?? '', /p2p\/(.*)/.exec(host.address)?.[1] ?? '']
  expect(heard.flatMap((packet) => readPacket(packet)).length).toBeGreaterThan(0)
  for (const secret of [topic.name, topic.secret, id, `/tcp/${port}`, '/ip4/'])
    expect(heard.filter((packet) => packet.includes(secret))).toEqual([])
})

test('what others say on the network does no harm', async () => {
  const topic = newTopic()
  const host = await peerOn(topic, { listen: LOOPBACK })
  const say = (packet: Uint8Array) => new Promise((resolve) => stranger.send(packet, PORT, GROUP, resolve))
  const room = new Room(topic).name
  await say(Buffer.from('_parley is no packet'))
  await say(Buffer.alloc(9_001, '_parley'))
  for (const data of [[], [''], ['junk'], [Buffer.alloc(255), Buffer.alloc(255)]])
    await say(
      encode({ type: 'response', flags: AUTHORITATIVE_ANSWER, answers: [{ type: 'TXT', name: `${room}._parley._udp.local`, data }] }),
    )
  // What was really said, once more and cut short.
  for (const packet of heard.filter((one) => one.includes(room)).slice(0, 3)) {
    await say(packet)
    await say(packet.subarray(0, packet.length - 40))
  }
  const guest = await peerOn(topic)
  await guest.channel(0)
  await host.channel(0)
  expect([guest.channels.length, host.channels.length]).toEqual([1, 1])
})

test('any bytes at all are read or passed over', () => {
  const names = fc.constantFrom('_parley', 'x._parley._udp.local', '._parley._udp.local', 'printer.local')
  const packets = fc
    .array(fc.record({ name: names, data: fc.array(fc.uint8Array({ maxLength: 255 }), { maxLength: 3 }) }), { maxLength: 4 })
    .map((list) =>
      encode({
        type: 'response',
        answers: list.map(({ name, data }) => ({ type: 'TXT', name, data: data.map((one) => Buffer.from(one)) })),
      }),
    )
  const broken = fc.tuple(packets, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat()).map(([packet, changes, cut]) => {
    const bytes = Uint8Array.from(packet)
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    return bytes.subarray(0, (cut % bytes.length) + 1)
  })
  fc.assert(
    fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      for (const { room, bytes: said } of readPacket(bytes)) expect([typeof room, said instanceof Uint8Array]).toEqual(['string', true])
    }),
    { numRuns: 500 },
  )
})
