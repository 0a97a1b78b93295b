import { once } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createRelay, DEFAULT_LIMITS, type Relay, type RelayLimits } from '../src/index.ts'
import { addressGroup } from '../src/address.ts'
import { Addresses } from '../src/addresses.ts'
import { TokenBucket } from '../src/token-bucket.ts'
import { connect, type RawClient } from './raw-client.ts'

const POLICY_VIOLATION = 1008
const TOO_LARGE = 1009
/** What `ws` reports when a socket ends without a close frame. */
const ABNORMAL = 1006

const relays: Relay[] = []

afterEach(async () => {
  for (const relay of relays.splice(0)) await relay.close()
})

async function startRelay(limits: Partial<RelayLimits>, trustProxy = false): Promise<Relay> {
  const relay = await createRelay({ port: 0, limits, trustProxy })
  relays.push(relay)
  return relay
}

async function subscribe(client: RawClient, ...topics: string[]): Promise<void> {
  client.send({ type: 'subscribe', topics })
  await client.settled()
}

describe('connections', () => {
  test('in total', async () => {
    const relay = await startRelay({ connections: 2 })
    await connect(relay.url)
    const bob = await connect(relay.url)
    await expect(connect(relay.url)).rejects.toThrow('503')
    expect(relay.stats()).toMatchObject({ connections: 2, turnedAway: { RelayFull: 1 } })
    bob.socket.terminate()
    await bob.closed
  })

  test('per address, and the place is free again afterwards', async () => {
    const relay = await startRelay({ connectionsPerAddress: 1 }, true)
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `10.9.9.9, ${address}` } })
    const alice = await connect(relay.url, from('192.0.2.1'))
    const bob = await connect(relay.url, from('192.0.2.2'))
    await expect(connect(relay.url, from('192.0.2.1'))).rejects.toThrow('429')
    alice.socket.terminate()
    while (relay.stats().connections > 1) await bob.settled()
    await connect(relay.url, from('192.0.2.1'))
    expect(relay.stats()).toMatchObject({ connections: 2, turnedAway: { AddressFull: 1 } })
  })

  test('attempts of one address, and only of that one', async () => {
    const relay = await startRelay({ attemptBurst: 2, attemptsPerSecond: 0.001 }, true)
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
    for (let i = 0; i < 2; i++) (await connect(relay.url, from('192.0.2.1'))).socket.terminate()
    await expect(connect(relay.url, from('192.0.2.1'))).rejects.toThrow('429')
    await connect(relay.url, from('192.0.2.2'))
    expect(relay.stats()).toMatchObject({ turnedAway: { AddressRate: 1 }, addresses: 2 })
  })

  test('an address is forgotten once it is gone and its rates are full again', () => {
    const addresses = new Addresses({ ...DEFAULT_LIMITS, attemptBurst: 2, attemptsPerSecond: 1 })
    expect(addresses.admit('192.0.2.1', 0)).toBeUndefined()
    addresses.prune(5_000)
    expect(addresses.size).toBe(1)
    expect(addresses.admit('192.0.2.1', 5_000)).toBeUndefined()
    addresses.leave('192.0.2.1')
    addresses.leave('192.0.2.1')
    addresses.prune(5_500)
    expect(addresses.size).toBe(1)
    addresses.prune(6_000)
    expect(addresses.size).toBe(0)
  })

  test('the header of a proxy counts for nothing unless it is trusted', async () => {
    const relay = await startRelay({ connectionsPerAddress: 1 })
    await connect(relay.url, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    await expect(connect(relay.url, { headers: { 'x-forwarded-for': '192.0.2.2' } })).rejects.toThrow('429')
  })

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group)
  })
})

