/** The limits of what a peer may send (SECURITY-DESIGN 5.12), each by name; more of them where the attack is: garbage, liar, forgery, stranger. */
import {
  deviceIdBytes,
  encodePost,
  EntryKind,
  MAX_PRESENCE_BYTES,
  MAX_STRIKES,
  MAX_WAITING_BYTES,
  MAX_WAITING_ENTRIES_PER_PEER,
} from '@parley/protocol'
import { createManualClock } from '@parley/testing'
import type { Clock, Conversation } from '@parley/core'
import { describe, expect, test } from 'vitest'
import { makePresence } from '../../packages/core/src/conversation/signals.ts'
import { addressName, BAN_MS, MAX_STRUCK, Strikes } from '../../packages/core/src/network/strikes.ts'
import { MAX_UNSIGNED_PIECES, UnsignedRuns } from '../../packages/core/src/replica/unsigned-runs.ts'
import { TokenBuckets } from '../../packages/core/src/support/token-buckets.ts'
import { WaitingBytes } from '../../packages/core/src/support/waiting-bytes.ts'
import { createGroupOn, createSharedGroup, createWorld, passUntil, systemClock, until } from '../../packages/core/test/support.ts'
import { createHostileMember, forge, sendIn, sendUpdate } from './hostile-member.ts'
import { createRawPeer, LANE } from './raw-peer.ts'
import { createVictims, settle, texts } from './victims.ts'

/** Time that can be made to pass. */
function skippingClock(): { clock: Clock; skip(ms: number): void } {
  let ahead = 0
  return { clock: { ...systemClock, now: () => systemClock.now() + ahead }, skip: (ms) => (ahead += ms) }
}

describe('[strikes] three, and reconnecting does not help', () => {
  test('a stranger: by the address, until the ban is over', async () => {
    const { clock, skip } = skippingClock()
    const victims = await createVictims({ clock })
    const mallory = await createRawPeer(victims.world.network, 'mallory', { clock })
    for (let i = 0; i < MAX_STRIKES; i++) {
      await mallory.transport.dial!('memory:alice')
      const link = mallory.to('alice')!
      await until(() => link.of('hello').length > 0)
      link.sendBytes(new Uint8Array(0))
      await until(() => victims.alice.inspect().rejected['BadShape'] === i + 1)
      link.channel.close('again')
      await until(() => victims.alice.inspect().links.every((l) => l.remote !== 'memory:mallory'))
    }
    await mallory.transport.dial!('memory:alice')
    const refused = mallory.to('alice')!
    await until(() => refused.channel.closed)
    expect(refused.received).toEqual([])
    skip(BAN_MS + 1)
    await mallory.transport.dial!('memory:alice')
    await until(() => mallory.to('alice')!.of('hello').length > 0)
    await victims.expectUnharmed()
    await mallory.transport.stop()
    await victims.close()
  })

  test('a member: by the device; those in whose name the forgeries were are none the worse', async () => {
    const { clock } = skippingClock()
    const victims = await createVictims({ clock })
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers, { clock })
    const bob = victims.bob.me.deviceId
    for (let i = 0; i < MAX_STRIKES; i++) {
      const link = await mallory.dial('memory:alice')
      // One forgery in bob's name, which might be another history of his, and one update that is nobody's honest mistake.
      const { bytes } = await forge(mallory, bob, { state: mallory.replica.log.state(bob) })
      sendUpdate(mallory, link, bob, mallory.replica.log.nextSeq(bob), [bytes])
      sendIn(link, { type: 'update', bytes: Uint8Array.of(0, 1, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 7) }, LANE.live)
      await until(() => victims.alice.inspect().rejected['DeleteSet'] === i + 1)
      link.channel.close('again')
    }
    const link = await mallory.dial('memory:alice')
    await until(() => link.channel.closed)
    expect(victims.alice.inspect().links.map((l) => l.device)).toEqual([bob])
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  })

  test('they are forgotten in time, and never more than so many', () => {
    const { clock, skip } = skippingClock()
    const strikes = new Strikes(clock)
    strikes.strike('mallory')
    strikes.strike('mallory')
    skip(BAN_MS + 1)
    expect([strikes.strike('mallory'), strikes.isBanned('mallory')]).toEqual([false, false])
    expect([strikes.strike('mallory'), strikes.strike('mallory'), strikes.isBanned('mallory')]).toEqual([false, true, true])
    for (let i = 0; i < 10 * MAX_STRUCK; i++) strikes.strike(`stranger ${i}`)
    expect(strikes.size).toBe(MAX_STRUCK)
    skip(BAN_MS + 1)
    expect(strikes.size).toBe(0)
  })

  test('the port of an address changes with every connection, the key behind it does not', () => {
    expect(addressName('/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW')).toBe(addressName('/ip4/10.0.0.1/tcp/55555/p2p/12D3KooW'))
    expect(addressName('memory:mallory')).toBe('memory:mallory')
  })
})

