/**
 * The findings of public audits of group messengers (SECURITY-DESIGN.md, section 1), each tried against real peers. What other files try as a
 * part of theirs is named by the same number there: S11 and S12 in packages/core/test/rotation.test.ts, S15 in liar.test.ts.
 */
import { createEpochSecret, epochCommitment, epochIdOf, epochSecretBytes, hpkeSeal, sealBody, verifyDeviceCert } from '@parley/crypto'
import type { Conversation, Parley } from '@parley/core'
import {
  bodyAad,
  compareBytes,
  concatBytes,
  decodeEntry,
  deviceIdBytes,
  encodeControl,
  encodeEntry,
  encodeHeader,
  entryId,
  EntryKind,
  isClearControl,
  project,
  signedHead,
  userIdBytes,
  type ControlCarrier,
  type ControlPayload,
  type DeviceId,
} from '@parley/protocol'
import { createMemoryDisk, createMemoryStore } from '@parley/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveConversation } from '../../packages/core/src/conversation/conversation.ts'
import type { Replica } from '../../packages/core/src/replica/replica.ts'
import { allTexts, createSharedGroup, createWorld, heard, until, type World } from '../../packages/core/test/support.ts'
import { answerWants, createHostileMember, forge, hash, sendIn, sendUpdate, type HostileMember } from './hostile-member.ts'
import { createRawPeer, LANE } from './raw-peer.ts'
import { settle } from './victims.ts'

let world: World
let alice: Parley
let bob: Parley
let hers: Conversation
let his: Conversation
const cleanUp: (() => Promise<void>)[] = []

beforeEach(async () => {
  world = createWorld()
  ;[alice, bob] = [await world.peer('alice'), await world.peer('bob')]
  ;[hers, his] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  await until(() => hers.getMembers().length === 2 && his.getMembers().length === 2)
})
afterEach(async () => {
  for (const end of cleanUp.splice(0)) await end()
  await world.close()
})

const replicaOf = (conversation: Conversation): Replica => (conversation as LiveConversation).replica
const frontier = (conversation: Conversation): readonly Uint8Array[] => replicaOf(conversation).controls.membership.frontier

async function createMallory(): Promise<HostileMember> {
  const mallory = await createHostileMember(world, 'mallory', hers)
  cleanUp.push(() => mallory.stop())
  return mallory
}

/** The next control entry of any device, as well as one without its key can write it. */
async function forgeControl({ replica, context }: HostileMember, device: DeviceId, payload: ControlPayload): Promise<ControlCarrier> {
  const bytes = deviceIdBytes(device)
  const state = replica.log.state(device)
  const epoch = replica.epochs.current!
  const isClear = isClearControl(payload.op)
  const headerBytes = encodeHeader({
    kind: EntryKind.control,
    time: context.clock.now(),
    ctr: 0,
    epoch: isClear ? 'clear' : epoch.id,
    deps: [],
    posts: state.posts,
    deletes: state.deletes,
    controls: state.controls + 1,
  })
  const plain = encodeControl(payload)
  const aad = bodyAad(replica.bytes, bytes, state.nextSeq, headerBytes)
  const body = isClear ? plain : sealBody(epoch.controlKey, context.random.bytes(24), aad, plain)
  const id = entryId(hash, {
    conversation: replica.bytes,
    device: bytes,
    seq: state.nextSeq,
    prevId: state.prevId,
    headerBytes,
    bodyHash: hash(body),
  })
  const signature = await context.me.keys.signing.sign(signedHead(replica.bytes, bytes, state.nextSeq, id))
  return { device: bytes, seq: state.nextSeq, prevId: state.prevId, entry: encodeEntry(headerBytes, body, signature) }
}

const members = (conversation: Conversation): string[] => [...conversation.getMembers()].sort()

