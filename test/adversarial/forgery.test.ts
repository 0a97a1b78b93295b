/** A member who writes what is not theirs to write: nothing of it is shown, nothing of what others wrote is lost or held up. */
import { sealBody } from '@parley/crypto'
import {
  admit,
  bodyAad,
  decodeEntry,
  deviceIdBytes,
  deviceIdOf,
  encodeControl,
  encodeDelete,
  encodeEdit,
  encodeEntry,
  encodeHeader,
  entryId,
  EntryKind,
  equalBytes,
  messageIdBytes,
  purgeEntry,
  signedHead,
  type DeviceId,
  type ForkSide,
} from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Replica } from '../../packages/core/src/replica/replica.ts'
import { until } from '../../packages/core/test/support.ts'
import {
  createHostileMember,
  forge,
  hash,
  sendIn,
  sendUpdate,
  serve,
  stateAt,
  type HostileLink,
  type HostileMember,
} from './hostile-member.ts'
import { LANE } from './raw-peer.ts'
import { createVictims, settle, texts, type Victims } from './victims.ts'

let victims: Victims
let mallory: HostileMember
/** To bob, whom mallory wants to deceive about alice. */
let link: HostileLink
let alice: DeviceId
let own: DeviceId

beforeEach(async () => {
  victims = await createVictims()
  mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
  link = await mallory.to('bob')
  alice = victims.alice.me.deviceId
  own = mallory.context.me.deviceId
})
afterEach(async () => {
  await settle(20)
  await victims.expectUnharmed()
  for (const conversation of [victims.hers, victims.his])
    expect((await texts(conversation)).filter((text) => text.startsWith('forged'))).toEqual([])
  // The honest peers never blame each other.
  expect(victims.alice.inspect().links.some((l) => l.user === victims.bob.me.id)).toBe(true)
  await mallory.stop()
  await victims.close()
})

const rejected = (): Readonly<Record<string, number>> => victims.bob.inspect().rejected
const rejections = (): number => Object.values(rejected()).reduce((a, b) => a + b, 0)

/** Mallory gives bob what he asks for of that log, as any honest peer does. */
function answer(device: DeviceId): void {
  const { log } = mallory.replica
  const listen = link.onMessage
  link.onMessage = (message) => {
    listen(message)
    for (const { device: asked, from, to } of message.type === 'want' ? message.ranges : [])
      if (deviceIdOf(asked) === device) void log.read(device, from, to).then((entries) => sendUpdate(mallory, link, device, from, entries))
  }
}

test('an entry in the log of another device, signed by the wrong key', async () => {
  // It might follow another history of alice's device, so bob asks for the entry before it. That is his own.
  answer(alice)
  const state = mallory.replica.log.state(alice)
  const { bytes } = await forge(mallory, alice, { state })
  for (let i = 1; i <= 3; i++) {
    sendUpdate(mallory, link, alice, state.nextSeq, [bytes])
    await until(() => rejected()['BadSignature'] === i)
  }
  await until(() => link.channel.closed)
  expect(rejected()).toEqual({ BadSignature: 3 })
})

test('the same by one who answers nothing: it is not looked at again, and does not stand in the way of what alice says', async () => {
  const state = mallory.replica.log.state(alice)
  const { bytes } = await forge(mallory, alice, { state })
  for (let i = 0; i < 50; i++) sendUpdate(mallory, link, alice, state.nextSeq, [bytes])
  await until(() => link.of('want').some(({ ranges }) => ranges.some((range) => range.to === state.nextSeq)))
  await victims.hers.sendMessage({ text: 'me again' })
  await until(async () => (await texts(victims.his)).includes('me again'))
})

test('the same without a signature: it waits, shows nothing, and does not stand in the way of what alice says', async () => {
  const state = mallory.replica.log.state(alice)
  const first = await forge(mallory, alice, { state, signature: 'none' })
  const second = await forge(mallory, alice, { state: first.state, signature: 'none' })
  sendUpdate(mallory, link, alice, state.nextSeq, [first.bytes, second.bytes])
  await settle(20)
  await victims.expectUnharmed()
  expect(link.channel.closed).toBe(false)
})

test('unsigned entries before those that another peer sends in pieces', async () => {
  // Bob is away while alice writes more than one update holds; mallory fills the gap before alice can.
  victims.world.network.partition(['alice'], ['bob', 'mallory'])
  const state = mallory.replica.log.state(alice)
  let chain = state
  const entries: Uint8Array[] = []
  for (let i = 0; i < 40; i++) {
    const next = await forge(mallory, alice, { state: chain, signature: 'none' })
    chain = next.state
    entries.push(next.bytes)
  }
  const large = 'x'.repeat(30_000)
  await Promise.all(Array.from({ length: 60 }, (_, i) => victims.hers.sendMessage({ text: `${i} ${large}` })))
  sendUpdate(mallory, link, alice, state.nextSeq, entries)
  victims.world.network.heal()
  for (let i = 1; i <= 40; i++) sendUpdate(mallory, link, alice, state.nextSeq, entries.slice(0, i))
  await until(async () => (await victims.his.getMessages()).totalMessages === 63)
  expect(victims.bob.inspect().links.some((l) => l.user === victims.alice.me.id)).toBe(true)
})

