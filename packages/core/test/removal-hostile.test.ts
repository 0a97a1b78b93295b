/** Somebody who was removed, whose client keeps every key it ever had and goes on as if nothing had happened. */
import { nodeProvider } from '@parley/crypto/node'
import { deviceIdBytes, project, type DeviceId } from '@parley/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Conversation } from '../src/index.ts'
import type { LiveConversation } from '../src/conversation/conversation.ts'
import { allTexts, createSharedGroup, createWorld, heard, until, type World } from './support.ts'

let world: World
beforeEach(() => {
  world = createWorld()
})
afterEach(() => world.close())

const replicaOf = (conversation: Conversation) => (conversation as LiveConversation).replica

/** Everything that device said, as peers pass it on. */
async function ownLog(conversation: Conversation, device: DeviceId): Promise<Uint8Array> {
  const { log, bytes } = replicaOf(conversation)
  const hash = (input: Uint8Array): Uint8Array => nodeProvider().sha256(input)
  return project(hash, bytes, [{ device: deviceIdBytes(device), seq: 0, entries: await log.read(device, 0, log.nextSeq(device)) }])
}

/** From here on this peer takes in no word about who is in. */
function goDeaf(conversation: Conversation): void {
  const replica = replicaOf(conversation)
  replica.ingestControls = () => Promise.resolve(0)
  replica.controls.accept = () => Promise.resolve({ accepted: [], operations: [], unknown: 0 })
}

test('a patched client reads nothing written after its removal, and nothing it writes, backdated or not, is shown by anyone', async () => {
  let bobsClock = (): number => Date.now()
  const clock = {
    now: () => bobsClock(),
    setTimeout: (f: () => void, ms: number) =>
      (
        (t) => () =>
          clearTimeout(t)
      )(setTimeout(f, ms)),
  }
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob', { clock }), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await bob.connect('memory:carol')
  await his.sendMessage({ text: 'before' })
  await until(async () => (await allTexts(hers)).length === 1 && (await allTexts(theirs)).length === 1)
  goDeaf(his)
  await hers.removeMember(bob.me.id)
  await until(() => theirs.getMembers().length === 2)
  const held = new Map(
    replicaOf(his)
      .log.heads()
      .map(({ log, state }) => [log, state.nextSeq]),
  )
  const keys = replicaOf(his).epochs.all().length
  await hers.sendMessage({ text: 'secret of alice' })
  await theirs.sendMessage({ text: 'secret of carol' })
  await until(async () => (await allTexts(hers)).length === 3 && (await allTexts(theirs)).length === 3)
  // He goes on, now with the clock of yesterday, and finds nobody who passes it on.
  await his.sendMessage({ text: 'still here' })
  bobsClock = () => Date.now() - 86_400_000
  await his.sendMessage({ text: 'said yesterday' })
  await his.setTitle('Mine now')
  // By whatever way it comes to them, also through somebody who is in.
  const update = await ownLog(his, bob.me.deviceId)
  for (const seen of [hers, theirs]) expect(await replicaOf(seen).ingest(update, {})).toMatchObject({ accepted: 0, refused: true })
  expect(await replicaOf(hers).ingestControls(replicaOf(his).controls.carriers(bob.me.deviceId))).toBe(1)
  expect(await allTexts(his)).toEqual(['before', 'still here', 'said yesterday'])
  for (const seen of [hers, theirs]) {
    expect(await allTexts(seen)).toEqual(['before', 'secret of alice', 'secret of carol'])
    expect(seen.getTitle()).toBe('Picnic')
    const { log } = replicaOf(seen)
    expect(log.nextSeq(bob.me.deviceId)).toBe(replicaOf(seen).limit(bob.me.deviceId))
  }
  // Nothing came to him, neither message nor key.
  for (const [log, nextSeq] of held) if (log !== bob.me.deviceId) expect(replicaOf(his).log.nextSeq(log)).toBe(nextSeq)
  expect(replicaOf(his).epochs.all()).toHaveLength(keys)
  // Nor over a link that he makes anew with the keys he has.
  world.network.disconnect('alice', 'bob')
  await bob.connect('memory:alice')
  await hers.sendMessage({ text: 'another secret' })
  await until(async () => (await allTexts(theirs)).length === 4)
  for (const [log, nextSeq] of held) if (log !== bob.me.deviceId) expect(replicaOf(his).log.nextSeq(log)).toBe(nextSeq)
  expect((await allTexts(hers)).length).toBe(4)
})

test('what a removed member wrote and only some had seen is shown by all or by none', async () => {
  const [alice, bob, carol] = [await world.peer('alice'), await world.peer('bob'), await world.peer('carol')]
  const [hers, his, theirs] = (await createSharedGroup(alice, bob, carol)) as [Conversation, Conversation, Conversation]
  await until(() => hers.getMembers().length === 3 && his.getMembers().length === 3)
  world.network.partition(['alice'], ['bob', 'carol'])
  const deleted: string[] = []
  theirs.on('messageDeleted', (id) => void deleted.push(id))
  const late = await his.sendMessage({ text: 'alice never saw this' })
  await until(async () => (await allTexts(theirs)).length === 1)
  await hers.removeMember(bob.me.id)
  world.network.heal()
  await until(() => his.state === 'removed' && theirs.getMembers().length === 2)
  await hers.sendMessage({ text: 'on' })
  await until(async () => (await allTexts(theirs)).includes('on'))
  expect(await allTexts(theirs)).toEqual(['on'])
  expect(await allTexts(hers)).toEqual(['on'])
  expect(await allTexts(his)).toEqual([])
  expect(deleted).toEqual([late.id])
  expect((await theirs.getMessages()).totalMessages).toBe(1)
})

test('two admins remove somebody, one of them knowing more: what that one knew of is shown by all, also by those who had taken it back', async () => {
  const [alice, bob, carol, dave] = [
    await world.peer('alice'),
    await world.peer('bob'),
    await world.peer('carol'),
    await world.peer('dave'),
  ]
  const [hers, his, theirs, daves] = (await createSharedGroup(alice, bob, carol, dave)) as [
    Conversation,
    Conversation,
    Conversation,
    Conversation,
  ]
  await hers.setRole(carol.me.id, 'admin')
  await until(() => theirs.role === 'admin' && his.getMembers().length === 4 && daves.members().some(({ role }) => role === 'admin'))
  await dave.connect('memory:carol')
  world.network.partition(['alice'], ['bob', 'carol', 'dave'])
  await bob.connect('memory:carol')
  const late = await his.sendMessage({ text: 'heard by carol and dave' })
  await until(async () => (await allTexts(theirs)).length === 1 && (await allTexts(daves)).length === 1)
  world.network.partition(['alice', 'dave'], ['bob', 'carol'])
  const [deleted, posted] = [heard(daves, 'messageDeleted'), heard(daves, 'message')]
  await hers.removeMember(bob.me.id)
  await until(() => daves.getMembers().length === 3)
  await until(() => deleted.length === 1)
  expect([await allTexts(daves), (await daves.getMessages()).totalMessages]).toEqual([[], 0])
  await theirs.removeMember(bob.me.id)
  world.network.heal()
  for (const seen of [hers, theirs, daves]) await until(async () => (await allTexts(seen)).length === 1)
  expect(deleted).toEqual([[late.id]])
  expect(posted.map(([{ text }]) => text)).toEqual(['heard by carol and dave'])
  await until(() => his.state === 'removed')
})