test('[S1] a control entry forged in the name of another member has no effect, and is counted', async () => {
  const mallory = await createMallory()
  const link = await mallory.to('bob')
  const after = mallory.replica.controls.membership.frontier
  const asAlice = await forgeControl(mallory, alice.me.deviceId, { op: 'remove', user: userIdBytes(bob.me.id), pins: [], after })
  sendIn(link, { type: 'controls', entries: [asAlice] }, LANE.history)
  await until(() => bob.inspect().rejected['BadSignature'] === 1)
  expect([his.state, his.getMembers().length]).toEqual(['member', 3])
})

test('[S2] what came with an invalid signature is not stored, and is not shown as valid after a restart either', async () => {
  const disk = createMemoryDisk()
  const carol = await world.peer('carol', { store: createMemoryStore({ disk }) })
  const theirs = await carol.join(await hers.invite())
  await theirs.admitted()
  const mallory = await createMallory()
  const link = await mallory.dial('memory:carol')
  // Carol asks for the entry before, in case it follows another history.
  answerWants(mallory, link)
  const state = mallory.replica.log.state(mallory.context.me.deviceId)
  const { bytes } = await forge(mallory, mallory.context.me.deviceId, { state, signature: new Uint8Array(64).fill(7) })
  sendUpdate(mallory, link, mallory.context.me.deviceId, state.nextSeq, [bytes])
  await until(() => carol.inspect().rejected['BadSignature'] === 1)
  await carol.close()
  world.peers.splice(world.peers.indexOf(carol), 1)
  const again = await world.peer('carol', { store: createMemoryStore({ disk }) })
  const theirsAgain = again.conversation(theirs.getId())!
  expect(await allTexts(theirsAgain)).toEqual([])
  expect(replicaOf(theirsAgain).log.nextSeq(mallory.context.me.deviceId)).toBe(state.nextSeq)
})

test('[S3] one who is not in publishes a newer key: nobody writes under it', async () => {
  const mallory = await createMallory()
  const gone = mallory.replica
  await hers.removeMember(mallory.context.me.userId)
  await until(() => his.getMembers().length === 2)
  const before = [replicaOf(hers).epochs.current!.id, replicaOf(his).epochs.current!.id]
  const secret = createEpochSecret((n) => mallory.context.random.bytes(n))
  const parents = [gone.epochs.current!.id]
  const { frontier: after } = replicaOf(hers).controls.membership
  const commitment = epochCommitment(secret)
  const carrier = await forgeControl(mallory, mallory.context.me.deviceId, {
    op: 'epoch',
    gen: 9,
    parents,
    commitment,
    boxes: [],
    back: [],
    after: [...after],
  })
  // By whatever way it comes: also through a member.
  for (const seen of [hers, his]) await replicaOf(seen).ingestControls([carrier])
  expect([replicaOf(hers).epochs.current!.id, replicaOf(his).epochs.current!.id]).toEqual(before)
  const id = epochIdOf(gone.bytes, commitment)
  expect(replicaOf(hers).epochs.get(id)).toBeUndefined()
  await hers.sendMessage({ text: 'under our own' })
  await until(async () => (await allTexts(his)).includes('under our own'))
})

test('[S4] the proof of an invitation lets in neither another device nor, once more, somebody who was put out', async () => {
  const link = await hers.invite({ uses: 10 })
  const carol = await world.peer('carol')
  const theirs = await carol.join(link)
  await theirs.admitted()
  await until(() => his.getMembers().length === 3)
  const admission = replicaOf(his)
    .controls.entries()
    .find(({ payload, certs }) => payload?.op === 'admit' && certs[0]?.deviceId === carol.me.deviceId)!.payload
  if (admission?.op !== 'admit') throw new Error('no admission')
  const stranger = await world.peer('dave')
  const strangersCert = replicaOf(await stranger.createGroup()).controls.membership.devices.get(stranger.me.deviceId)!.cert
  // Bob, who may admit, uses it for a friend of his.
  await replicaOf(his).commitControl({ ...admission, cert: strangersCert.bytes, after: frontier(his) })
  await hers.removeMember(carol.me.id)
  await until(() => his.getMembers().length === 2)
  await replicaOf(his).commitControl({ ...admission, after: frontier(his) })
  await his.sendMessage({ text: 'afterwards' })
  await until(async () => (await allTexts(hers)).includes('afterwards'))
  expect([members(hers), members(his)]).toEqual([[alice.me.id, bob.me.id].sort(), [alice.me.id, bob.me.id].sort()])
  // Nor by the link itself, which could let in nine more.
  const again = await carol.join(link)
  await until(() => alice.inspect().links.length > 0 && carol.inspect().links.length > 0)
  await settle(300)
  expect([again.state === 'member', hers.getMembers().length, his.getMembers().length]).toEqual([false, 2, 2])
})

