/** Files between peers: sent, listed, fetched, purged. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { createMemoryBlobDisk, createMemoryBlobStore, createMemoryDisk, createMemoryStore, type MemoryBlobDisk } from '@parley/testing'
import { afterEach, expect, test } from 'vitest'
import {
  AttachmentFiles,
  bytesSource,
  type Attachment,
  type AttachmentsInit,
  type BlobStore,
  type LinkInspection,
  type Message,
  type Parley,
  type Picture,
} from '../src/index.ts'
import { createSharedGroup, createWorld, until, type World } from './support.ts'

const CHUNK = 262_144
let world: World
afterEach(() => world.close())

const filesOn = (blobs: BlobStore = createMemoryBlobStore(), more: Partial<AttachmentsInit> = {}): { attachments: AttachmentsInit } => ({
  attachments: { blobs, crypto: nodeFileCrypto(), ...more },
})

/** Bytes that differ from chunk to chunk. */
function content(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length).fill(seed)
  for (let i = 0; i < length; i += 1_024) bytes[i] = i >> 10
  for (let i = 1; i < length; i += CHUNK) bytes[i] = i >> 18
  return bytes
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

async function bytesOf(attachment: Attachment): Promise<Uint8Array> {
  return new Uint8Array(await (await attachment.blob()).arrayBuffer())
}

async function received(
  conversation: { getMessage(id: Message['id']): Promise<Message | undefined> },
  id: Message['id'],
): Promise<Attachment> {
  await until(async () => (await conversation.getMessage(id)) !== undefined)
  return (await conversation.getMessage(id))!.attachments[0]!
}

const linksOf = (peer: Parley): readonly LinkInspection[] => peer.inspect().links.filter((link) => link.conversations.length > 0)

const bytesOn = (disk: MemoryBlobDisk): number =>
  [...disk.values()].flatMap((files) => [...files.values()]).reduce((sum, { length }) => sum + length, 0)

/** A picture of one pixel. */
const PNG = Uint8Array.from(
  atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='),
  (character) => character.charCodeAt(0),
)

test('alice sends a file, bob reads it', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob', filesOn())]
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(3 * CHUNK + 5)
  const sent = await hers!.sendMessage({ text: 'the plan', file: { bytes, name: '../plan.bin', type: 'application/x-plan' } })
  expect(sent.attachments).toHaveLength(1)
  expect(sent.attachments[0]).toMatchObject({ name: 'plan.bin', type: 'application/x-plan', size: bytes.length, messageId: sent.id })
  expect(isSame(await bytesOf(sent.attachments[0]!), bytes)).toBe(true)
  const file = await received(his!, sent.id)
  expect(await file.received()).toBe(0)
  const progress: [number, number][] = []
  const blob = await file.blob({ onProgress: (...step) => void progress.push(step) })
  expect(isSame(new Uint8Array(await blob.arrayBuffer()), bytes)).toBe(true)
  expect(progress.at(-1)).toEqual([bytes.length, bytes.length])
  expect(progress.map(([n]) => n)).toEqual([...progress.map(([n]) => n)].sort((a, b) => a - b))
  expect(await file.received()).toBe(bytes.length)
  expect(structuredClone(file)).toMatchObject({ id: file.id, name: 'plan.bin' })
})

