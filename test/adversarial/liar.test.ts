/** A member who lies about what it has, who it is, and when: others lose neither messages nor time over it. */
import { encodeCbor, deviceIdBytes, EntryKind, encodePost, MAX_LIVE_ENTRY_BURST } from '@parley/protocol'
import { createManualClock } from '@parley/testing'
import type { Conversation } from '@parley/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makePresence, makeSlot } from '../../packages/core/src/conversation/signals.ts'
import { createGroupOn, createWorld, heard, passUntil, until } from '../../packages/core/test/support.ts'
import { createHostileMember, sendIn, sendUpdate, serve, type HostileLink, type HostileMember } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { createVictims, settle, texts, type Victims } from './victims.ts'

describe('on a running clock', () => {
  let victims: Victims
  let mallory: HostileMember
  let link: HostileLink
  beforeEach(async () => {
    victims = await createVictims()
    mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    link = await mallory.to('bob')
  })
  afterEach(async () => {
    await settle(20)
    await victims.expectUnharmed()
    await mallory.stop()
    await victims.close()
  })

  const rejected = (): Readonly<Record<string, number>> => victims.bob.inspect().rejected

  test('[S15] presence in the name of another, by the wrong key', async () => {
    const { context, replica } = mallory
    const status = heard(victims.his, 'memberStatus')
    const typing = heard(victims.his, 'typing')
    const asAlice = { ...context, me: { ...context.me, deviceBytes: deviceIdBytes(victims.alice.me.deviceId) } }
    for (const online of [false, true]) {
      const packet = await makePresence(asAlice, replica, { counter: 1_000, ms: context.clock.now(), online, typing: online })
      sendIn(link, { type: 'presence', packet }, LANE.presence)
    }
    await until(() => rejected()['BadSignature'] === 2)
    expect([status, typing]).toEqual([[], []])
  })

  test('[S15] a seen slot in the name of another, by the wrong key', async () => {
    const { context, replica } = mallory
    const seen = heard(victims.his, 'seen')
    const asAlice = { ...context, me: { ...context.me, deviceBytes: deviceIdBytes(victims.alice.me.deviceId) } }
    sendIn(
      link,
      { type: 'slots', slots: [await makeSlot(asAlice, replica, { version: 1_000_000, key: new Uint8Array(44).fill(255) })] },
      LANE.presence,
    )
    await until(() => rejected()['BadSignature'] === 1)
    await victims.hers.seen()
    await until(() => seen.length === 1)
    expect(seen[0]![1].id).toBe(victims.alice.me.id)
  })

  test('presence packets that were seen before change nothing', async () => {
    await until(() => link.of('presence').length > 0)
    const old = link.of('presence').map((m) => m.packet)
    const status = heard(victims.his, 'memberStatus')
    const typing = heard(victims.his, 'typing')
    victims.hers.startTyping()
    await until(() => typing.length === 1)
    const stopped = heard(victims.his, 'typingStopped')
    for (let i = 0; i < 20; i++) for (const packet of old) sendIn(link, { type: 'presence', packet }, LANE.presence)
    await settle()
    expect([status, stopped]).toEqual([[], []])
    victims.hers.stopTyping()
    await until(() => stopped.length === 1)
  })

  test('presence of another day is refused, whatever its counter', async () => {
    const { context, replica } = mallory
    for (const ms of [0, context.clock.now() - 130_000, context.clock.now() + 130_000, Number.MAX_SAFE_INTEGER]) {
      sendIn(
        link,
        { type: 'presence', packet: await makePresence(context, replica, { counter: 5, ms, online: true, typing: true }) },
        LANE.presence,
      )
    }
    await until(() => rejected()['BadClock'] === 4)
    expect(link.channel.closed).toBe(false)
  })

  test('one who has seen what does not exist hurts nobody', async () => {
    const { context, replica } = mallory
    sendIn(
      link,
      { type: 'slots', slots: [await makeSlot(context, replica, { version: Number.MAX_SAFE_INTEGER, key: new Uint8Array(44).fill(255) })] },
      LANE.presence,
    )
    await until(async () => (await victims.his.getMessages()).messages[0]!.seenBy.includes(context.me.userId))
    await victims.expectUnharmed()
    expect(victims.failures).toEqual([])
  })

  test('slots and packets with other shapes inside are refused and counted', async () => {
    sendIn(link, { type: 'slots', slots: [encodeCbor([1, 2, 3]), encodeCbor([])] }, LANE.presence)
    sendIn(link, { type: 'presence', packet: encodeCbor([new Uint8Array(16), new Uint8Array(16), 1, 2, 3, 4, 5]) }, LANE.presence)
    await until(() => rejected()['BadShape'] === 3)
  })

  test('a flood of presence is not passed on faster than anybody can show it', async () => {
    const { context, replica } = mallory
    const before = victims.alice.inspect().links.find((l) => l.user === victims.bob.me.id)!.bytesIn
    for (let i = 0; i < 400; i++) {
      const packet = await makePresence(context, replica, { counter: 10 + i, ms: context.clock.now(), online: true, typing: i % 2 === 0 })
      sendIn(link, { type: 'presence', packet }, LANE.presence)
    }
    await settle(200)
    const after = victims.alice.inspect().links.find((l) => l.user === victims.bob.me.id)!.bytesIn
    expect(after - before).toBeLessThan(100 * 200)
  })

  test('a have-vector that claims more than there is: bob asks, gets nothing, and goes on with everybody else', async () => {
    const device = deviceIdBytes(victims.alice.me.deviceId)
    sendIn(link, { type: 'have', heads: [{ device, nextSeq: 0xffff_ffff, head: new Uint8Array(8), controls: 0xffff_ffff }] })
    await until(() => link.of('want').length > 0)
    for (const { ranges } of link.of('want')) for (const { from, to } of ranges) expect(to - from).toBeLessThanOrEqual(2_049)
    for (let i = 0; i < 200; i++)
      sendIn(link, { type: 'have', heads: [{ device, nextSeq: 0xffff_ffff - i, head: new Uint8Array(8), controls: 5 }] })
    await settle()
    expect(link.of('want').filter((m) => m.ranges.length > 0).length).toBe(1)
    expect(link.channel.closed).toBe(false)
  })

  test('thousands of devices that nobody knows', async () => {
    for (let i = 0; i < 20; i++) {
      const heads = Array.from({ length: 500 }, (_, k) => ({
        device: mallory.context.random.bytes(16),
        nextSeq: k + 1,
        head: new Uint8Array(8),
        controls: 1,
      }))
      sendIn(link, { type: 'have', heads })
      sendIn(link, { type: 'got', heads }, LANE.live)
    }
    await until(() => link.of('want').length > 0)
    await settle()
    expect(link.of('want').every((m) => m.ranges.length === 0)).toBe(true)
  })

  test('one who claims to have received everything is not believed about others', async () => {
    const message = await victims.hers.sendMessage({ text: 'said while mallory lies' })
    const toAlice = await mallory.to('alice')
    sendIn(toAlice, { type: 'got', heads: [{ device: deviceIdBytes(victims.alice.me.deviceId), nextSeq: 0xffff_ffff }] }, LANE.live)
    sendIn(toAlice, {
      type: 'have',
      heads: [{ device: deviceIdBytes(victims.alice.me.deviceId), nextSeq: 0xffff_fff0, head: new Uint8Array(8), controls: 1 }],
    })
    await until(async () => (await texts(victims.his)).includes(message.text))
    await settle(20)
    const later = await victims.hers.sendMessage({ text: 'said afterwards' })
    expect(later.state).not.toBe('delivered')
    await until(async () => (await texts(victims.his)).includes(later.text))
  })

  test('endless wants for everything are served in bounded portions, and nobody else waits', { timeout: 30_000 }, async () => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => victims.his.sendMessage({ text: `history ${i}` })))
    const ranges = Array.from({ length: 512 }, () => ({ device: deviceIdBytes(victims.bob.me.deviceId), from: 0, to: 0xffff_ffff }))
    const controls = Array.from({ length: 512 }, () => ({ device: deviceIdBytes(victims.alice.me.deviceId), from: 0 }))
    for (let i = 0; i < 20; i++) sendIn(link, { type: 'want', controls, ranges })
    await victims.expectUnharmed()
    const open = victims.bob.inspect().links.find((l) => l.user === mallory.context.me.userId)
    expect(open?.queuedBytes ?? 0).toBeLessThan(20_000_000)
  })

  test(
    '[live rate] messages at full speed: bob takes a burst, asks for the rest at his own pace, and alice is heard between them',
    { timeout: 30_000 },
    async () => {
      const { replica, context } = mallory
      const own = context.me.deviceId
      const start = replica.log.nextSeq(own)
      const payload = encodePost({ text: 'spam', metadata: {}, reply: undefined })
      await Promise.all(
        Array.from({ length: 1_500 }, () => replica.commit(() => ({ kind: EntryKind.post, payload, epoch: replica.epochs.current }))),
      )
      for (let seq = start; seq < start + 1_500; seq += 256 - (seq % 256)) {
        sendUpdate(mallory, link, own, seq, await replica.log.read(own, seq, Math.min(start + 1_500, seq + 256 - (seq % 256))))
      }
      await victims.hers.sendMessage({ text: 'in between' })
      await until(async () => (await texts(victims.his)).includes('in between'))
      await until(() => victims.bob.inspect().passedOver.deferred > 0 && link.of('sum').length > 0)
      expect((await victims.his.getMessages()).totalMessages).toBeLessThanOrEqual(3 + MAX_LIVE_ENTRY_BURST + 1)
      // What was put off comes as ranges, as from any honest peer.
      serve(mallory, link)
      await until(async () => (await victims.his.getMessages()).totalMessages === 3 + 1_500 + 1)
      await until(async () => (await victims.hers.getMessages()).totalMessages === 3 + 1_500 + 1)
      // Counted, and nobody's fault: what was pushed behind what was put off.
      expect(Object.keys(rejected())).toEqual(['OutOfOrder'])
      expect(link.channel.closed).toBe(false)
    },
  )
})

