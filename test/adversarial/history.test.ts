/** Members who lie about what was said before somebody came, or keep it back: the newcomer gets it from others, and nothing else. */
import { deviceIdOf, project } from '@parley/protocol'
import type { Conversation } from '@parley/core'
import { afterEach, expect, test } from 'vitest'
import { allTexts, createSharedGroup, createWorld, until, type World } from '../../packages/core/test/support.ts'
import { createHostileMember, hash, sendIn, type HostileLink, type HostileMember } from './hostile-member.ts'
import { LANE } from './raw-peer.ts'

/** What an honest member would send, and what this one makes of it; undefined: nothing. */
type Twist = (chunk: {
  seq: number
  anchor: Uint8Array
  entries: readonly Uint8Array[]
}) => { anchor: Uint8Array; entries: readonly Uint8Array[] } | undefined

let world: World
let mallory: HostileMember
afterEach(async () => {
  await mallory.stop()
  await world.close()
})

/** A long talk, and a member who comes with it. */
async function longTalk(): Promise<{ group: Conversation; texts: string[] }> {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  const [group, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  for (const conversation of [group, his, group, his])
    await Promise.all(Array.from({ length: 300 }, (_, i) => conversation.sendMessage({ text: `${conversation === group} ${i}` })))
  await until(async () => (await group.getMessages()).totalMessages === 1_200)
  mallory = await createHostileMember(world, 'mallory', group)
  return { group, texts: await allTexts(group) }
}

/** Mallory answers on this link, with a twist to every range that begins a chunk. */
function answer(link: HostileLink, twist: Twist): void {
  const { log, bytes } = mallory.replica
  const listen = link.onMessage
  const give = async (device: Uint8Array, seq: number, to: number): Promise<void> => {
    const id = deviceIdOf(device)
    const entries = await log.read(id, seq, to)
    const anchor = seq > 0 && seq % 256 === 0 ? await log.anchor(id, seq) : undefined
    const given = anchor === undefined ? undefined : twist({ seq, anchor, entries })
    if (given === undefined) return
    sendIn(link, { type: 'anchor', device, seq, id: given.anchor }, LANE.history)
    sendIn(link, { type: 'update', bytes: project(hash, bytes, [{ device, seq, entries: given.entries }]) }, LANE.history)
  }
  link.onMessage = (message) => {
    listen(message)
    if (message.type === 'sum') sendIn(link, { type: 'have', heads: mallory.replica.have() })
    if (message.type === 'want') for (const { device, from, to } of message.ranges) void give(device, from, to)
  }
  sendIn(link, { type: 'have', heads: mallory.replica.have() })
}

const other = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1)

test('a newest chunk with a false id before it begins no log', async () => {
  const { group, texts } = await longTalk()
  const dave = await world.peer('dave')
  const his = await dave.join(await group.invite())
  await until(() => his.state === 'member')
  // From here on mallory is all that dave can reach.
  world.network.partition(['alice', 'bob'], ['mallory', 'dave'])
  answer(await mallory.to('dave'), ({ anchor, entries }) => ({ anchor: other(anchor), entries }))
  await until(() => (dave.inspect().rejected['BadSignature'] ?? 0) >= 2)
  expect((await his.getMessages()).messages).toEqual([])
  world.network.heal()
  await until(async () => his.syncState.complete === undefined && (await his.getMessages()).totalMessages === texts.length)
  expect(await allTexts(his)).toEqual(texts)
})

test.each<[what: string, twist: Twist, code: string | undefined]>([
  ['with a false id before it', ({ anchor, entries }) => ({ anchor: other(anchor), entries }), 'BadSignature'],
  ['kept back', () => undefined, undefined],
])('a chunk of before %s is not taken in, and fetched from another', async (_, twist, code) => {
  const { group, texts } = await longTalk()
  const dave = await world.peer('dave', { replicate: 'on-demand' })
  const his = await dave.join(await group.invite())
  await until(async () => (await his.getMessages()).totalMessages === texts.length)
  world.network.partition(['alice', 'bob'], ['mallory', 'dave'])
  await until(() => his.syncState.peers === 1)
  const link = await mallory.to('dave')
  answer(link, twist)
  await until(() => link.of('got').length > 0)
  const before = link.of('want').length
  // Mallory is asked, and nobody else is there: after a few seconds without an answer nothing is waited for.
  expect((await his.getMessages(30)).complete).toBe(false)
  expect(link.of('want').length).toBeGreaterThan(before)
  if (code !== undefined) expect(dave.inspect().rejected[code]).toBeGreaterThan(0)
  world.network.heal()
  await until(async () => (await his.getMessages(48)).complete === undefined)
  expect(await allTexts(his)).toEqual(texts)
})
