/** `verify` finds every kind of damage in a real LevelDB and a real folder of files, and puts right what can be. */
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  blobName,
  createEngine,
  type Damage,
  type DamageCode,
  type Parley,
  type Store,
  type StoreOperation,
  type VerifyReport,
} from '@parley/core'
import { nodeFileCrypto, nodeProvider } from '@parley/crypto/node'
import {
  conversationIdBytes,
  decodeCbor,
  decodeChainState,
  decodeEntry,
  deviceIdBytes,
  encodeCbor,
  encodeChainState,
  messageIdParts,
  purgeEntry,
  type CborValue,
  type ConversationId,
  type MessageId,
} from '@parley/protocol'
import { openFileBlobStore, openLevelStore } from '@parley/store-level'
import { createMemoryNetwork, createMemoryStore, seededRandom, silentLogger, type MemoryNetwork } from '@parley/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Keyspace } from '../../packages/core/src/replica/keyspace.ts'
import { systemClock, until } from '../../packages/core/test/support.ts'

/** More than a chunk of each, so that there are complete ones, anchors, and rows that a signature covers alone. */
const MESSAGES_EACH = 280

/** What the damages need to know of the profile. */
interface Scene {
  readonly id: ConversationId
  readonly keys: Keyspace
  readonly alice: Uint8Array
  readonly bob: Uint8Array
  /** A message of bob's in the first chunk. */
  readonly his: MessageId
  /** The row of a message of bob's from before he deleted it. */
  readonly deleted: { readonly key: Uint8Array; readonly value: Uint8Array }
  readonly edited: MessageId
  readonly reacted: MessageId
  readonly view: unknown
}

let folder = ''
let copies = 0
let scene: Scene
let network: MemoryNetwork
const bobStore = createMemoryStore()
const open: Parley[] = []

const paths = (profile: string): { rows: string; files: string } => ({ rows: join(profile, 'rows'), files: join(profile, 'files') })

async function openAlice(profile: string, isOnline = false): Promise<Parley> {
  const { rows, files } = paths(profile)
  const parley = await createEngine({
    store: await openLevelStore({ path: rows }),
    attachments: { blobs: await openFileBlobStore({ path: files }), crypto: nodeFileCrypto() },
    transports: isOnline ? [network.transport('alice')] : [],
    crypto: nodeProvider(),
    clock: systemClock,
    random: seededRandom(++copies),
    logger: silentLogger(),
    name: 'Alice',
  })
  open.push(parley)
  return parley
}

async function close(parley: Parley): Promise<void> {
  open.splice(open.indexOf(parley), 1)
  await parley.close()
}

async function viewOf(parley: Parley, id: ConversationId): Promise<unknown> {
  const conversation = parley.conversation(id)!
  const { totalMessages, totalPages } = await conversation.getMessages()
  const pages = await Promise.all(Array.from({ length: totalPages }, async (_, i) => (await conversation.getMessages(i + 1)).messages))
  return { totalMessages, messages: pages.flat().map(({ id: message, text, replyTo, reactions }) => [message, text, replyTo, reactions]) }
}

const rowOf = async (store: Store, key: Uint8Array): Promise<Uint8Array> => (await store.get(key))!

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-verify-'))
  network = createMemoryNetwork({ clock: systemClock })
  const profile = join(folder, 'whole')
  const alice = await openAlice(profile, true)
  const bob = await createEngine({
    store: bobStore,
    transports: [network.transport('bob')],
    crypto: nodeProvider(),
    clock: systemClock,
    random: seededRandom(7),
    logger: silentLogger(),
    name: 'Bob',
  })
  const hers = await alice.createGroup({ title: 'Store room' })
  const his = await bob.join(await hers.invite())
  await his.admitted()
  const send = (conversation: typeof hers, name: string): Promise<{ id: MessageId }[]> =>
    Promise.all(Array.from({ length: MESSAGES_EACH }, (_, i) => conversation.sendMessage({ text: `${name} ${i}` })))
  const ours = await send(hers, 'hers')
  const theirs = await send(his, 'his')
  await until(async () => (await hers.getMessages()).totalMessages === 2 * MESSAGES_EACH)
  const keys = new Keyspace(conversationIdBytes(hers.getId()))
  const place = (id: MessageId): Uint8Array => keys.entry(messageIdParts(id).device, messageIdParts(id).seq)
  // What an undeleted row looks like, from the disk of the author.
  const gone = theirs[5]!.id
  const value = await rowOf(bobStore, place(gone))
  const [edited, reacted] = [ours[9]!.id, theirs[9]!.id]
  await his.deleteMessage(gone)
  await hers.updateMessage(edited, { text: 'edited' })
  await hers.react(reacted, '👍')
  await hers.sendMessage({ text: 'an answer', replyTo: reacted, file: new File([new Uint8Array(300_000).fill(7)], 'sevens.bin') })
  await until(
    async () =>
      (await hers.getMessages()).totalMessages === 2 * MESSAGES_EACH && (await his.getMessages()).totalMessages === 2 * MESSAGES_EACH,
  )
  scene = {
    id: hers.getId(),
    keys,
    alice: deviceIdBytes(alice.me.deviceId),
    bob: deviceIdBytes(bob.me.deviceId),
    his: theirs[20]!.id,
    deleted: { key: place(gone), value },
    edited,
    reacted,
    view: await viewOf(alice, hers.getId()),
  }
  await close(alice)
  open.push(bob)
})