test(
  'an entry an hour ahead is held, and shown once its time has come; what others say meanwhile is not',
  { timeout: 60_000 },
  async () => {
    const clock = createManualClock()
    const world = createWorld(clock)
    const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
    const [aliceSees, bobSees] = (await createGroupOn(clock, alice, bob)) as [Conversation, Conversation]
    await aliceSees.sendMessage({ text: 'now' })
    const mallory = await createHostileMember(world, 'mallory', aliceSees, { clock, wait: (check) => passUntil(clock, check) })
    const link = await mallory.to('bob')
    const { replica, context } = mallory
    const own = context.me.deviceId
    const HOUR_MS = 3_600_000
    const start = clock.now()
    const ahead = createManualClock({ start: clock.now() + HOUR_MS })
    Object.defineProperty(context, 'clock', { value: ahead })
    const seq = replica.log.nextSeq(own)
    const payload = encodePost({ text: 'from the future', metadata: {}, reply: undefined })
    await replica.commit(() => ({ kind: EntryKind.post, payload, epoch: replica.epochs.current }))
    const entries = await replica.log.read(own, seq, seq + 1)
    sendUpdate(mallory, link, own, seq, entries)
    for (let i = 0; i < 50; i++) {
      await clock.advance(1)
      await settle(1)
    }
    expect(await texts(bobSees)).toEqual(['now'])
    const message = await aliceSees.sendMessage({ text: 'meanwhile' })
    await passUntil(clock, async () => (await texts(bobSees)).includes('meanwhile'))
    expect(message.sentAt - start).toBeLessThan(HOUR_MS / 2)
    expect(bob.inspect().rejected).toEqual({})
    await clock.advance(HOUR_MS)
    // The links outlive the hour or are made anew; mallory says it again, as any holder would when heads are compared.
    await passUntil(clock, async () => {
      sendUpdate(mallory, await mallory.to('bob'), own, seq, entries)
      return (await texts(bobSees)).includes('from the future')
    })
    expect(await texts(bobSees)).toEqual(['now', 'meanwhile', 'from the future'])
    await passUntil(clock, async () => (await texts(aliceSees)).length === 3)
    await mallory.stop()
    await world.close()
  },
)