test('a file comes from both who hold it, each part once', async () => {
  world = createWorld()
  const disk = createMemoryBlobDisk()
  const [alice, bob, carol] = [
    await world.peer('alice', filesOn()),
    await world.peer('bob', filesOn()),
    await world.peer('carol', filesOn(createMemoryBlobStore({ disk }))),
  ]
  const [hers, his, third] = await createSharedGroup(alice, bob, carol)
  const bytes = content(40 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  await (await received(his!, sent.id)).fetch()
  const file = await received(third!, sent.id)
  await until(() => linksOf(carol).length === 2)
  const before = linksOf(carol).map((link) => link.bytesIn)
  expect(isSame(await bytesOf(file), bytes)).toBe(true)
  const fetched = linksOf(carol).map((link, i) => link.bytesIn - before[i]!)
  expect(Math.min(...fetched)).toBeGreaterThan(5 * CHUNK)
  expect(fetched[0]! + fetched[1]!).toBeLessThan(bytes.length * 1.05)
})

test('who reads at the same time shares one fetch', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob', filesOn())]
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(8 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  const file = await received(his!, sent.id)
  const read = await Promise.all([bytesOf(file), bytesOf(file), file.fetch(), bytesOf(file)])
  expect(isSame(read[0], bytes)).toBe(true)
  expect(isSame(read[3], bytes)).toBe(true)
  expect(linksOf(bob)[0]!.bytesIn).toBeLessThan(bytes.length * 1.1)
})

test('nobody online has it: said, and it goes on when somebody comes', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob', filesOn())]
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(2 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  const file = await received(his!, sent.id)
  world.network.partition(['alice'], ['bob'])
  await until(() => linksOf(bob).length === 0)
  await expect(file.blob({ wait: false })).rejects.toMatchObject({ code: 'AttachmentUnavailable', retryable: true })
  const holders: number[] = []
  const waiting = file.blob({ onHolders: (count) => void holders.push(count) })
  await until(() => holders.length > 0)
  expect(holders).toEqual([0])
  world.network.heal()
  expect((await waiting).size).toBe(bytes.length)
  expect(holders).toContain(1)
})

test('a signal ends a fetch, and the next one goes on with what is here', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob', filesOn())]
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(30 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  const file = await received(his!, sent.id)
  const stop = new AbortController()
  const first = file.fetch({ signal: stop.signal, onProgress: (done) => done >= 10 * CHUNK && stop.abort() })
  await expect(first).rejects.toMatchObject({ code: 'Aborted' })
  const kept = await file.received()
  expect(kept).toBeGreaterThanOrEqual(10 * CHUNK)
  expect(kept).toBeLessThan(bytes.length)
  const before = linksOf(bob)[0]!.bytesIn
  expect(isSame(await bytesOf(file), bytes)).toBe(true)
  // A few parts were under way when it ended.
  expect(linksOf(bob)[0]!.bytesIn - before).toBeLessThan(bytes.length - kept + 5 * CHUNK)
})

test('a fetch goes on after a restart where it was', async () => {
  world = createWorld()
  const [rows, disk] = [createMemoryDisk(), createMemoryBlobDisk()]
  const alice = await world.peer('alice', filesOn())
  const first = await world.peer('bob', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const [hers, his] = await createSharedGroup(alice, first)
  const bytes = content(30 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  const file = await received(his!, sent.id)
  const stop = new AbortController()
  await file.fetch({ signal: stop.signal, onProgress: (done) => done >= 10 * CHUNK && stop.abort() }).catch(() => undefined)
  const kept = await file.received()
  await first.close()
  const bob = await world.peer('bob', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const again = (await bob.conversations[0]!.getAttachments())[0]!
  expect(await again.received()).toBeGreaterThanOrEqual(kept)
  await until(() => linksOf(bob).length === 1)
  expect(isSame(await bytesOf(again), bytes)).toBe(true)
  expect(linksOf(bob)[0]!.bytesIn).toBeLessThan(bytes.length - kept + 2 * CHUNK)
})

test('a fetch that a restart interrupts goes on by itself, also when the holder comes later; one that was stopped does not', async () => {
  world = createWorld()
  const [rows, disk] = [createMemoryDisk(), createMemoryBlobDisk()]
  const open = (): Promise<Parley> =>
    world.peer('bob', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const alice = await world.peer('alice', filesOn())
  const first = await open()
  const [hers, his] = await createSharedGroup(alice, first)
  const [wanted, stopped] = [content(30 * CHUNK), content(20 * CHUNK)]
  const sent = await hers!.sendMessage({ file: [{ bytes: wanted }, { bytes: stopped }] })
  await received(his!, sent.id)
  const files = (await his!.getMessage(sent.id))!.attachments
  const stop = new AbortController()
  await expect(files[1]!.fetch({ signal: stop.signal, onProgress: (done) => done >= 2 * CHUNK && stop.abort() })).rejects.toMatchObject({
    code: 'Aborted',
  })
  const interrupted = new Promise<unknown>((resolve) => {
    const fetching = files[0]!.fetch({ onProgress: (done) => done >= 3 * CHUNK && void first.close() })
    fetching.catch(resolve)
  })
  expect(await interrupted).toMatchObject({ code: 'Closed' })
  world.network.partition(['alice'], ['bob'])
  const bob = await open()
  const [another, again] = await bob.conversations[0]!.getAttachments()
  const kept = await another!.received()
  expect(await again!.received()).toBeLessThan(wanted.length)
  world.network.heal()
  await until(async () => (await again!.received()) === wanted.length)
  expect(isSame(await bytesOf(again!), wanted)).toBe(true)
  expect(await another!.received()).toBe(kept)
  await bob.close()
  // It is here, so nothing is wanted after another restart.
  const last = await open()
  expect(await (await last.conversations[0]!.getAttachments())[0]!.received()).toBe(kept)
})

test('what could not be kept is not sent, and leaves nothing', async () => {
  world = createWorld()
  const disk = createMemoryBlobDisk()
  const blobs = createMemoryBlobStore({ disk })
  const alice = await world.peer('alice', filesOn(blobs))
  const group = await alice.createGroup()
  blobs.failNextWrites(1)
  await expect(group.sendMessage({ file: { bytes: content(3 * CHUNK) } })).rejects.toMatchObject({ code: 'StorageFull' })
  const stop = new AbortController()
  stop.abort()
  await expect(group.sendMessage({ file: { bytes: content(CHUNK) }, signal: stop.signal })).rejects.toMatchObject({ code: 'Aborted' })
  await expect(group.sendMessage({ file: [{ bytes: content(CHUNK) }, 7 as never] })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(group.sendMessage({ file: { path: '/etc/hostname' } })).rejects.toMatchObject({ code: 'InvalidArgument' })
  const eleven = Array.from({ length: 11 }, () => ({ bytes: content(1) }))
  await expect(group.sendMessage({ file: eleven })).rejects.toMatchObject({ code: 'TooLarge' })
  await expect(group.sendMessage({ file: { bytes: content(CHUNK) }, metadata: { a: {} as never } })).rejects.toMatchObject({
    code: 'InvalidMetadata',
  })
  expect((await group.getMessages()).totalMessages).toBe(0)
  expect(bytesOn(disk)).toBe(0)
  const sent = await group.sendMessage({
    file: [
      { bytes: content(10), name: 'a' },
      { bytes: new Uint8Array(0), name: 'b' },
    ],
  })
  expect(sent.attachments.map(({ name, size }) => [name, size])).toEqual([
    ['a', 10],
    ['b', 0],
  ])
  expect(await bytesOf(sent.attachments[1]!)).toHaveLength(0)
})

test('equal files are stored once, and purged everywhere with the last message that has them', async () => {
  world = createWorld()
  const [hersDisk, hisDisk] = [createMemoryBlobDisk(), createMemoryBlobDisk()]
  const alice = await world.peer('alice', filesOn(createMemoryBlobStore({ disk: hersDisk })))
  const bob = await world.peer('bob', filesOn(createMemoryBlobStore({ disk: hisDisk })))
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(3 * CHUNK)
  const one = await hers!.sendMessage({ file: { bytes } })
  const size = bytesOn(hersDisk)
  const two = await hers!.sendMessage({ text: 'again', file: { bytes } })
  expect(bytesOn(hersDisk)).toBe(size)
  await (await received(his!, two.id)).fetch()
  await hers!.deleteMessage(one.id)
  await until(async () => (await his!.getMessage(one.id)) === undefined)
  expect(await (await received(his!, two.id)).received()).toBe(bytes.length)
  const edited = await hers!.updateMessage(two.id, { file: null })
  expect(edited.attachments).toEqual([])
  await until(() => bytesOn(hersDisk) === 0 && bytesOn(hisDisk) === 0)
  expect(await hers!.getAttachments()).toEqual([])
  await until(async () => (await his!.getAttachments()).length === 0)
})

test('an edit can replace the files, and keeps them unless told', async () => {
  world = createWorld()
  const disk = createMemoryBlobDisk()
  const alice = await world.peer('alice', filesOn(createMemoryBlobStore({ disk })))
  const group = await alice.createGroup()
  const sent = await group.sendMessage({ text: 'draft', file: { bytes: content(CHUNK), name: 'one' } })
  expect((await group.updateMessage(sent.id, { text: 'final' })).attachments.map((a) => a.name)).toEqual(['one'])
  const size = bytesOn(disk)
  const changed = await group.updateMessage(sent.id, { file: { bytes: content(CHUNK, 2), name: 'two' } })
  expect(changed.attachments.map((a) => a.name)).toEqual(['two'])
  await until(() => bytesOn(disk) === size)
  await expect(sent.attachments[0]!.blob({ wait: false })).rejects.toMatchObject({ code: 'AttachmentUnavailable' })
})

test('attachments are listed newest first, in parts, by type, after a restart too', async () => {
  world = createWorld()
  const [rows, disk] = [createMemoryDisk(), createMemoryBlobDisk()]
  const first = await world.peer('alice', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const group = await first.createGroup()
  for (let i = 0; i < 70; i++) {
    await group.sendMessage({ text: `message ${i}` })
    if (i % 2 === 0) await group.sendMessage({ file: { bytes: content(10, i), name: `${i}.txt`, type: 'text/plain' } })
  }
  await group.sendMessage({
    file: [
      { bytes: PNG, name: 'a.png' },
      { bytes: content(9), name: 'b' },
    ],
  })
  await first.close()
  const alice = await world.peer('alice', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const again = alice.conversations[0]!
  const all = await again.getAttachments({ limit: 500 })
  expect(all.map((a) => a.name)).toEqual(['b', 'a.png', ...Array.from({ length: 35 }, (_, i) => `${68 - 2 * i}.txt`)])
  const pages: string[] = []
  for (let before: string | undefined; ;) {
    const page = await again.getAttachments({ limit: 8, ...(before === undefined ? {} : { before }) })
    if (page.length === 0) break
    pages.push(...page.map((a) => a.id))
    before = page.at(-1)!.id
  }
  expect(pages).toEqual(all.map((a) => a.id))
  expect((await again.getAttachments({ type: 'image' })).map((a) => a.name)).toEqual(['a.png'])
  expect((await again.getAttachments({ type: 'text/plain', limit: 2 })).map((a) => a.name)).toEqual(['68.txt', '66.txt'])
  await expect(again.getAttachments({ limit: 0 })).rejects.toMatchObject({ code: 'InvalidArgument' })
  await expect(again.getAttachments({ before: 'nonsense' })).rejects.toMatchObject({ code: 'InvalidArgument' })
})

test('small pictures come by themselves, with what the sender made of them; other files do not', async () => {
  world = createWorld()
  const picture = async (): Promise<Picture> => ({ width: 640, height: 480, thumbnail: PNG })
  const alice = await world.peer('alice', filesOn(createMemoryBlobStore(), { picture }))
  const bob = await world.peer('bob', filesOn())
  const [hers, his] = await createSharedGroup(alice, bob)
  const sent = await hers!.sendMessage({
    file: [
      { bytes: PNG, name: 'sun.png' },
      { bytes: content(20), name: 'notes' },
    ],
  })
  expect(sent.attachments[0]).toMatchObject({ type: 'image/png', width: 640, height: 480 })
  expect(sent.attachments[0]!.thumbnail).toMatch(/^data:image\/png;base64,/)
  await until(async () => (await his!.getMessage(sent.id)) !== undefined)
  const [sun, notes] = (await his!.getMessage(sent.id))!.attachments
  await until(async () => (await sun!.received()) === PNG.length)
  expect(await notes!.received()).toBe(0)
})

test('what a crash left without a message is removed at the next start', async () => {
  world = createWorld()
  const [rows, disk] = [createMemoryDisk(), createMemoryBlobDisk()]
  const first = await world.peer('alice', { ...filesOn(createMemoryBlobStore({ disk })), store: createMemoryStore({ disk: rows }) })
  const sent = await (await first.createGroup()).sendMessage({ file: { bytes: content(CHUNK) } })
  await first.close()
  const blobs = createMemoryBlobStore({ disk })
  await new AttachmentFiles({ blobs, crypto: nodeFileCrypto() }).seal(bytesSource(content(2 * CHUNK, 9)), new Uint8Array(32))
  expect((await blobs.list()).length).toBe(2)
  const alice = await world.peer('alice', { ...filesOn(blobs), store: createMemoryStore({ disk: rows }) })
  await until(async () => (await blobs.list()).length === 1)
  expect(await bytesOf((await alice.conversations[0]!.getMessage(sent.id))!.attachments[0]!)).toHaveLength(CHUNK)
})

test('without a place for files everything else works, and what is shown of them says so', async () => {
  world = createWorld()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob')]
  const [hers, his] = await createSharedGroup(alice, bob)
  const sent = await hers!.sendMessage({ text: 'look', file: { bytes: content(10), name: 'it' } })
  const file = await received(his!, sent.id)
  expect(file.name).toBe('it')
  await expect(file.blob()).rejects.toMatchObject({ code: 'StorageUnavailable' })
  await expect(his!.sendMessage({ file: { bytes: content(1) } })).rejects.toMatchObject({ code: 'StorageUnavailable' })
  expect((await his!.sendMessage({ text: 'cannot' })).attachments).toEqual([])
})

test('a file is sent while the last message that had it is deleted: it is here afterwards', async () => {
  world = createWorld()
  const alice = await world.peer('alice', filesOn())
  const group = await alice.createGroup()
  const bytes = content(4 * CHUNK)
  const first = await group.sendMessage({ file: { bytes } })
  const [second] = await Promise.all([group.sendMessage({ file: { bytes } }), group.deleteMessage(first.id)])
  expect(isSame(await bytesOf(second.attachments[0]!), bytes)).toBe(true)
  const [third] = await Promise.all([
    group.sendMessage({ text: 'third', file: { bytes } }),
    group.updateMessage(second.id, { text: 'gone', file: null }),
  ])
  expect(isSame(await bytesOf(third.attachments[0]!), bytes)).toBe(true)
})

test('a conversation that is forgotten takes its files along', async () => {
  world = createWorld()
  const disk = createMemoryBlobDisk()
  const [alice, bob] = [await world.peer('alice', filesOn()), await world.peer('bob', filesOn(createMemoryBlobStore({ disk })))]
  const [hers, his] = await createSharedGroup(alice, bob)
  const sent = await hers!.sendMessage({ file: { bytes: content(2 * CHUNK) } })
  await (await received(his!, sent.id)).fetch()
  expect(bytesOn(disk)).toBeGreaterThan(0)
  await his!.leave()
  await bob.forget(his!.getId())
  expect(bytesOn(disk)).toBe(0)
})

test('a forwarded file is the same blob: another conversation gives it to its own members', async () => {
  world = createWorld()
  const [alice, bob, carol] = [
    await world.peer('alice', filesOn()),
    await world.peer('bob', filesOn()),
    await world.peer('carol', filesOn()),
  ]
  const [hers, his] = await createSharedGroup(alice, bob)
  const bytes = content(3 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes, name: 'map' } })
  await (await received(his!, sent.id)).fetch()
  const [other, third] = await createSharedGroup(bob, carol)
  const forwarded = await other!.sendMessage({ forward: sent.id })
  expect(isSame(await bytesOf(await received(third!, forwarded.id)), bytes)).toBe(true)
  await other!.deleteMessage(forwarded.id)
  expect(await (await received(his!, sent.id)).received()).toBe(bytes.length)
})

test('a member whose client gives wrong bytes is found out on the first of them, and the file comes from another', async () => {
  world = createWorld()
  let isLying = false
  const [blobs, crypto] = [createMemoryBlobStore(), nodeFileCrypto()]
  const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))
  const lying: AttachmentsInit = {
    // Reads what it changes as if nothing had been changed.
    blobs: Object.assign(Object.create(blobs) as BlobStore, {
      putManifest: blobs.putManifest.bind(blobs),
      getManifest: blobs.getManifest.bind(blobs),
      put: blobs.put.bind(blobs),
      get: async (id: Uint8Array, index: number) => {
        const chunk = await blobs.get(id, index)
        return isLying && chunk !== undefined ? flipped(chunk) : chunk
      },
      drop: blobs.drop.bind(blobs),
      held: blobs.held.bind(blobs),
      delete: blobs.delete.bind(blobs),
      list: blobs.list.bind(blobs),
      close: blobs.close.bind(blobs),
    }),
    crypto: { ...crypto, sha256: (bytes) => crypto.sha256(isLying && bytes.length >= CHUNK ? flipped(bytes) : bytes) },
  }
  const [alice, bob, carol] = [
    await world.peer('alice', { attachments: lying }),
    await world.peer('bob', filesOn()),
    await world.peer('carol', filesOn()),
  ]
  const [hers, his, third] = await createSharedGroup(alice, bob, carol)
  const bytes = content(12 * CHUNK)
  const sent = await hers!.sendMessage({ file: { bytes } })
  await (await received(third!, sent.id)).fetch()
  isLying = true
  await until(() => linksOf(bob).length === 2)
  expect(isSame(await bytesOf(await received(his!, sent.id)), bytes)).toBe(true)
  expect(bob.inspect().rejected['BadProof']).toBeGreaterThan(0)
  expect(bob.inspect().rejected['BadProof']).toBeLessThanOrEqual(2)
  // The rest of what is said goes on.
  await hers!.sendMessage({ text: 'did you get it?' })
  await until(async () => (await his!.getMessages()).messages.at(-1)?.text === 'did you get it?')
})