afterAll(async () => {
  await Promise.all(open.map((parley) => parley.close()))
  await rm(folder, { recursive: true })
})

/** A copy of the profile, with its rows open. */
async function copyOf(change: (store: Store) => Promise<readonly StoreOperation[]>): Promise<string> {
  const profile = join(folder, `copy-${++copies}`)
  await cp(join(folder, 'whole'), profile, { recursive: true })
  const store = await openLevelStore({ path: paths(profile).rows })
  await store.write(await change(store), { durability: 'strict' })
  await store.close()
  return profile
}

const codesOf = ({ damages }: VerifyReport): DamageCode[] => [...new Set(damages.map(({ code }) => code))].sort()
/** The header of a rank tree and its nodes. */
const nodesOf = (prefix: Uint8Array): { gte: Uint8Array; lt: Uint8Array } => ({ gte: prefix, lt: new Uint8Array([...prefix, 0xff]) })
const hash = (bytes: Uint8Array): Uint8Array => nodeProvider().sha256(bytes)
const put = (key: Uint8Array, value: Uint8Array): StoreOperation => ({ type: 'put', key, value })
const del = (key: Uint8Array): StoreOperation => ({ type: 'delete', key })

test('a sound profile is sound, and looking at it changes no row', async () => {
  const profile = await copyOf(async () => [])
  const parley = await openAlice(profile)
  const report = await parley.verify()
  expect(report).toEqual({
    isSound: true,
    conversations: 1,
    entries: expect.any(Number),
    messages: 2 * MESSAGES_EACH,
    files: 1,
    damages: [],
  })
  expect(report.entries).toBeGreaterThan(2 * MESSAGES_EACH + 4)
  expect((await parley.verify(scene.id)).isSound).toBe(true)
  await expect(parley.verify('nonsense' as ConversationId)).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(parley.verify(undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'Aborted' })
  await close(parley)
})

/** What is put right completely: afterwards the profile shows what it showed. */
const MENDED: Readonly<Record<string, { code: DamageCode; change: (store: Store) => Promise<readonly StoreOperation[]> }>> = {
  'an edit is not noted': { code: 'IndexWrong', change: async () => [del(scene.keys.overlay(bytesOf(scene.edited)))] },
  'reactions and replies are not noted': { code: 'IndexWrong', change: async () => [del(scene.keys.response(bytesOf(scene.reacted)))] },
  'a message is noted as deleted that is not': {
    code: 'IndexWrong',
    change: async () => [put(scene.keys.overlay(bytesOf(scene.his)), encodeCbor([true, [], null]))],
  },
  'a fold is written in no form that there is': {
    code: 'IndexWrong',
    change: async () => [put(scene.keys.overlay(bytesOf(scene.edited)), Uint8Array.of(0xff))],
  },
  'the files of messages are not noted': {
    code: 'IndexWrong',
    change: async (store) => (await store.range(nodesOf(scene.keys.blobs()))).map(({ key }) => del(key)),
  },
  'a counter of a head is wrong': {
    code: 'CounterWrong',
    change: async (store) => {
      const key = scene.keys.head(scene.bob)
      const state = decodeChainState(await rowOf(store, key))
      return [put(key, encodeChainState({ ...state, deletes: state.deletes + 1 }))]
    },
  },
  'the id before a chunk is wrong': {
    code: 'CounterWrong',
    change: async () => [put(scene.keys.anchor(scene.bob, 1), new Uint8Array(32))],
  },
  'it is not noted which key seals a log': {
    code: 'CounterWrong',
    change: async (store) => (await store.range(scene.keys.epochsOfLog(scene.alice, 1))).map(({ key }) => del(key)),
  },
  'the content of a deleted message is back': { code: 'NotPurged', change: async () => [put(scene.deleted.key, scene.deleted.value)] },
  'rows of a conversation that is not here': {
    code: 'LeftOver',
    change: async () => [put(new Keyspace(new Uint8Array(32).fill(9)).head(scene.bob), Uint8Array.of(1))],
  },
  'an entry behind the head of a log': {
    code: 'LeftOver',
    change: async () => [put(scene.keys.entry(scene.bob, 5_000), scene.deleted.value)],
  },
}