test('another entry where alice has one already does not make her log count as forked', async () => {
  const end = mallory.replica.log.nextSeq(alice)
  const { bytes } = await forge(mallory, alice, { state: await stateAt(mallory, alice, end - 1) })
  for (let i = 0; i < 3; i++) sendUpdate(mallory, link, alice, end - 1, [bytes])
  await settle(30)
  expect(rejections()).toBeGreaterThan(0)
})

test('heads of the log of alice with another id, claimed in a have-vector, neither', async () => {
  const device = deviceIdBytes(alice)
  const end = mallory.replica.log.nextSeq(alice)
  for (let nextSeq = 1; nextSeq <= end + 3; nextSeq++) {
    sendIn(link, { type: 'have', heads: [{ device, nextSeq, head: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), controls: 3 }] })
  }
  await settle(30)
  await victims.expectUnharmed()
  expect(link.channel.closed).toBe(false)
})

test('a member who answers every question about another history of alice, with forgeries at its end, freezes nobody', async () => {
  const device = deviceIdBytes(alice)
  const end = mallory.replica.log.nextSeq(alice)
  const { bytes, state } = await forge(mallory, alice, { state: await stateAt(mallory, alice, end - 1) })
  const entries = [...(await mallory.replica.log.read(alice, 0, end - 1)), bytes]
  sendIn(link, { type: 'have', heads: [{ device, nextSeq: end, head: state.prevId.slice(0, 8), controls: 3 }] })
  let answered = 0
  await until(() => {
    const ranges = link.of('want').flatMap((want) => want.ranges.filter((range) => equalBytes(range.device, device)))
    for (const { from, to } of ranges.slice(answered)) sendUpdate(mallory, link, alice, from, entries.slice(from, to))
    answered = ranges.length
    return rejected()['BadSignature'] !== undefined
  })
  // Each half of what was left, and then the end.
  expect(answered).toBeGreaterThan(2)
})

test('a proof of a fork that alice never made has no effect', async () => {
  const device = deviceIdBytes(alice)
  const end = mallory.replica.log.nextSeq(alice)
  const at = await stateAt(mallory, alice, end - 1)
  const [real] = await mallory.replica.log.read(alice, end - 1, end)
  const { bytes } = await forge(mallory, alice, { state: at })
  const side = (entry: Uint8Array): ForkSide => {
    const { headerBytes, body, signature } = decodeEntry(entry)
    return { entries: [{ headerBytes, bodyHash: hash(body!) }], signature: signature! }
  }
  for (const [left, right] of [
    [side(real!), side(bytes)],
    [side(real!), side(real!)],
  ] as const) {
    const state = mallory.replica.log.state(own)
    const body = encodeControl({ op: 'fork', device, seq: end - 1, prevId: at.prevId, sides: [left, right], pins: [], controls: [] })
    await mallory.replica.commit(() => ({ kind: EntryKind.control, payload: body, epoch: undefined }))
    const entries = await mallory.replica.log.read(own, state.nextSeq, state.nextSeq + 1)
    sendUpdate(mallory, link, own, state.nextSeq, entries)
  }
  await until(() => (victims.his as unknown as { replica: Replica }).replica.log.nextSeq(own) === mallory.replica.log.nextSeq(own))
  expect((victims.his as unknown as { replica: Replica }).replica.controls.forks.size).toBe(0)
})

test('entries of alice with their bodies left out: bob has them, and keeps them', async () => {
  const entries = await mallory.replica.log.read(alice, 0, 100)
  const purged = entries.map((entry) => (decodeEntry(entry).header.kind === EntryKind.control ? entry : purgeEntry(entry, hash)))
  sendUpdate(mallory, link, alice, 0, purged)
  await settle(30)
  expect(rejected()).toEqual({})
})

