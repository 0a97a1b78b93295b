/** Bytes that mean nothing: each is counted and dropped, the third ends the link, and nobody else notices. */
import { MAX_FRAME_BYTES } from '@parley/core'
import { encodeCbor, encodeLinkMessage, MAX_LINK_MESSAGE_BYTES, type CborValue } from '@parley/protocol'
import { seededRandom } from '@parley/testing'
import { LANES } from '../../packages/core/src/network/link.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { until } from '../../packages/core/test/support.ts'
import { createHostileMember, sendIn, type HostileLink, type HostileMember } from './hostile-member.ts'
import { createRawPeer, LANE, type RawLink, type RawPeer } from './raw-peer.ts'
import { createVictims, settle, type Victims } from './victims.ts'

let victims: Victims
beforeEach(async () => {
  victims = await createVictims()
})
afterEach(async () => {
  await settle(20)
  await victims.expectUnharmed()
  await victims.close()
})

const rejected = (): Readonly<Record<string, number>> => victims.alice.inspect().rejected
const rejections = (): number => Object.values(rejected()).reduce((a, b) => a + b, 0)

describe('from a stranger', () => {
  let mallory: RawPeer
  let link: RawLink
  beforeEach(async () => {
    mallory = await createRawPeer(victims.world.network, 'mallory')
    await mallory.transport.dial!('memory:alice')
    link = mallory.to('alice')!
  })
  afterEach(() => mallory.transport.stop())

  test.each([
    ['an empty message', new Uint8Array(0)],
    ['a number', Uint8Array.of(1)],
    ['an unknown type', encodeCbor([99])],
    ['a map', Uint8Array.of(0xa0)],
    ['an indefinite array', Uint8Array.of(0x9f, 0xff)],
    ['an array that claims 2^32 items', Uint8Array.of(0x9a, 0xff, 0xff, 0xff, 0xff)],
    ['bytes that claim 2^53', Uint8Array.of(0x81, 0x5b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['arrays nested 10,000 deep', new Uint8Array(10_000).fill(0x81)],
    ['bytes behind the message', Uint8Array.of(...encodeLinkMessage({ type: 'bye' }), 0)],
    ['a number longer than it needs to be', Uint8Array.of(0x82, 0x18, 0x05, 0x00)],
    ['more items than a message has', encodeCbor([1, Array.from({ length: 1_025 }, () => new Uint8Array(16)) as CborValue[]])],
    ['tags of another length', encodeCbor([1, [new Uint8Array(15)]])],
    ['a negative number', encodeCbor([5, -1])],
  ])('%s is refused and counted; the third ends the link', async (_what, bytes) => {
    link.sendBytes(bytes)
    await until(() => rejections() === 1)
    expect(link.channel.closed).toBe(false)
    link.sendBytes(bytes)
    link.sendBytes(bytes)
    await until(() => link.channel.closed)
    expect(rejections()).toBe(3)
  })

  test('a hello of another version ends the link', async () => {
    link.sendBytes(encodeCbor([0, 2, new Uint8Array(32), new Uint8Array(32)]))
    await until(() => link.channel.closed)
    expect(rejected()).toEqual({ BadProof: 1 })
  })

  test.each([LANES.length, LANES.length + 1, 0x7f])('a frame of lane %i ends the link', async (lane) => {
    link.sendFrame(Uint8Array.of(0x80 | lane, 1))
    await until(() => link.channel.closed)
    expect(rejected()).toEqual({ BadShape: 1 })
  })

  test('a message without end is cut off early, long before that of a member would be', async () => {
    const frame = new Uint8Array(MAX_FRAME_BYTES)
    for (let i = 0; i < 16; i++) link.sendFrame(frame)
    await until(() => link.channel.closed)
    expect(rejected()).toEqual({ LimitExceeded: 1 })
    expect(victims.alice.inspect().links.every((l) => l.bytesIn < MAX_LINK_MESSAGE_BYTES)).toBe(true)
  })

  test('frames that carry nothing and never end are cut off', async () => {
    for (let i = 0; i < 1_000; i++) link.sendFrame(Uint8Array.of(LANE.history))
    await until(() => link.channel.closed)
    expect(rejected()).toEqual({ LimitExceeded: 1 })
  })

  test('random frames, a thousand of them over many links', { timeout: 30_000 }, async () => {
    const random = seededRandom(11)
    for (let round = 0; round < 40; round++) {
      const peer = await createRawPeer(victims.world.network, `round ${round}`)
      await peer.transport.dial!('memory:alice')
      for (let i = 0; i < 25; i++) peer.links[0]!.sendFrame(random.bytes(1 + random.integer(300)))
      await until(() => peer.links[0]!.channel.closed || peer.links[0]!.received.length > 0)
      await peer.transport.stop()
    }
    await settle()
    expect(rejections()).toBeGreaterThanOrEqual(40)
  })

  test('a flood of 20,000 pings is answered or cut off, and never queued without bound', { timeout: 30_000 }, async () => {
    const ping = encodeLinkMessage({ type: 'ping', nonce: 1 })
    const frame = Uint8Array.of(0x80, ...ping)
    for (let i = 0; i < 20_000; i++) link.sendFrame(frame)
    await until(() => link.channel.closed || link.of('pong').length === 20_000)
    const open = victims.alice.inspect().links.find((l) => l.remote === 'memory:mallory')
    expect(open?.queuedBytes ?? 0).toBeLessThan(1_000_000)
  })
})

describe('from a member', () => {
  let mallory: HostileMember
  let link: HostileLink
  beforeEach(async () => {
    mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
    link = await mallory.to('alice')
  })
  afterEach(() => mallory.stop())

  const random = seededRandom(12)

  test.each([
    ['a delete set', Uint8Array.of(0x00, 0x01, 0x01, 0x01, 0x00, 0xff, 0xff, 0xff, 0xff, 0x07), 'DeleteSet'],
    ['one struct of 2^40 clocks', Uint8Array.of(0x01, 0x01, 0x01, 0x00, 0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x00), 'BadShape'],
    ['2^32 structs', Uint8Array.of(0x01, 0x80, 0x80, 0x80, 0x80, 0x10, 0x01, 0x00), 'LimitExceeded'],
    ['text for a root of its own', Uint8Array.of(0x01, 0x01, 0x05, 0x00, 0x04, 0x01, 0x01, 0x61, 0x01, 0x62, 0x00), 'BadShape'],
    ['nothing at all', new Uint8Array(0), 'BadShape'],
    ['noise', random.bytes(500), undefined],
  ])('an update that holds %s is refused; the third ends the link', async (_what, bytes, code) => {
    for (let i = 0; i < 3; i++) sendIn(link, { type: 'update', bytes }, LANE.live)
    await until(() => link.channel.closed)
    if (code !== undefined) expect(rejected()).toEqual({ [code]: 3 })
    expect(rejections()).toBe(3)
  })

  test('an update of 4 MiB of noise', async () => {
    sendIn(link, { type: 'update', bytes: random.bytes(4_194_304) }, LANE.history)
    await until(() => rejections() === 1)
  })

  test('a message beyond the largest ends the link', async () => {
    const frame = new Uint8Array(MAX_FRAME_BYTES)
    for (let i = 0; i < 260 && !link.channel.closed; i++) link.sendFrame(frame)
    await until(() => link.channel.closed)
    expect(rejected()).toEqual({ LimitExceeded: 1 })
  })

  test('control entries, slots and presence packets that are noise', async () => {
    const entry = random.bytes(200)
    sendIn(link, { type: 'controls', entries: [{ device: random.bytes(16), seq: 0, prevId: random.bytes(32), entry }] })
    sendIn(link, { type: 'slots', slots: [random.bytes(100)] }, LANE.presence)
    sendIn(link, { type: 'presence', packet: random.bytes(100) }, LANE.presence)
    await until(() => link.channel.closed)
    expect(rejections()).toBe(3)
  })

  test('every kind of message with every list at its limit', async () => {
    const device = (): Uint8Array => random.bytes(16)
    const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
    sendIn(link, {
      type: 'have',
      heads: many(500, () => ({ device: device(), nextSeq: 0xffff_ffff, head: random.bytes(8), controls: 0xffff_ffff })),
    })
    sendIn(link, { type: 'got', heads: many(500, () => ({ device: device(), nextSeq: 0xffff_ffff })) }, LANE.live)
    const wants = {
      controls: many(512, () => ({ device: device(), from: 0xffff_ffff })),
      ranges: many(512, () => ({ device: device(), from: 0, to: 0xffff_ffff })),
    }
    sendIn(link, { type: 'want', ...wants })
    sendIn(link, { type: 'sum', sum: random.bytes(16) })
    await settle()
    expect(rejected()).toEqual({})
  })

  test('a flood of 20,000 of the smallest messages', { timeout: 30_000 }, async () => {
    for (let i = 0; i < 20_000; i++) sendIn(link, { type: 'sum', sum: new Uint8Array(16) }, LANE.presence)
    await until(() => link.channel.closed || link.of('have').length >= 20_000)
  })
})