const bytesOf = (id: MessageId): Uint8Array => {
  const { device, seq, entry16 } = messageIdParts(id)
  return Buffer.concat([device, Buffer.of(seq >>> 24, seq >>> 16, seq >>> 8, seq), entry16])
}

test.each(Object.entries(MENDED))('%s', async (_, { code, change }) => {
  const profile = await copyOf(change)
  let parley = await openAlice(profile)
  const report = await parley.verify()
  expect(codesOf(report)).toContain(code)
  expect(report.isSound).toBe(false)
  expect(report.damages.every((damage: Damage) => !damage.isRepaired && damage.what.length > 10)).toBe(true)
  const mended = await parley.verify(undefined, { repair: true })
  expect(mended.damages.map(({ isRepaired }) => isRepaired)).not.toContain(false)
  expect(await parley.verify()).toMatchObject({ isSound: true, damages: [] })
  expect(await viewOf(parley, scene.id)).toEqual(scene.view)
  await close(parley)
  parley = await openAlice(profile)
  expect(await parley.verify()).toMatchObject({ isSound: true, damages: [] })
  expect(await viewOf(parley, scene.id)).toEqual(scene.view)
  await close(parley)
})

test('folds that cannot be read at all are folded anew when the profile is opened', async () => {
  const header = await copyOf(async () => [put(scene.keys.timeline(), new Uint8Array(20)), put(scene.keys.folded(), Uint8Array.of(0xff))])
  const nodes = await copyOf(async (store) => (await store.range(nodesOf(scene.keys.timeline()))).slice(1).map(({ key }) => del(key)))
  for (const profile of [header, nodes]) {
    const parley = await openAlice(profile)
    expect(await parley.verify()).toMatchObject({ isSound: true, damages: [] })
    expect(await viewOf(parley, scene.id)).toEqual(scene.view)
    await close(parley)
  }
})

test.each<[string, readonly DamageCode[], (store: Store) => Promise<readonly StoreOperation[]>]>([
  ['lost entries in old pages', ['LogBroken'], async () => [del(scene.keys.entry(scene.bob, 100))]],
  // The log is mended when the profile is opened, without the deletion that said why a body is not there.
  ['lost entries in the newest page', ['ReferenceWrong'], async () => [del(scene.keys.entry(scene.bob, 270))]],
  [
    'a lost body that nobody was asked for',
    ['IndexWrong', 'ReferenceWrong'],
    async (store) => {
      const key = scene.keys.entry(scene.bob, messageIdParts(scene.his).seq)
      return [put(key, purgeEntry(await rowOf(store, key), hash))]
    },
  ],
])('what others have is fetched from them again: %s', async (_, codes, change) => {
  const profile = await copyOf(change)
  const parley = await openAlice(profile)
  const mended = await parley.verify(scene.id, { repair: true })
  expect(codesOf(mended)).toEqual(codes)
  expect(mended.isSound).toBe(true)
  expect(await viewOf(parley, scene.id)).not.toEqual(scene.view)
  await close(parley)
  const online = await openAlice(profile, true)
  await until(async () => JSON.stringify(await viewOf(online, scene.id)) === JSON.stringify(scene.view))
  expect(await online.verify()).toMatchObject({ isSound: true, damages: [] })
  await close(online)
})

test('what only this device could know is told and left as it is', async () => {
  const { keys, alice, bob } = scene
  const profile = await copyOf(async (store) => {
    const [row] = await store.range({ ...keys.controls(), gte: keys.control(bob, 1) })
    const fields = decodeCbor(row!.value) as CborValue[]
    const bytes = (fields[2] as Uint8Array).slice()
    bytes[bytes.length - 1]! ^= 1
    expect(decodeEntry(bytes).signature).toBeDefined()
    return [del(keys.entry(alice, 100)), put(row!.key, encodeCbor([fields[0]!, fields[1]!, bytes, ...fields.slice(3)]))]
  })
  const parley = await openAlice(profile)
  const report = await parley.verify(undefined, { repair: true })
  expect(codesOf(report)).toEqual(['ControlBroken', 'LogBroken'])
  expect(report.isSound).toBe(false)
  expect(codesOf(await parley.verify())).toEqual(['ControlBroken', 'LogBroken'])
  await close(parley)
})

/** Of what alice said herself, in the newest page. */
const LOST = 270