test('a new entry of alice with its body left out: bob gets the body from her', async () => {
  victims.world.network.partition(['alice', 'mallory'], ['bob'])
  const toAlice = await mallory.to('alice')
  await victims.hers.sendMessage({ text: 'do not lose me' })
  const next = mallory.replica.log.nextSeq(alice)
  sendIn(toAlice, { type: 'want', controls: [], ranges: [{ device: deviceIdBytes(alice), from: next, to: next + 1 }] })
  await until(() => toAlice.of('update').length > 0)
  victims.world.network.partition(['alice'], ['bob', 'mallory'])
  link = await mallory.to('bob')
  const seq = mallory.replica.log.nextSeq(alice)
  const live = admit(toAlice.of('update').at(-1)!.bytes, {
    hash,
    conversation: mallory.replica.bytes,
    chunkOf: () => ({ device: deviceIdBytes(alice), chunk: 0 }),
  })[0]!
  expect(live.seq).toBe(seq)
  sendUpdate(
    mallory,
    link,
    alice,
    seq,
    Array.from(live.entries, (entry) => purgeEntry(entry, hash)),
  )
  await settle(30)
  expect((await texts(victims.his)).includes('do not lose me')).toBe(false)
  victims.world.network.heal()
  await until(async () => (await texts(victims.his)).includes('do not lose me'))
})

test('a broken chain, wrong counters, a clock that goes back', async () => {
  const state = mallory.replica.log.state(own)
  const wrong = [
    await forge(mallory, own, { state: { ...state, prevId: hash(state.prevId) } }),
    await forge(mallory, own, { state: { ...state, posts: state.posts + 5 } }),
    await forge(mallory, own, { state, header: { time: 0, ctr: 0 } }),
  ]
  answer(own)
  for (const [i, { bytes }] of wrong.entries()) {
    sendUpdate(mallory, link, own, state.nextSeq, [bytes])
    await until(() => rejections() === i + 1)
  }
  expect(rejected()).toEqual({ BadSignature: 1, BadChain: 1, BadClock: 1 })
})

test('an entry of a device that nobody has admitted is asked after once, and forgotten', async () => {
  const device = 'a'.repeat(26) as DeviceId
  const state = mallory.replica.log.state(device)
  const { bytes } = await forge(mallory, device, { state })
  const sums = link.of('sum').length
  for (let i = 0; i < 50; i++) sendUpdate(mallory, link, device, 0, [bytes])
  await settle(50)
  expect(link.of('sum').length - sums).toBeLessThanOrEqual(55)
  expect(victims.his.getMembers().length).toBe(3)
})

test('an edit and a deletion of what alice wrote have no effect anywhere', async () => {
  const target = (await victims.his.getMessages()).messages.find((m) => m.author.id === victims.alice.me.id)!
  const epoch = mallory.replica.epochs.current
  const edit = encodeEdit({ target: messageIdBytes(target.id), text: 'forged', metadata: {}, reply: undefined })
  await mallory.replica.commit(() => ({ kind: EntryKind.edit, payload: edit, epoch }))
  await mallory.replica.commit(() => ({ kind: EntryKind.delete, payload: encodeDelete({ target: messageIdBytes(target.id) }), epoch }))
  const from = mallory.replica.log.nextSeq(own) - 2
  sendUpdate(mallory, link, own, from, await mallory.replica.log.read(own, from, from + 2))
  await until(() => link.of('got').some((m) => m.heads.some((h) => h.nextSeq === from + 2)))
  expect(await victims.his.getMessage(target.id)).toEqual(target)
  expect(rejected()).toEqual({})
})

test('edits of messages that never come, a thousand of them, fill nobody’s memory and survive a restart', async () => {
  const epoch = mallory.replica.epochs.current
  const start = mallory.replica.log.nextSeq(own)
  const target = (seq: number): Uint8Array => {
    const id = new Uint8Array(36)
    id.set(deviceIdBytes(own))
    new DataView(id.buffer).setUint32(16, seq)
    return id
  }
  await Promise.all(
    Array.from({ length: 1_000 }, (_, i) => {
      const payload = encodeEdit({ target: target(100_000 + i), text: 'forged', metadata: {}, reply: undefined })
      return mallory.replica.commit(() => ({ kind: EntryKind.edit, payload, epoch }))
    }),
  )
  // More than a burst: they come as a range, which bob asks for.
  serve(mallory, link)
  await until(() => link.of('got').some((m) => m.heads.some((h) => h.nextSeq === start + 1_000)))
  expect(rejected()).toEqual({})
})

test('a message that says nothing readable is shown empty, and counted as one, everywhere alike', async () => {
  const state = mallory.replica.log.state(own)
  const { bytes } = await forge(mallory, own, { state, body: Uint8Array.of(1, 2, 3) })
  sendUpdate(mallory, link, own, state.nextSeq, [bytes])
  for (const conversation of [victims.his, victims.hers]) await until(async () => (await conversation.getMessages()).totalMessages === 4)
  expect((await victims.his.getMessages()).messages.map((m) => m.text)).toContain('')
  expect(rejected()).toEqual({})
})

