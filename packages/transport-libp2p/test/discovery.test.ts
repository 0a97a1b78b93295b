/** Peers that know nothing of each other but a topic and a rendezvous. */
import { seededRandom } from '@parley/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ANNOUNCEMENT_TTL_MS, Room, SENDER_BYTES } from '../src/announcement.ts'
import { startTestRelay } from './circuit.ts'
import { LOOPBACK, startPeer, stopPeers, type Peer } from './peer.ts'
import { startTestRendezvous, type TestRendezvous } from './rendezvous-server.ts'

const TOPIC = { name: 'a-topic', secret: 'its-secret' }
const OTHER = { name: 'another-topic', secret: 'its-secret' }

let rendezvous: TestRendezvous
beforeEach(async () => {
  rendezvous = await startTestRendezvous()
})
afterEach(async () => {
  await stopPeers()
  await rendezvous.close()
})

const peerOn = async (topics = [TOPIC], init = {}): Promise<Peer> => {
  const peer = await startPeer({ rendezvous: [rendezvous.url], ...init })
  peer.transport.setTopics(topics)
  return peer
}

describe('peers of one topic', () => {
  test('find each other, whoever comes first, and have one channel', async () => {
    const first = await peerOn([TOPIC], { listen: LOOPBACK })
    const second = await peerOn([TOPIC], { listen: LOOPBACK })
    expect((await first.channel(0)).binding).toEqual((await second.channel(0)).binding)
    expect([first.channels.length, second.channels.length]).toEqual([1, 1])
    expect(first.transport.rendezvous!()).toEqual([{ url: rendezvous.url, connected: true }])
  })

  test('one that nobody can dial finds those who can be, and says nothing of itself but that it is there', async () => {
    const guest = await peerOn()
    const listener = await peerOn([TOPIC], { listen: LOOPBACK })
    await guest.channel(0)
    await listener.channel(0)
    const room = new Room(TOPIC)
    const said = rendezvous.published.map(({ data }) => room.open(data, Date.now()).addresses.length)
    expect(said.some((count) => count === 0) && said.some((count) => count > 0)).toBe(true)
  })

  test('meet through a relay when there is no other way', async () => {
    const relay = await startTestRelay()
    const relays = relay.addresses.slice(0, 1)
    const [alice, bob] = [await peerOn([TOPIC], { relays }), await peerOn([TOPIC], { relays })]
    const channel = await alice.channel(0)
    await bob.channel(0)
    expect(channel.isRelayed).toBe(true)
    expect(channel.remote).toContain('p2p-circuit')
    await stopPeers()
    await relay.close()
  })

  test('move to a direct link: who listens is reached without the relay, although both are at it', async () => {
    const relay = await startTestRelay()
    const [alice, bob] = [
      await peerOn([TOPIC], { relays: relay.addresses, listen: LOOPBACK }),
      await peerOn([TOPIC], { relays: relay.addresses }),
    ]
    await alice.channel(0)
    expect((await bob.channel(0)).isRelayed).toBe(false)
    await stopPeers()
    await relay.close()
  })

  test('meet again when the rendezvous was gone and is back, also if one of them was away meanwhile', async () => {
    const first = await peerOn([TOPIC], { listen: LOOPBACK })
    const port = Number(new URL(rendezvous.url).port)
    await rendezvous.close()
    const second = await peerOn([TOPIC], { listen: LOOPBACK })
    rendezvous = await startTestRendezvous(port)
    for (const { transport } of [first, second]) transport.wake()
    await first.channel(0)
    await second.channel(0)
  })
})

test('peers of different topics, and of one name with another secret, do not meet', async () => {
  const peers = [
    await peerOn([TOPIC], { listen: LOOPBACK }),
    await peerOn([OTHER], { listen: LOOPBACK }),
    await peerOn([{ ...TOPIC, secret: 'another' }], { listen: LOOPBACK }),
  ]
  // Two that do meet show that the others had their time.
  const friend = await peerOn([TOPIC], { listen: LOOPBACK })
  await friend.channel(0)
  await peers[0]!.channel(0)
  expect(peers.map(({ channels }) => channels.length)).toEqual([1, 0, 0])
  expect(new Set([TOPIC, OTHER, { ...TOPIC, secret: 'another' }].map((topic) => new Room(topic).name)).size).toBe(3)
})

describe('an announcement', () => {
  const room = new Room(TOPIC)
  const random = seededRandom(1)
  const now = 1_700_000_000_000
  const announcement = { sender: new Uint8Array(SENDER_BYTES).fill(7), asks: true, issuedMs: now, addresses: ['/ip4/192.0.2.1/tcp/1'] }
  const rejected = (data: string, at = now): string => {
    try {
      room.open(data, at)
      return 'read'
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  test('comes back as it was, for who knows the topic and for nobody else', () => {
    const data = room.seal(announcement, random)
    expect(room.open(data, now)).toEqual(announcement)
    expect(data).not.toContain('192')
    expect(() => new Room(OTHER).open(data, now)).toThrow(expect.objectContaining({ code: 'BadCipher' }))
  })

  test('is void after a while, and before its time', () => {
    const data = room.seal(announcement, random)
    expect([rejected(data, now + ANNOUNCEMENT_TTL_MS), rejected(data, now + ANNOUNCEMENT_TTL_MS + 1)]).toEqual(['read', 'BadClock'])
    expect(rejected(data, now - ANNOUNCEMENT_TTL_MS - 1)).toBe('BadClock')
  })

  test.each([
    ['nothing', '', 'BadCipher'],
    ['no base64url', '!!', 'BadShape'],
    ['too much', 'A'.repeat(40_000), 'LimitExceeded'],
    ['noise', 'A'.repeat(200), 'BadCipher'],
  ])('that is %s is refused', (_, data, code) => {
    expect(rejected(data)).toBe(code)
  })

  test('with a changed byte anywhere is refused', () => {
    const data = room.seal(announcement, random)
    for (let at = 0; at < data.length; at++) {
      const changed = data.slice(0, at) + (data[at] === 'A' ? 'B' : 'A') + data.slice(at + 1)
      expect(['BadCipher', 'BadShape']).toContain(rejected(changed))
    }
  })

  test('with other fields than these is refused, though a member said it', () => {
    const wrong = [
      { ...announcement, sender: new Uint8Array(3) },
      { ...announcement, addresses: ['/'.repeat(513)] },
      { ...announcement, addresses: [7 as unknown as string] },
      { ...announcement, asks: 1 as unknown as boolean },
    ]
    for (const fields of wrong) expect(rejected(room.seal(fields, random))).toBe('BadShape')
  })
})

test('what strangers say on a topic does no harm, and peers still meet', async () => {
  const alice = await peerOn([TOPIC], { listen: LOOPBACK })
  const room = new Room(TOPIC)
  const sender = new Uint8Array(SENDER_BYTES)
  const say = (addresses: string[]): void =>
    rendezvous.publish(room.name, room.seal({ sender, asks: true, issuedMs: Date.now(), addresses }, seededRandom(2)))
  rendezvous.publish(room.name, 'junk')
  say(['/ip4/127.0.0.1/tcp/1/p2p/nobody', 'https://example.org', ''])
  say([alice.address])
  say(['/ip4/127.0.0.1/tcp/9/p2p/12D3KooWGWxNCiZ5akRX2qiCuZK8nJsFfsVZJnx2a1p52Z2jZsBD'])
  const bob = await peerOn([TOPIC], { listen: LOOPBACK })
  await bob.channel(0)
  await alice.channel(0)
  expect([alice.channels.length, bob.channels.length]).toEqual([1, 1])
})