describe('topics', () => {
  test('per connection: the first ones stay, the rest is refused aloud', async () => {
    const relay = await startRelay({ topicsPerConnection: 2 })
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['a', 'b', 'c', 'd'] })
    expect(await alice.next()).toEqual({ type: 'error', code: 'TooManyTopics' })
    expect(relay.stats()).toMatchObject({ topics: 2, subscriptions: 2, refused: { TooManyTopics: 1 } })
    await subscribe(alice, 'a', 'b')
    expect(relay.stats().refused.TooManyTopics).toBe(1)
  })

  test('length of a name', async () => {
    const relay = await startRelay({ topicLength: 8 })
    const alice = await connect(relay.url)
    await subscribe(alice, '12345678')
    alice.send({ type: 'subscribe', topics: ['123456789'] })
    expect(await alice.next()).toEqual({ type: 'error', code: 'BadTopic' })
    alice.send({ type: 'publish', topic: '', data: 1 })
    expect(await alice.next()).toEqual({ type: 'error', code: 'BadTopic' })
    expect(relay.stats().subscriptions).toBe(1)
  })

  test('subscribers of one topic, which is not held against the one who meets it', async () => {
    const relay = await startRelay({ subscribersPerTopic: 1, strikes: 1 })
    const alice = await connect(relay.url)
    const bob = await connect(relay.url)
    await subscribe(alice, 'room')
    bob.send({ type: 'subscribe', topics: ['room'] })
    expect(await bob.next()).toEqual({ type: 'error', code: 'TopicFull' })
    await bob.settled()
    expect(relay.stats()).toMatchObject({ cutOff: 0, refused: { TopicFull: 1 } })
  })

  test('subscriptions of all together', async () => {
    const relay = await startRelay({ subscriptions: 1, strikes: 1 })
    const alice = await connect(relay.url)
    alice.send({ type: 'subscribe', topics: ['a', 'b'] })
    expect(await alice.next()).toEqual({ type: 'error', code: 'RelayFull' })
    await alice.settled()
    expect(relay.stats().subscriptions).toBe(1)
  })
})

describe('messages', () => {
  test('size', async () => {
    const relay = await startRelay({ messageBytes: 100 })
    const alice = await connect(relay.url)
    alice.send({ type: 'publish', topic: 'room', data: 'x'.repeat(100) })
    expect(await alice.closed).toBe(TOO_LARGE)
    expect(relay.stats()).toMatchObject({ giant: 1, broken: 0 })
  })

  test('above the rate a sender is slowed down and loses nothing', async () => {
    const relay = await startRelay({ burst: 10, messagesPerSecond: 20 })
    const alice = await connect(relay.url)
    for (let i = 0; i < 19; i++) alice.send({ type: 'ping' })
    await alice.settled()
    for (let i = 0; i < 19; i++) expect(await alice.next()).toEqual({ type: 'pong' })
    expect(relay.stats()).toMatchObject({ received: 20, cutOff: 0 })
    expect(relay.stats().slowed).toBeGreaterThan(0)
  })

  test('far above the rate it is cut off', async () => {
    const relay = await startRelay({ burst: 10, messagesPerSecond: 0.001 })
    const alice = await connect(relay.url)
    for (let i = 0; i < 1_000; i++) alice.send({ type: 'ping' })
    expect(await alice.closed).toBe(POLICY_VIOLATION)
    expect(relay.stats().cutOff).toBe(1)
    expect(relay.stats().received).toBeLessThan(30)
  })

  test.each(['ping', 'pong'] as const)('%s frames count like messages', async (frame) => {
    const relay = await startRelay({ burst: 10, messagesPerSecond: 0.001 })
    const alice = await connect(relay.url)
    for (let i = 0; i < 1_000; i++) alice.socket[frame]()
    expect(await alice.closed).toBe(POLICY_VIOLATION)
    expect(relay.stats()).toMatchObject({ cutOff: 1, received: 0 })
  })

  test('a ping is answered', async () => {
    const relay = await startRelay({})
    const alice = await connect(relay.url)
    const pong = once(alice.socket, 'pong')
    alice.socket.ping('are you there')
    expect(String(await pong)).toBe('are you there')
  })

  test('an address has one rate, however many connections it has', async () => {
    const relay = await startRelay({ addressBurst: 20, addressMessagesPerSecond: 0.001 }, true)
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
    const [first, second] = [await connect(relay.url, from('192.0.2.1')), await connect(relay.url, from('192.0.2.1'))]
    const bob = await connect(relay.url, from('192.0.2.2'))
    for (let i = 0; i < 20; i++) first.send({ type: 'ping' })
    for (let i = 0; i < 20; i++) await first.next()
    second.send({ type: 'ping' })
    while (relay.stats().slowed === 0) await bob.settled()
    second.send({ type: 'ping' })
    await bob.settled()
    expect(second.received).toEqual([{ type: 'pong' }])
  })

  test('a topic has one rate; beyond it others are told so and not blamed, and other topics go on', async () => {
    const relay = await startRelay({ topicBurst: 1, topicDeliveriesPerSecond: 0.001, strikes: 1 })
    const [alice, bob, carol] = [await connect(relay.url), await connect(relay.url), await connect(relay.url)]
    await subscribe(carol, 'busy', 'quiet')
    for (let i = 0; i < 2; i++) alice.send({ type: 'publish', topic: 'busy', data: i })
    for (let i = 0; i < 2; i++) expect(await carol.next()).toMatchObject({ data: i })
    bob.send({ type: 'publish', topic: 'busy', data: 2 })
    expect(await bob.next()).toEqual({ type: 'error', code: 'TopicBusy' })
    carol.send({ type: 'publish', topic: 'quiet', data: 3 })
    expect(await carol.next()).toMatchObject({ topic: 'quiet', data: 3 })
    expect(relay.stats()).toMatchObject({ cutOff: 0, delivered: 3, refused: { TopicBusy: 1 } })
    expect(relay.stats().slowed).toBeGreaterThan(0)
  })

  test('the relay has one rate for all topics', async () => {
    const relay = await startRelay({ relayBurst: 1, relayDeliveriesPerSecond: 0.001, strikes: 1 })
    const [alice, bob] = [await connect(relay.url), await connect(relay.url)]
    await subscribe(alice, 'a', 'b')
    for (const topic of ['a', 'b']) alice.send({ type: 'publish', topic })
    for (const topic of ['a', 'b']) expect(await alice.next()).toMatchObject({ topic })
    bob.send({ type: 'publish', topic: 'a' })
    expect(await bob.next()).toEqual({ type: 'error', code: 'RelayBusy' })
    expect(relay.stats()).toMatchObject({ cutOff: 0, delivered: 2, refused: { RelayBusy: 1 } })
  })

  test('large messages to many subscribers cost more', async () => {
    const relay = await startRelay({ burst: 15, messagesPerSecond: 20 })
    const alice = await connect(relay.url)
    const subscribers = await Promise.all(Array.from({ length: 5 }, () => connect(relay.url)))
    for (const subscriber of subscribers) await subscribe(subscriber, 'room')
    for (let i = 0; i < 5; i++) alice.send({ type: 'publish', topic: 'room', data: 'x'.repeat(60_000) })
    await alice.settled()
    expect(relay.stats()).toMatchObject({ delivered: 25, cutOff: 0 })
    expect(relay.stats().slowed).toBeGreaterThan(0)
  })

  test('a bucket fills with time, up to its burst', () => {
    const bucket = new TokenBucket(2, 10, 0)
    expect(bucket.take(2, 0)).toBe(0)
    expect(bucket.take(1, 0)).toBe(100)
    expect(bucket.take(1, 200)).toBe(0)
    expect(bucket.take(2, 1e9)).toBe(0)
    expect(bucket.take(1, 1e9)).toBe(100)
    expect(bucket.take(2, 1e9)).toBe(Infinity)
  })
})