test.each<[string, 'one' | 'rest of the chunk', (store: Store) => Promise<readonly StoreOperation[]>]>([
  ['is lost', 'one', async () => [del(scene.keys.entry(scene.alice, LOST))]],
  ['cannot be read', 'one', async () => [put(scene.keys.entry(scene.alice, LOST), Uint8Array.of(0xff, 0xff))]],
  [
    'is lost, and the folds with it',
    'rest of the chunk',
    async () => [del(scene.keys.entry(scene.alice, LOST)), put(scene.keys.timeline(), new Uint8Array(20)), del(scene.keys.folded())],
  ],
])('what this device said %s: the profile opens without that, and goes on', async (_, lost, change) => {
  const profile = await copyOf(change)
  let parley = await openAlice(profile)
  const isLost = (id: MessageId): boolean => {
    const { device, seq } = messageIdParts(id)
    return Buffer.compare(device, scene.alice) === 0 && (lost === 'one' ? seq === LOST : seq >= LOST)
  }
  const idsOf = async (): Promise<MessageId[]> => {
    const { messages } = (await viewOf(parley, scene.id)) as { messages: [MessageId][] }
    return messages.map(([id]) => id).toSorted()
  }
  const left = (scene.view as { messages: [MessageId][] }).messages.flatMap(([id]) => (isLost(id) ? [] : [id]))
  expect(left.length).toBeLessThan(2 * MESSAGES_EACH)
  expect(await idsOf()).toEqual(left.toSorted())
  const { id } = await parley.conversation(scene.id)!.sendMessage({ text: 'still here' })
  await close(parley)
  parley = await openAlice(profile)
  expect(await idsOf()).toEqual([...left, id].toSorted())
  expect(codesOf(await parley.verify(undefined, { repair: true }))).toContain('LogBroken')
  expect(await idsOf()).toEqual([...left, id].toSorted())
  await close(parley)
})

/** Of the log file of the rows: in the last batch, and at times before. */
const CUTS = [1, 300, 20_000, 80_000, 150_000]

test.each(CUTS)('power fails %i bytes before the end of what was written: what is left is a sound profile', async (missing) => {
  const profile = join(folder, `copy-${++copies}`)
  await cp(join(folder, 'whole'), profile, { recursive: true })
  const { rows } = paths(profile)
  const log = join(
    rows,
    (await readdir(rows)).find((name) => name.endsWith('.log'))!,
  )
  await truncate(log, (await stat(log)).size - missing)
  const parley = await openAlice(profile)
  expect(await parley.verify()).toMatchObject({ isSound: true, conversations: 1, damages: [] })
  const { messages } = (await viewOf(parley, scene.id)) as { messages: [MessageId, ...unknown[]][] }
  const before = new Map((scene.view as { messages: [MessageId, ...unknown[]][] }).messages.map(([id, ...rest]) => [id, rest]))
  // Nothing that was not said; the first entry of the deleted message may be back, for its deletion is not here.
  expect(messages.filter(([id]) => !before.has(id)).length).toBeLessThanOrEqual(1)
  await close(parley)
})

test('files: a broken piece is dropped, and a file of no message goes', async () => {
  const profile = await copyOf(async () => [])
  const parley = await openAlice(profile)
  const { files } = paths(profile)
  expect(await parley.verify()).toMatchObject({ isSound: true, files: 1 })
  const name = (await readdir(files)).find((one) => one !== 'tmp')
  const piece = join(files, name!, '1')
  const bytes = await readFile(piece)
  bytes[40]! ^= 1
  await writeFile(piece, bytes)
  await cp(join(files, name!), join(files, blobName(new Uint8Array(32).fill(3))), { recursive: true })
  expect(codesOf(await parley.verify())).toEqual(['FileBroken', 'LeftOver'])
  expect(await parley.verify(undefined, { repair: true })).toMatchObject({ isSound: true })
  expect(await parley.verify()).toMatchObject({ isSound: true, files: 1, damages: [] })
  expect(await readdir(join(files, name!))).toEqual(['0', 'manifest'])
  await close(parley)
  // What a crash left between a file and its message goes by itself, and is nothing to tell.
  await cp(join(files, name!), join(files, blobName(new Uint8Array(32).fill(4))), { recursive: true })
  const again = await openAlice(profile)
  expect(await again.verify()).toMatchObject({ isSound: true, files: 1, damages: [] })
  await close(again)
})

test('a view that was written to from outside is put right', async () => {
  const parley = await openAlice(await copyOf(async () => []))
  parley.conversation(scene.id)!.doc.getArray('messages').delete(3, 2)
  const report = await parley.verify()
  expect(report.damages).toEqual([{ code: 'ViewWrong', conversationId: scene.id, what: expect.any(String), isRepaired: true }])
  expect(await parley.verify()).toMatchObject({ isSound: true, damages: [] })
  await close(parley)
})