describe('[out of order] what waits for its signature', () => {
  const entries = (count: number, bytes: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(bytes))

  test('2,000 entries of one peer, whatever logs they are of', () => {
    const total = new WaitingBytes()
    const runs = new UnsignedRuns(total)
    const mallory = {}
    for (let i = 0; i < 100; i++) runs.keep(mallory, `log ${i}` as never, 0, entries(100, 10), { unsigned: 100, pieces: 1 })
    const kept = Array.from({ length: 100 }, (_, i) => runs.get(mallory, `log ${i}` as never)?.entries.length ?? 0)
    expect(kept.reduce((a, b) => a + b, 0)).toBe(MAX_WAITING_ENTRIES_PER_PEER)
    expect(total.bytes).toBe(10 * MAX_WAITING_ENTRIES_PER_PEER)
    // The latest are the ones that are kept.
    expect(kept.at(-1)).toBe(100)
    runs.forget(mallory)
    expect(total.bytes).toBe(0)
  })

  test('4 MiB of one peer, and 64 MiB of all of them together', () => {
    const total = new WaitingBytes()
    const conversations = [new UnsignedRuns(total), new UnsignedRuns(total)]
    const peers = Array.from({ length: 40 }, () => ({}))
    for (const peer of peers)
      for (const runs of conversations)
        for (let i = 0; i < 8; i++) runs.keep(peer, `log ${i}` as never, 0, entries(16, 65_536), { unsigned: 16, pieces: 1 })
    expect(total.bytes).toBe(MAX_WAITING_BYTES)
    for (const peer of peers) for (const runs of conversations) runs.forget(peer)
    expect(total.bytes).toBe(0)
  })

  test('a run without a signature in more pieces than that is dropped, and what it held is free again', async () => {
    const victims = await createVictims()
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const link = await mallory.to('bob')
    const own = mallory.context.me.deviceId
    let state = mallory.replica.log.state(own)
    for (let i = 0; i <= MAX_UNSIGNED_PIECES; i++) {
      const made = await forge(mallory, own, { state, signature: 'none' })
      sendUpdate(mallory, link, own, state.nextSeq, [made.bytes])
      state = made.state
    }
    await until(() => victims.bob.inspect().rejected['RateLimited'] === 1)
    expect(victims.bob.inspect().passedOver.waitingBytes).toBe(0)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  })
})

describe('[rates]', () => {
  test('a bucket gives its burst and then so many a second, and a clock set back gives nothing', () => {
    const clock = createManualClock()
    let now = clock.now()
    const buckets = new TokenBuckets<string>({ ...clock, now: () => now }, { burst: 400, perSecond: 20 })
    expect([buckets.take('a', 401), buckets.take('a', 400), buckets.take('a', 1), buckets.take('b', 400)]).toEqual([
      false,
      true,
      false,
      true,
    ])
    now += 1_000
    expect([buckets.take('a', 21), buckets.take('a', 20), buckets.take('a', 1)]).toEqual([false, true, false])
    now -= 100_000
    expect(buckets.take('a', 1)).toBe(false)
  })

  test('whoever pushes on and on what is only put off is banned', { timeout: 60_000 }, async () => {
    const victims = await createVictims()
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const link = await mallory.to('bob')
    const { replica, context } = mallory
    const own = context.me.deviceId
    const from = replica.log.nextSeq(own)
    const payload = encodePost({ text: 'spam', metadata: {}, reply: undefined })
    await Promise.all(
      Array.from({ length: 450 }, () => replica.commit(() => ({ kind: EntryKind.post, payload, epoch: replica.epochs.current }))),
    )
    const entries = await replica.log.read(own, from, from + 450)
    for (let i = 0; i < 12 && !link.channel.closed; i++) sendUpdate(mallory, link, own, from, entries)
    await until(() => link.channel.closed)
    expect(victims.bob.inspect().rejected['LimitExceeded']).toBe(MAX_STRIKES)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  })

  test('2,500 messages written offline arrive in full, and nobody refuses any of it', { timeout: 60_000 }, async () => {
    const world = createWorld()
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
    world.network.partition(['alice'])
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => hers.sendMessage({ text: `offline ${i}` })))
    world.network.heal()
    await until(async () => (await his.getMessages()).totalMessages === 2_500)
    expect([alice.inspect().rejected, bob.inspect().rejected, bob.inspect().passedOver.deferred]).toEqual([{}, {}, 0])
    await world.close()
  })
})