describe('readers', () => {
  test('one that does not keep up is dropped, the others go on', async () => {
    const relay = await startRelay({ bufferedBytes: 100_000, burst: 1_000_000 })
    const [alice, bob, carol] = [await connect(relay.url), await connect(relay.url), await connect(relay.url)]
    await subscribe(bob, 'room')
    await subscribe(carol, 'room')
    carol.socket.pause()
    // The kernel takes some megabytes for carol before anything waits in the relay.
    while (relay.stats().slow === 0) {
      alice.send({ type: 'publish', topic: 'room', data: 'x'.repeat(60_000) })
      await bob.next()
    }
    await bob.settled()
    expect(relay.stats()).toMatchObject({ connections: 2, slow: 1, subscriptions: 1 })
    carol.socket.terminate()
  })

  test('while the relay holds too much in total, a reader may have little waiting', async () => {
    const relay = await startRelay({ bufferedBytesTotal: 100_000, bufferedBytesShare: 1_000, burst: 1_000_000 })
    const [alice, bob, carol] = [await connect(relay.url), await connect(relay.url), await connect(relay.url)]
    await subscribe(bob, 'room')
    await subscribe(carol, 'room')
    carol.socket.pause()
    while (relay.stats().slow === 0) {
      alice.send({ type: 'publish', topic: 'room', data: 'x'.repeat(60_000) })
      await bob.next()
    }
    await bob.settled()
    expect(relay.stats()).toMatchObject({ connections: 2, slow: 1, bufferedBytes: 0 })
    carol.socket.terminate()
  })

  test('one that shows no sign of life between two checks is dropped, one that answers stays', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const relay = await startRelay({})
      const alice = await connect(relay.url)
      const silent = await connect(relay.url, { autoPong: false })
      const asked = Promise.all([once(alice.socket, 'ping'), once(silent.socket, 'ping')])
      vi.advanceTimersByTime(DEFAULT_LIMITS.pingMs)
      await asked
      await alice.settled()
      vi.advanceTimersByTime(DEFAULT_LIMITS.pingMs)
      expect(await silent.closed).toBe(ABNORMAL)
      await alice.settled()
      expect(relay.stats()).toMatchObject({ connections: 1, silent: 1 })
    } finally {
      vi.useRealTimers()
    }
  })
})
