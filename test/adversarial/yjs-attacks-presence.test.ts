/** The attacks on y-protocols awareness, as they map to our presence packets, and to the awareness that each conversation shows. */
import { deviceIdBytes, encodeCbor } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePresence } from '../../packages/core/src/conversation/signals.ts'
import { heard, until } from '../../packages/core/test/support.ts'
import { sendIn } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { laySiege, memoryInUse, type Siege } from './siege.ts'
import { settle } from './victims.ts'
import { awarenessUpdate } from './yjs-bytes.ts'

/** As in the log attacks: far below what 200,000 remembered strangers take, 20 MB and more. */
const MAX_GROWTH_BYTES = 1_500_000
const LAST_CLOCK = Number.MAX_SAFE_INTEGER

let siege: Siege
beforeEach(async () => {
  siege = await laySiege()
  await until(() => shown().some(({ user }) => user.id === siege.victims.bob.me.id))
})
afterEach(async () => {
  await siege.expectUnharmed()
  await siege.lift()
})

/** Who is online in alice's awareness, with what they do. */
function shown(): { user: { id: string }; typing: boolean }[] {
  const states = [...siege.victims.hers.awareness.getStates().values()] as { user: { id: string }; typing: boolean }[]
  return states.filter(({ user }) => user.id !== siege.mallory.context.me.userId).sort((a, b) => (a.user.id < b.user.id ? -1 : 1))
}

const send = (packet: Uint8Array): void => sendIn(siege.link, { type: 'presence', packet }, LANE.presence)

/** A packet about any device, signed by mallory, who has no other key. */
async function about(device: Uint8Array, state: { counter: number; online: boolean; typing?: boolean; ms?: number }): Promise<Uint8Array> {
  const { context, replica } = siege.mallory
  const me = { ...context.me, deviceBytes: device }
  return makePresence({ ...context, me }, replica, { ms: context.clock.now(), typing: false, ...state })
}

/** Bob types, and alice sees it. */
async function expectTypingSeen(): Promise<void> {
  const { bob, his } = siege.victims
  his.startTyping()
  await until(() => shown().some(({ user, typing }) => user.id === bob.me.id && typing))
  his.stopTyping()
  await until(() => shown().every(({ typing }) => !typing))
}

test('[awareness] a state in the name of bob, with the last clock there is: he is not frozen', async () => {
  const before = shown()
  const bob = deviceIdBytes(siege.devices.bob)
  send(await about(bob, { counter: LAST_CLOCK, online: true, typing: true }))
  await until(() => siege.rejected()['BadSignature'] === 1)
  expect(shown()).toEqual(before)
  // Her own clock mallory may turn as far as it goes; it is hers alone.
  const { context } = siege.mallory
  const typing = heard(siege.victims.hers, 'typing')
  send(await about(context.me.deviceBytes, { counter: LAST_CLOCK, online: true, typing: true }))
  await until(() => typing.length === 1)
  await expectTypingSeen()
})

test('[awareness] a state in the name of alice, to alice: what she shows of herself stays', async () => {
  const before = shown()
  const { hers } = siege.victims
  const local = hers.awareness.getLocalState()
  await until(() => siege.link.of('presence').length > 0)
  const own = siege.link.of('presence').map(({ packet }) => packet)
  for (const online of [true, false]) send(await about(deviceIdBytes(siege.devices.alice), { counter: LAST_CLOCK, online }))
  for (const packet of own) send(packet)
  await until(() => siege.rejected()['BadSignature'] === 2)
  await settle(20)
  expect([shown(), hers.awareness.getLocalState()]).toEqual([before, local])
  await expectTypingSeen()
})

test('[awareness] goodbyes in the name of bob, forged and at an equal clock: he stays online', async () => {
  const { hers } = siege.victims
  const status = heard(hers, 'memberStatus')
  await until(() => siege.link.of('presence').length > 0)
  const known = siege.link.of('presence').map(({ packet }) => packet)
  for (let i = 0; i < 20; i++) for (const packet of known) send(packet)
  for (const counter of [0, 1]) send(await about(deviceIdBytes(siege.devices.bob), { counter, online: false }))
  await until(() => siege.rejected()['BadSignature'] === 2)
  expect(status.filter(([user]) => user === siege.victims.bob.me.id)).toEqual([])
  expect(siege.link.channel.closed).toBe(false)
})

test('[awareness] 40 states of 1 MB', { timeout: 60_000 }, async () => {
  const json = JSON.stringify({ user: 'x'.repeat(1_000_000) })
  const before = await memoryInUse()
  for (let i = 0; i < 40; i++) {
    if (siege.link.channel.closed) await siege.comeBack()
    send(awarenessUpdate({ client: i, clock: 1, json }))
    if (i % 3 === 2) await until(() => siege.link.channel.closed)
  }
  await until(() => siege.rejected()['LimitExceeded'] === 40)
  expect((await memoryInUse()) - before).toBeLessThan(MAX_GROWTH_BYTES)
})

test('[awareness] states of made-up clients, thousands of them: nobody is remembered', { timeout: 60_000 }, async () => {
  const { context } = siege.mallory
  const { awareness } = siege.victims.hers
  const size = awareness.meta.size
  const flood = async (count: number): Promise<void> => {
    const start = siege.rejected()['UnknownDevice'] ?? 0
    // One packet of good shape, its device changed: who it is from is asked before its signature.
    for (let i = 0; i < count; i++)
      send(
        encodeCbor([
          context.random.bytes(16),
          context.random.bytes(16),
          context.random.bytes(8),
          0,
          1,
          new Uint8Array(42),
          new Uint8Array(64),
        ]),
      )
    await until(() => siege.rejected()['UnknownDevice'] === start + count)
  }
  await flood(500)
  const before = await memoryInUse()
  await flood(5_000)
  expect((await memoryInUse()) - before).toBeLessThan(MAX_GROWTH_BYTES)
  expect(awareness.meta.size).toBe(size)
})

test('[awareness] updates of y-protocols, good ones and one with bad JSON at its end: nothing of them is applied', async () => {
  const before = shown()
  const { hers } = siege.victims
  const changes: unknown[] = []
  const { clientID } = hers.awareness
  const good = { client: clientID, clock: LAST_CLOCK, json: '{"user":{"id":"x"}}' }
  await settle(30)
  hers.awareness.on('update', (change: unknown) => changes.push(change))
  send(awarenessUpdate(good))
  send(awarenessUpdate(good, { client: 7, clock: 1, json: '{' }))
  send(awarenessUpdate({ client: clientID, clock: 1, json: 'null' }))
  await until(() => siege.link.channel.closed)
  expect(Object.values(siege.rejected()).reduce((a, b) => a + b, 0)).toBe(3)
  expect(shown()).toEqual(before)
  // What ends with the link is at most mallory's own presence.
  expect(hers.awareness.getStates().has(7)).toBe(false)
  expect(changes.length).toBeLessThanOrEqual(1)
})