test('a device that writes two histories is found out, and only what it wrote itself is in doubt', async () => {
  const state = mallory.replica.log.state(own)
  const [one, two] = [await forge(mallory, own, { state, text: 'to bob' }), await forge(mallory, own, { state, text: 'to alice' })]
  victims.world.network.partition(['alice', 'mallory'], ['bob'])
  sendUpdate(mallory, await mallory.to('alice'), own, state.nextSeq, [two.bytes])
  await until(async () => (await texts(victims.hers)).includes('to alice'))
  victims.world.network.partition(['alice'], ['bob', 'mallory'])
  link = await mallory.to('bob')
  sendUpdate(mallory, link, own, state.nextSeq, [one.bytes])
  await until(async () => (await texts(victims.his)).includes('to bob'))
  victims.world.network.heal()
  // Both stay, for everybody, and what it writes from here on is shown by nobody.
  for (const conversation of [victims.hers, victims.his])
    await until(async () => (await texts(conversation)).filter((text) => text.startsWith('to ')).length === 2)
  const [more, other] = [
    await forge(mallory, own, { state: one.state, text: 'forged' }),
    await forge(mallory, own, { state: two.state, text: 'forged' }),
  ]
  for (const { bytes } of [more, other]) sendUpdate(mallory, await mallory.to('bob'), own, state.nextSeq + 1, [bytes])
})

test('control entries: of another device, without authority, with a clock an hour ahead, a good one followed by a bad one', async () => {
  const { replica, context } = mallory
  const control = async (
    device: DeviceId,
    state: { nextSeq: number; prevId: Uint8Array; posts: number; deletes: number; controls: number },
    title: string,
    time: number,
  ) => {
    const bytes = deviceIdBytes(device)
    const epoch = replica.epochs.current!
    const counts = { posts: state.posts, deletes: state.deletes, controls: state.controls + 1 }
    const headerBytes = encodeHeader({ kind: EntryKind.control, time, ctr: 0, epoch: epoch.id, deps: [], ...counts })
    const payload = encodeControl({ op: 'metadata', scope: 'conversation', values: { title } })
    const body = sealBody(epoch.controlKey, context.random.bytes(24), bodyAad(replica.bytes, bytes, state.nextSeq, headerBytes), payload)
    const id = entryId(hash, {
      conversation: replica.bytes,
      device: bytes,
      seq: state.nextSeq,
      prevId: state.prevId,
      headerBytes,
      bodyHash: hash(body),
    })
    const signature = await context.me.keys.signing.sign(signedHead(replica.bytes, bytes, state.nextSeq, id))
    const entry = encodeEntry(headerBytes, body, signature)
    return {
      carrier: { device: bytes, seq: state.nextSeq, prevId: state.prevId, entry },
      state: { ...state, ...counts, nextSeq: state.nextSeq + 1, prevId: id },
    }
  }
  const now = context.clock.now()
  // Somebody else's.
  const alien = await control(alice, replica.log.state(alice), 'forged by alice', now)
  sendIn(link, { type: 'controls', entries: [alien.carrier] }, LANE.history)
  await until(() => rejected()['BadSignature'] === 1)
  // A title of the year 10889 would be the last one ever.
  const ahead = await control(own, replica.log.state(own), 'forged for ever', 2 ** 48 - 2)
  sendIn(link, { type: 'controls', entries: [ahead.carrier] }, LANE.history)
  // A batch is taken in whole or not at all: in memory and in the store alike.
  const good = await control(own, replica.log.state(own), 'Mallory was here', now)
  const bad = await control(own, good.state, 'forged', now - 1_000)
  sendIn(link, { type: 'controls', entries: [good.carrier, bad.carrier] }, LANE.history)
  await until(() => rejected()['BadClock'] === 1)
  expect(victims.his.getTitle()).toBe('Picnic')
  sendIn(link, { type: 'controls', entries: [good.carrier] }, LANE.history)
  await until(() => victims.his.getTitle() === 'Mallory was here')
  await victims.hers.setTitle('Picnic again')
  await until(() => victims.his.getTitle() === 'Picnic again')
})

test('an invite and an admission by one who may not make them let nobody in', async () => {
  const { replica, context } = mallory
  await replica.commitControl({
    op: 'invite',
    publicKey: context.random.bytes(32),
    role: 1,
    maxUses: 5,
    expiresMs: context.clock.now() + 1e6,
    after: [],
  })
  const from = replica.log.nextSeq(own) - 1
  sendUpdate(mallory, link, own, from, await replica.log.read(own, from, from + 1))
  await until(() => link.of('got').some((m) => m.heads.some((h) => h.nextSeq === from + 1)))
  const open = victims.his.getMembers()
  expect(open.length).toBe(3)
  expect(rejected()).toEqual({})
})
