/** A member who tells one peer one thing in a control entry and another peer another thing in the log: they all agree in the end. */
import { encodeControl, EntryKind, type ChainState } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../packages/core/test/support.ts'
import { createHostileMember, forge, sendIn, sendUpdate, type HostileLink, type HostileMember } from './hostile-member.ts'
import { createVictims, settle, type Victims } from './victims.ts'

let victims: Victims
let mallory: HostileMember
let toAlice: HostileLink
let toBob: HostileLink
beforeEach(async () => {
  victims = await createVictims()
  mallory = await createHostileMember(victims.world, 'mallory', victims.hers)
  toAlice = await mallory.to('alice')
  toBob = await mallory.to('bob')
})
afterEach(async () => {
  await settle(20)
  await victims.expectUnharmed()
  await mallory.stop()
  await victims.close()
})

const own = (): HostileMember['context']['me']['deviceId'] => mallory.context.me.deviceId
const named = (): string[] =>
  [victims.hers, victims.his].map((c) => c.members().find((m) => m.id === mallory.context.me.userId)?.name ?? 'nobody')

/** A control entry of mallory's own that says she is called so, at the end of that log. */
const renamed = (state: ChainState, name: string): ReturnType<typeof forge> =>
  forge(mallory, own(), {
    state,
    payload: encodeControl({ op: 'profile', name, avatar: '' }),
    header: { kind: EntryKind.control, time: state.hlc.ms + 1, posts: state.posts, controls: state.controls + 1 },
  })

const alone = (link: HostileLink, state: ChainState, entry: Uint8Array): void =>
  sendIn(link, { type: 'controls', entries: [{ device: mallory.context.me.deviceBytes, seq: state.nextSeq, prevId: state.prevId, entry }] })

test('two control entries with one number at one place: the fork is proved, and all have the same name for her', async () => {
  const state = mallory.replica.log.state(own())
  const [one, two] = [await renamed(state, 'one'), await renamed(state, 'two')]
  alone(toBob, state, two.bytes)
  await until(() => named()[1] === 'two')
  sendUpdate(mallory, toAlice, own(), state.nextSeq, [one.bytes])
  await until(() => victims.bob.inspect().passedOver.contradicted === 1)
  await until(() => named()[0] === named()[1])
  // What follows on either side is no longer believed by anybody.
  const three = await renamed(one.state, 'three')
  sendUpdate(mallory, toAlice, own(), one.state.nextSeq, [three.bytes])
  await settle(200)
  expect(named()[0]).toBe(named()[1])
  expect(named()).not.toContain('three')
})

test('a control entry that follows nothing that exists: it goes when the log comes', async () => {
  const state = mallory.replica.log.state(own())
  const invented = { ...state, prevId: mallory.context.random.bytes(32) }
  const [one, two] = [await renamed(state, 'one'), await renamed(invented, 'two')]
  alone(toBob, invented, two.bytes)
  await until(() => named()[1] === 'two')
  sendUpdate(mallory, toAlice, own(), state.nextSeq, [one.bytes])
  await until(() => named().every((name) => name === 'one'))
  expect(victims.bob.inspect().passedOver.contradicted).toBe(1)
})

test('the other way round: what contradicts the log that is here is not taken in', async () => {
  const state = mallory.replica.log.state(own())
  const plain = await forge(mallory, own(), { state, text: 'hello' })
  sendUpdate(mallory, toBob, own(), state.nextSeq, [plain.bytes])
  await until(async () => (await victims.his.getMessages()).messages.some((m) => m.text === 'hello'))
  const invented = { ...state, prevId: mallory.context.random.bytes(32) }
  const two = await renamed(invented, 'two')
  alone(toBob, invented, two.bytes)
  await until(() => victims.bob.inspect().passedOver.contradicted === 1)
  expect(named()).toEqual(['mallory', 'mallory'])
  // Not even signed: that counts against who sends it.
  const forged = await forge(mallory, own(), {
    state: invented,
    payload: encodeControl({ op: 'profile', name: 'three', avatar: '' }),
    header: { kind: EntryKind.control, time: state.hlc.ms + 1, posts: state.posts, controls: state.controls + 1 },
    signature: new Uint8Array(64),
  })
  alone(toBob, invented, forged.bytes)
  await until(() => victims.bob.inspect().rejected['BadSignature'] === 1)
})