test('[S5] [S13] a rendezvous that is on the topic and says what it likes is nobody’s member, and decides nothing', async () => {
  const { topic } = replicaOf(hers).epochs.current!
  const relay = await createRawPeer(world.network, 'relay', { topics: [topic] })
  cleanUp.push(() => relay.transport.stop())
  await until(() => relay.links.length >= 2)
  // It repeats to each what it hears from the other, and adds control entries that it has seen elsewhere.
  const other = await (await world.peer('eve')).createGroup()
  for (const link of relay.links) {
    link.send({ type: 'controls', handle: new Uint8Array(8), entries: replicaOf(other).controls.carriers() })
    for (const message of relay.links.flatMap(({ received }) => received)) link.send(message)
  }
  await settle()
  expect(members(hers)).toEqual([alice.me.id, bob.me.id].sort())
  expect(members(his)).toEqual(members(hers))
  expect(relay.links.flatMap(({ received }) => received).every(({ type }) => type === 'hello' || type === 'proofs')).toBe(true)
  await hers.sendMessage({ text: 'between us' })
  await until(async () => (await allTexts(his)).includes('between us'))
})

test('[S6] no event tells of what its author did not write', async () => {
  const mallory = await createMallory()
  const link = await mallory.to('bob')
  const told = [heard(his, 'message'), heard(his, 'messageUpdated'), heard(his, 'messageDeleted'), heard(his, 'memberRemoved')]
  const state = mallory.replica.log.state(alice.me.deviceId)
  const { bytes } = await forge(mallory, alice.me.deviceId, { state, text: 'forged' })
  sendUpdate(mallory, link, alice.me.deviceId, state.nextSeq, [bytes])
  const after = mallory.replica.controls.membership.frontier
  const carrier = await forgeControl(mallory, alice.me.deviceId, { op: 'leave', pins: [], after })
  sendIn(link, { type: 'controls', entries: [carrier] }, LANE.history)
  await until(() => (bob.inspect().rejected['BadSignature'] ?? 0) > 0)
  await settle()
  expect(told).toEqual([[], [], [], []])
})

test('[S7] an epoch whose boxes hold different keys: no message reads differently for two members', async () => {
  const mallory = await createMallory()
  const { replica, context } = mallory
  const random = (n: number): Uint8Array => context.random.bytes(n)
  const [one, two] = [createEpochSecret(random), createEpochSecret(random)]
  const commitment = epochCommitment(one)
  const id = epochIdOf(replica.bytes, commitment)
  const boxFor = async (peer: Parley, secret: typeof one) => {
    const { cert } = replica.controls.membership.devices.get(peer.me.deviceId)!
    const info = concatBytes(replica.bytes, id, deviceIdBytes(peer.me.deviceId))
    return { device: deviceIdBytes(peer.me.deviceId), box: await hpkeSeal(context.crypto, cert.agreeKey, info, epochSecretBytes(secret)) }
  }
  const current = replica.epochs.current!
  const boxes = [await boxFor(alice, one), await boxFor(bob, two)].sort((a, b) => compareBytes(a.device, b.device))
  const entry = await replica.commitControl({
    op: 'epoch',
    gen: 1,
    parents: [current.id],
    commitment,
    boxes,
    back: [],
    after: replica.controls.membership.frontier,
  })
  const carriers = replica.controls.carriers(context.me.deviceId)
  for (const name of ['alice', 'bob']) sendIn(await mallory.dial(`memory:${name}`), { type: 'controls', entries: carriers }, LANE.history)
  await until(() => replicaOf(hers).epochs.get(id) !== undefined)
  // Bob was given another key; he asks those who have the one that was committed to.
  await until(() => replicaOf(his).epochs.get(id) !== undefined)
  expect(replicaOf(his).epochs.get(id)!.secret).toEqual(replicaOf(hers).epochs.get(id)!.secret)
  expect(decodeEntry(entry.bytes).header.kind).toBe(EntryKind.control)
  await hers.sendMessage({ text: 'the same for all' })
  await until(async () => (await allTexts(his)).includes('the same for all'))
})

