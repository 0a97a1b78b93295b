/** Every class of bad input over a real TCP link: nothing of it throws past the link, and each has its counter in `inspect()`. */
import { encodePost, EntryKind, MAX_DEVICES, MAX_PRESENCE_BYTES } from '@parley/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePresence } from '../../packages/core/src/conversation/signals.ts'
import { addressName } from '../../packages/core/src/network/strikes.ts'
import { until } from '../../packages/core/test/support.ts'
import { forge, sendIn, sendUpdate } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { laySiege, type Siege } from './siege.ts'

let siege: Siege
let entries: readonly Uint8Array[]
let seq: number
beforeAll(async () => {
  siege = await laySiege('libp2p')
  const { replica, context } = siege.mallory
  seq = replica.log.nextSeq(context.me.deviceId)
  const payload = encodePost({ text: 'from mallory', metadata: {}, reply: undefined })
  for (let i = 0; i < 3; i++) await replica.commit(() => ({ kind: EntryKind.post, payload, epoch: replica.epochs.current }))
  entries = await replica.log.read(context.me.deviceId, seq, seq + 3)
})
afterAll(async () => {
  await siege.expectUnharmed()
  await siege.lift()
})

const own = (): Siege['devices']['mallory'] => siege.devices.mallory
const passedOver = (): ReturnType<Siege['victims']['alice']['inspect']>['passedOver'] => siege.victims.alice.inspect().passedOver
const count = (code: string): number => siege.rejected()[code] ?? 0

test('the link is real, and its address has the key of the other end, by which a ban finds it again', async () => {
  const find = () => siege.victims.alice.inspect().links.find((l) => l.device === own())
  await until(() => find() !== undefined)
  const mine = find()
  expect(mine?.transport).toBe('libp2p')
  expect(addressName(mine!.remote)).not.toContain('/tcp/')
})

test('out of order: entries behind a gap', async () => {
  sendUpdate(siege.mallory, siege.link, own(), seq + 2, entries.slice(2))
  await until(() => count('OutOfOrder') === 1)
})

test('replayed and duplicated: entries that are here already, presence packets that were heard', async () => {
  sendUpdate(siege.mallory, siege.link, own(), seq, entries)
  await until(async () => (await siege.victims.hers.getMessages()).messages.filter((m) => m.text === 'from mallory').length === 3)
  const before = passedOver().repeated
  for (let i = 0; i < 5; i++) sendUpdate(siege.mallory, siege.link, own(), seq, entries)
  await until(() => passedOver().repeated >= before + 15)
  const { context, replica } = siege.mallory
  const packet = await makePresence(context, replica, { counter: 1, ms: context.clock.now(), online: true, typing: false })
  for (let i = 0; i < 3; i++) sendIn(siege.link, { type: 'presence', packet }, LANE.presence)
  await until(() => passedOver().repeated >= before + 17)
  expect((await siege.victims.hers.getMessages()).messages.filter((m) => m.text === 'from mallory')).toHaveLength(3)
})

test('devices that a peer hears of no more, again and again: passed over once it has named all that there can be twice', async () => {
  const devices = Array.from({ length: MAX_DEVICES }, () => siege.mallory.context.random.bytes(16))
  for (let i = 0; i < 4; i++) sendIn(siege.link, { type: 'unheard', devices }, LANE.presence)
  await until(() => count('RateLimited') === 2)
  expect(siege.link.channel.closed).toBe(false)
})

test('from the future: held', async () => {
  const state = siege.mallory.replica.log.state(own())
  const later = await forge(siege.mallory, own(), {
    state,
    header: { time: state.nextSeq % 256 === 0 ? Date.now() + 7_200_000 : 7_200_000 },
  })
  sendUpdate(siege.mallory, siege.link, own(), state.nextSeq, [later.bytes])
  await until(() => passedOver().held === 1)
})

test('another time, an unknown speaker', async () => {
  const { context, replica } = siege.mallory
  const old = await makePresence(context, replica, { counter: 2, ms: 1, online: true, typing: false })
  sendIn(siege.link, { type: 'presence', packet: old }, LANE.presence)
  await until(() => count('BadClock') === 1)
  const stranger = { ...context, me: { ...context.me, deviceBytes: context.random.bytes(16) } }
  const unknown = await makePresence(stranger, replica, { counter: 1, ms: context.clock.now(), online: true, typing: false })
  sendIn(siege.link, { type: 'presence', packet: unknown }, LANE.presence)
  await until(() => count('UnknownDevice') === 1)
  expect(siege.link.channel.closed).toBe(false)
})

test('malformed and oversized: counted, and the third ends the link', async () => {
  sendIn(siege.link, { type: 'presence', packet: new Uint8Array(MAX_PRESENCE_BYTES + 1) }, LANE.presence)
  await until(() => count('LimitExceeded') === 1)
  sendIn(siege.link, { type: 'update', bytes: Uint8Array.of(0, 1, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 7) }, LANE.live)
  await until(() => count('DeleteSet') === 1)
  const shapes = count('BadShape')
  siege.link.sendBytes(new Uint8Array(0))
  await until(() => count('BadShape') === shapes + 1)
  await until(() => siege.link.channel.closed)
  await siege.comeBack()
})