test(
  '[future skew] what lies before an entry from the future comes in; the rest is held, not counted against anybody, and not asked for',
  { timeout: 60_000 },
  async () => {
    const clock = createManualClock()
    const world = createWorld(clock)
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [aliceSees, bobSees] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
    const mallory = await createHostileMember(world, 'mallory', aliceSees, { clock, wait: (check) => passUntil(clock, check) })
    const link = await mallory.to('bob')
    const own = mallory.context.me.deviceId
    const state = mallory.replica.log.state(own)
    const now = await forge(mallory, own, { state, text: 'of now' })
    const time = now.state.nextSeq % 256 === 0 ? clock.now() + 3_600_000 : 3_600_000
    const later = await forge(mallory, own, { state: now.state, text: 'of later', header: { time } })
    for (let i = 0; i < 10; i++) sendUpdate(mallory, link, own, state.nextSeq, [now.bytes, later.bytes])
    await passUntil(clock, async () => (await texts(bobSees)).includes('of now'))
    await passUntil(clock, () => bob.inspect().passedOver.held > 0)
    const asked = link.of('want').length
    sendIn(link, {
      type: 'have',
      heads: [{ device: deviceIdBytes(own), nextSeq: state.nextSeq + 2, head: later.state.prevId.slice(0, 8), controls: 1 }],
    })
    for (let i = 0; i < 20; i++) {
      await clock.advance(1)
      await settle(1)
    }
    expect(
      link
        .of('want')
        .slice(asked)
        .filter((m) => m.ranges.length > 0),
    ).toEqual([])
    expect(await texts(bobSees)).not.toContain('of later')
    expect(Object.keys(bob.inspect().rejected)).toEqual([])
    // Held once, however often it is sent.
    expect(bob.inspect().passedOver.held).toBe(1)
    await mallory.stop()
    await world.close()
  },
)

describe('[presence]', () => {
  test('1 KiB: a longer packet is refused before anything of it is looked at', async () => {
    const victims = await createVictims()
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    sendIn(await mallory.to('bob'), { type: 'presence', packet: new Uint8Array(MAX_PRESENCE_BYTES + 1) }, LANE.presence)
    await until(() => victims.bob.inspect().rejected['LimitExceeded'] === 1)
    await mallory.stop()
    await victims.close()
  })

  test('sessions of one device: one is remembered, however many there are, and they share one rate', async () => {
    const victims = await createVictims()
    const mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    const link = await mallory.to('bob')
    const { context, replica } = mallory
    for (let i = 0; i < 30; i++) {
      const as = { ...context, me: { ...context.me, session: context.random.bytes(8) } }
      const packet = await makePresence(as, replica, { counter: 1, ms: context.clock.now() + i, online: true, typing: false })
      sendIn(link, { type: 'presence', packet }, LANE.presence)
    }
    await until(() => (victims.bob.inspect().rejected['RateLimited'] ?? 0) >= 15)
    expect(link.channel.closed).toBe(false)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  })

  test('peers that all come back at once, again and again, and type: none of it is too much', { timeout: 60_000 }, async () => {
    const world = createWorld()
    const peers = await Promise.all(['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => world.peer(name)))
    const sees = await createSharedGroup(peers[0]!, ...peers.slice(1))
    for (let round = 0; round < 6; round++) {
      world.network.partition(['alice'], ['bob'], ['carol'], ['dave'], ['erin'])
      world.network.heal()
      for (const conversation of sees) {
        conversation.startTyping()
        conversation.stopTyping()
      }
      await until(() => peers.every((peer) => peer.inspect().links.filter((l) => l.conversations.length > 0).length === 4))
      await settle(30)
    }
    await settle()
    // One who has just been let in is heard of before the entry that says so.
    for (const peer of peers) expect(Object.keys(peer.inspect().rejected).filter((code) => code !== 'UnknownDevice')).toEqual([])
    await world.close()
  })
})