test('[S8] messages and changes of membership, repeated here or in another conversation, change nothing', async () => {
  await hers.sendMessage({ text: 'once' })
  await until(async () => (await allTexts(his)).includes('once'))
  const [second, secondToo] = (await createSharedGroup(alice, bob)) as [Conversation, Conversation]
  const [from, to] = [replicaOf(hers), replicaOf(secondToo)]
  await until(() => [hers, his, second, secondToo].every((c) => c.members().every(({ name }) => name !== '')))
  await until(() => compareBytes(to.sum(), replicaOf(second).sum()) === 0)
  const device = alice.me.deviceId
  const entries = await from.log.read(device, 0, from.log.nextSeq(device))
  const before = [secondToo.getMembers(), await allTexts(secondToo), to.sum()]
  for (const bytes of [
    project(hash, from.bytes, [{ device: deviceIdBytes(device), seq: 0, entries }]),
    project(hash, to.bytes, [{ device: deviceIdBytes(device), seq: to.log.nextSeq(device), entries }]),
  ])
    await expect(to.ingest(bytes, {}).then((result) => result.accepted || Promise.reject(new Error('nothing')))).rejects.toThrow()
  const foreign = from.controls.carriers().filter(({ seq }) => seq > 0)
  await to.ingestControls(foreign).catch((error: unknown) => expect(error).toMatchObject({ code: 'BadSignature' }))
  expect([secondToo.getMembers(), await allTexts(secondToo), to.sum()]).toEqual(before)
  // In their own: known already.
  const mine = replicaOf(his)
  expect(await mine.ingestControls(from.controls.carriers())).toBe(0)
  expect(await mine.ingest(project(hash, from.bytes, [{ device: deviceIdBytes(device), seq: 0, entries }]), {})).toMatchObject({
    accepted: 0,
  })
  expect(await allTexts(his)).toEqual(['once'])
  expect(second.getMembers()).toHaveLength(2)
})

test('[S9] changes of membership beside each other: the same answer in every order of arrival', async () => {
  const [carol, dave] = [await world.peer('carol'), await world.peer('dave')]
  const joined = [await carol.join(await hers.invite()), await dave.join(await hers.invite())]
  for (const conversation of joined) await conversation.admitted()
  const [theirs, daves] = joined as [Conversation, Conversation]
  await hers.setRole(bob.me.id, 'admin')
  await until(() => theirs.members().filter(({ role }) => role === 'admin').length === 1 && daves.getMembers().length === 4)
  await until(() => his.role === 'admin' && his.getMembers().length === 4)
  world.network.partition(['alice'], ['bob'], ['carol'], ['dave'])
  await hers.removeMember(bob.me.id)
  await his.removeMember(carol.me.id)
  await his.setRole(dave.me.id, 'admin')
  const [a, b] = [replicaOf(hers).controls.carriers(), replicaOf(his).controls.carriers()]
  await replicaOf(theirs).ingestControls(a)
  await replicaOf(theirs).ingestControls(b)
  await replicaOf(daves).ingestControls(b)
  await replicaOf(daves).ingestControls(a)
  expect(members(theirs)).toEqual(members(daves))
  // What bob did beside his removal never was.
  expect(members(daves)).toEqual([alice.me.id, carol.me.id, dave.me.id].sort())
  expect(daves.role).toBe('writer')
})

test('[S10] a removal that could not be stored has not happened, for nobody', async () => {
  const store = createMemoryStore()
  const carol = await world.peer('carol', { store })
  const theirs = await carol.join(await hers.invite())
  await theirs.admitted()
  await hers.setRole(carol.me.id, 'admin')
  await until(() => theirs.role === 'admin')
  await until(() => theirs.syncState.phase === 'live')
  const removed = [heard(hers, 'memberRemoved'), heard(theirs, 'memberRemoved')]
  const epoch = replicaOf(theirs).epochs.current!.id
  store.failNextWrites(1)
  await expect(theirs.removeMember(bob.me.id)).rejects.toMatchObject({ code: 'StorageFull' })
  expect([theirs.getMembers().length, hers.getMembers().length]).toEqual([3, 3])
  expect(replicaOf(theirs).epochs.current!.id).toEqual(epoch)
  await theirs.sendMessage({ text: 'for all three' })
  await until(async () => (await allTexts(his)).includes('for all three'))
  expect(removed).toEqual([[], []])
  // There is room again.
  await theirs.removeMember(bob.me.id)
  await until(() => his.state === 'removed')
})

test('[S14] one who comes back with an old state brings back neither a member nor a message', async () => {
  const carol = await world.peer('carol')
  const theirs = await carol.join(await hers.invite())
  await theirs.admitted()
  const message = await hers.sendMessage({ text: 'regretted' })
  await until(async () => (await allTexts(theirs)).length === 1 && (await allTexts(his)).length === 1)
  await until(() => theirs.getMembers().length === 3 && his.getMembers().length === 3)
  world.network.partition(['alice', 'bob'], ['carol'])
  const dave = await world.peer('dave')
  world.network.partition(['alice', 'bob', 'dave'], ['carol'])
  const daves = await dave.join(await hers.invite())
  await daves.admitted()
  await hers.deleteMessage(message.id)
  await hers.removeMember(dave.me.id)
  await hers.removeMember(bob.me.id)
  await until(() => his.state === 'removed')
  world.network.heal()
  await until(() => theirs.getMembers().length === 2)
  await theirs.sendMessage({ text: 'what did I miss?' })
  await until(async () => (await allTexts(hers)).includes('what did I miss?'))
  for (const seen of [hers, theirs]) expect(await allTexts(seen)).toEqual(['what did I miss?'])
  expect([members(hers), members(theirs)]).toEqual([[alice.me.id, carol.me.id].sort(), [alice.me.id, carol.me.id].sort()])
})

test('[S16] a member who passes on what a stranger wrote: it is nobody’s', async () => {
  const mallory = await createMallory()
  const link = await mallory.to('bob')
  const eve = await world.peer('eve')
  const other = await eve.createGroup()
  await other.sendMessage({ text: 'from outside' })
  const { log, controls } = replicaOf(other)
  const device = eve.me.deviceId
  const entries = await log.read(device, 0, log.nextSeq(device))
  sendIn(
    link,
    { type: 'update', bytes: project(hash, mallory.replica.bytes, [{ device: deviceIdBytes(device), seq: 0, entries }]) },
    LANE.live,
  )
  sendIn(link, { type: 'controls', entries: controls.carriers() }, LANE.history)
  await settle()
  expect(his.getMembers()).toHaveLength(3)
  expect(await allTexts(his)).toEqual([])
  const cert = replicaOf(other).controls.membership.devices.get(device)!.cert
  expect(await verifyDeviceCert(mallory.context.crypto, cert.bytes)).toBeDefined()
  await hers.sendMessage({ text: 'from inside' })
  await until(async () => (await allTexts(his)).includes('from inside'))
})
