/** Fetching from peers that lie, stay silent or go: each is a few lines here. And what a session gives to whom. */
import { nodeFileCrypto } from '@parley/crypto/node'
import { Reject, type ConversationId, type LinkMessage } from '@parley/protocol'
import { createMemoryBlobStore, createManualClock, type ManualClock } from '@parley/testing'
import { beforeEach, expect, test } from 'vitest'
import { Attachments } from '../src/attachments/attachments.ts'
import type { BlobPeer } from '../src/attachments/blob-port.ts'
import { PART_WAIT_MS } from '../src/attachments/download.ts'
import type { Context } from '../src/context.ts'
import type { FileReferences } from '../src/replica/file-references.ts'
import { AttachmentFiles, bytesSource, ChunkSet, type FileReference, type SealedFile } from '../src/index.ts'
import { BLOB_WINDOW, BlobSession, MAX_BLOB_REQUESTS, MAX_TALK_PAUSE_MS, TALK_PAUSE_MS } from '../src/network/blob-session.ts'
import type { SessionLine } from '../src/network/session-line.ts'

const CHUNK = 262_144
const COUNT = 12
const conversation = 'a'.repeat(52) as ConversationId
const crypto = nodeFileCrypto()

let clock: ManualClock
let attachments: Attachments
let reference: FileReference
let source: SealedFile
const reported: unknown[] = []

beforeEach(async () => {
  reported.length = 0
  clock = createManualClock()
  const context = { clock, report: (error: unknown) => void reported.push(error) } as unknown as Context
  attachments = new Attachments(context, { blobs: createMemoryBlobStore(), crypto })
  addConversation()
  const files = new AttachmentFiles({ blobs: createMemoryBlobStore(), crypto })
  const bytes = new Uint8Array(COUNT * CHUNK)
  for (let i = 0; i < bytes.length; i += 1_024) bytes[i] = i >> 12
  reference = await files.seal(bytesSource(bytes), new Uint8Array(32))
  source = (await files.find(reference.blobId))!
})

/** A conversation of which a message refers to every blob. */
function addConversation(): void {
  attachments.add(conversation, { has: async () => true } as unknown as FileReferences, (task) => task())
}

/** A peer that answers as it is told to; by default honestly, with everything. */
class FakePeer implements BlobPeer {
  readonly asked: number[] = []
  readonly strikes: Reject[] = []
  manifests = 0
  #under = 0
  bits: Uint8Array
  manifest: Uint8Array | undefined
  /** What it gives for a chunk; undefined: it says nothing. */
  give: (index: number) => Promise<Uint8Array | undefined>

  constructor(more: Partial<Pick<FakePeer, 'bits' | 'manifest' | 'give'>> = {}) {
    this.bits = source.held.toBytes()
    this.manifest = source.manifestBytes
    this.give = (index) => source.chunk(index)
    Object.assign(this, more)
  }

  get room(): number {
    return BLOB_WINDOW - this.#under
  }

  ask(blobId: Uint8Array): void {
    queueMicrotask(() => this.#say(async () => attachments.onHave(this, blobId, this.bits)))
  }

  wantManifest(blobId: Uint8Array): boolean {
    this.manifests++
    const { manifest } = this
    if (manifest !== undefined) queueMicrotask(() => this.#say(() => attachments.onManifest(this, blobId, manifest.slice())))
    return true
  }

  wantChunk(blobId: Uint8Array, index: number): boolean {
    this.asked.push(index)
    this.#under++
    void this.give(index).then((bytes) => {
      if (bytes === undefined) return
      this.#say(async () => {
        try {
          await attachments.onChunk(this, blobId, index, bytes)
        } finally {
          this.#under--
          attachments.onRoom()
        }
      })
    })
    return true
  }

  strike(reject: Reject): void {
    this.strikes.push(reject)
  }

  /** As a session does. */
  #say(say: () => Promise<void>): void {
    say().catch((error: unknown) => (error instanceof Reject ? this.strike(error) : reported.push(error)))
  }
}

function join(...peers: FakePeer[]): void {
  for (const peer of peers) attachments.join(conversation, peer, () => undefined)
}

async function fetchAll(): Promise<void> {
  const download = attachments.download(conversation, reference)
  const end = download.use()
  try {
    await download.complete()
  } finally {
    end()
  }
}

async function isWhole(): Promise<boolean> {
  return (await attachments.files.find(reference.blobId))?.isComplete === true
}

test('two holders carry half each', async () => {
  const [alice, bob] = [new FakePeer(), new FakePeer()]
  join(alice, bob)
  await fetchAll()
  expect(await isWhole()).toBe(true)
  expect([...alice.asked, ...bob.asked].sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, i) => i))
  expect(Math.min(alice.asked.length, bob.asked.length)).toBeGreaterThanOrEqual(COUNT / 4)
})

test('who gives wrong bytes is struck and not asked again; another one is used', async () => {
  const liar = new FakePeer({ give: async () => new Uint8Array(CHUNK + 16) })
  const honest = new FakePeer()
  join(liar, honest)
  await fetchAll()
  expect(await isWhole()).toBe(true)
  expect(liar.strikes.map(({ code }) => code)).toContain('BadProof')
  expect(liar.asked.length).toBeLessThanOrEqual(BLOB_WINDOW)
  expect(honest.strikes).toEqual([])
})

test('a wrong manifest, and one that is none, come from nobody twice', async () => {
  const liars = [new FakePeer({ manifest: Uint8Array.of(1, 2, 3) }), new FakePeer({ manifest: new Uint8Array(262_208) })]
  const honest = new FakePeer()
  join(...liars, honest)
  await fetchAll()
  expect(await isWhole()).toBe(true)
  for (const liar of liars) expect([liar.manifests, liar.asked.length, liar.strikes[0]?.code]).toEqual([1, 0, 'BadProof'])
})

test('a set of chunks that is none is refused', async () => {
  const liar = new FakePeer({ bits: new Uint8Array(1_024).fill(0xff) })
  const beyond = new FakePeer({ bits: Uint8Array.of(0xff, 0xff) })
  join(liar, beyond, new FakePeer())
  await fetchAll()
  expect(await isWhole()).toBe(true)
  expect(liar.strikes.map(({ code }) => code)).toEqual(['BadShape'])
  expect(beyond.strikes.map(({ code }) => code)).toEqual(['BadShape'])
})

test('who says that it has what it has not is left after a few times', async () => {
  const liar = new FakePeer({ give: async () => new Uint8Array(0) })
  join(liar)
  const done = fetchAll()
  await clock.advance(1)
  await settle()
  expect(liar.asked.length).toBeLessThanOrEqual(COUNT)
  join(new FakePeer())
  await done
  expect(await isWhole()).toBe(true)
})

test('a part that does not come is asked of another holder', async () => {
  const silent = new FakePeer({ give: async () => undefined })
  const partial = new ChunkSet(COUNT)
  for (let index = 4; index < COUNT; index++) partial.add(index)
  const honest = new FakePeer()
  join(silent)
  const done = fetchAll()
  await settle()
  expect(silent.asked).toHaveLength(BLOB_WINDOW)
  join(honest)
  await settle()
  await clock.advance(PART_WAIT_MS)
  await done
  expect(await isWhole()).toBe(true)
  expect(silent.asked).toHaveLength(BLOB_WINDOW)
})

test('who does not want to wait hears at once that nobody online has the rest', async () => {
  const half = new ChunkSet(COUNT)
  for (let index = 0; index < COUNT / 2; index++) half.add(index)
  join(new FakePeer({ bits: half.toBytes() }))
  const download = attachments.download(conversation, reference)
  const end = download.use()
  await expect(download.complete({ wait: false })).rejects.toMatchObject({ code: 'AttachmentUnavailable', cause: undefined })
  expect(download.received).toBe((COUNT / 2) * CHUNK)
  end()
  join(new FakePeer())
  await fetchAll()
  expect(await isWhole()).toBe(true)
})

test('who goes in the middle is replaced by who stays', async () => {
  const going = new FakePeer()
  going.give = async (index) => {
    if (index !== 2) return source.chunk(index)
    attachments.leave(conversation, going)
    return undefined
  }
  join(going)
  const done = fetchAll()
  await settle()
  join(new FakePeer())
  await done
  expect(await isWhole()).toBe(true)
  expect(reported).toEqual([])
})

test('a full disk ends the fetch for all who wait, with its reason', async () => {
  const blobs = createMemoryBlobStore()
  const context = { clock, report: (error: unknown) => void reported.push(error) } as unknown as Context
  attachments = new Attachments(context, { blobs, crypto })
  addConversation()
  let times = 0
  join(
    new FakePeer({
      give: async (index) => {
        if (index === 5 && times++ === 0) blobs.failNextWrites(1)
        return source.chunk(index)
      },
    }),
  )
  await expect(Promise.all([fetchAll(), fetchAll()])).rejects.toMatchObject({ code: 'StorageFull' })
  // There is room again: it goes on.
  await fetchAll()
  expect(await isWhole()).toBe(true)
})

test('the message of a sender who lies about the size is broken, and costs no disk', async () => {
  join(new FakePeer())
  reference = { ...reference, size: reference.size + 1 }
  await expect(fetchAll()).rejects.toMatchObject({ code: 'AttachmentUnavailable', cause: { code: 'BadShape' } })
})

// --- sessions

interface Sent {
  lane: string
  message: LinkMessage
}

function session(isReferenced = true): { session: BlobSession; sent: Sent[]; open: () => void; talk: () => void } {
  const sent: Sent[] = []
  let open = (): void => undefined
  const room = new Promise<void>((resolve) => (open = resolve))
  const line = {
    handle: new Uint8Array(8),
    isMember: true,
    liveMessages: 0,
    shared: { replica: { id: conversation }, context: { clock, report: (error: unknown) => void reported.push(error) } },
    send: (lane: string, message: LinkMessage) => sent.push({ lane, message }) > 0,
    whenRoom: () => room,
  }
  const port = { ...portOf(), isReferenced: async () => isReferenced, held: async () => source }
  const made = new BlobSession(line as unknown as SessionLine, port, (reject) => void reported.push(reject))
  return { session: made, sent, open, talk: () => line.liveMessages++ }
}

function portOf(): ConstructorParameters<typeof BlobSession>[1] {
  return {
    join: () => undefined,
    leave: () => undefined,
    isReferenced: async () => true,
    held: async () => undefined,
    onHave: () => undefined,
    onManifest: async () => undefined,
    onChunk: async () => undefined,
    onRoom: () => undefined,
  }
}

const want = (chunks: number[], manifest = false): Extract<LinkMessage, { type: 'blobWant' }> => ({
  type: 'blobWant',
  handle: new Uint8Array(8),
  blob: reference.blobId,
  manifest,
  chunks,
})

test('parts are given on the lowest lane, one at a time, and no more than fit a bounded queue', async () => {
  const { session: bob, sent, open } = session()
  await bob.handle(want([0, 1], true))
  expect(sent).toEqual([])
  for (let i = 0; i < MAX_BLOB_REQUESTS - 3; i++) await bob.handle(want([2]))
  await expect(bob.handle(want([3]))).rejects.toMatchObject({ code: 'LimitExceeded' })
  open()
  await settle()
  expect(sent.length).toBeGreaterThanOrEqual(MAX_BLOB_REQUESTS - 1)
  expect(new Set(sent.map(({ lane }) => lane))).toEqual(new Set(['blobs']))
  expect(sent.slice(0, 3).map(({ message }) => message.type)).toEqual(['blobManifest', 'blobChunk', 'blobChunk'])
})

test('what no message of the conversation refers to is not given, and not told of', async () => {
  const { session: bob, sent, open } = session(false)
  open()
  await bob.handle({ type: 'blobAsk', handle: new Uint8Array(8), blobs: [reference.blobId] })
  await bob.handle(want([0], true))
  await settle()
  expect(sent.map(({ message }) => ('bytes' in message ? message.bytes.length : 'bits' in message ? message.bits.length : -1))).toEqual([
    0, 0, 0,
  ])
})

test('what was not asked for is refused, also the second time', async () => {
  const { session: bob } = session()
  bob.start()
  const chunk: Extract<LinkMessage, { type: 'blobChunk' }> = {
    type: 'blobChunk',
    handle: new Uint8Array(8),
    blob: reference.blobId,
    index: 3,
    bytes: new Uint8Array(40),
  }
  await expect(bob.handle(chunk)).rejects.toMatchObject({ code: 'BadProof' })
  expect(bob.wantChunk(reference.blobId, 3)).toBe(true)
  await bob.handle({ ...chunk })
  await settle()
  await expect(bob.handle({ ...chunk })).rejects.toMatchObject({ code: 'BadProof' })
  for (let index = 0; index < BLOB_WINDOW; index++) expect(bob.wantChunk(reference.blobId, index)).toBe(true)
  expect(bob.wantChunk(reference.blobId, BLOB_WINDOW)).toBe(false)
})

test('while somebody talks, and for a second after it, a file gets a part of the time only', async () => {
  const { session: bob, talk } = session()
  bob.start()
  let index = 0
  /** One chunk that takes so long; what room there is after it. */
  const fetchOne = async (ms: number): Promise<number> => {
    expect(bob.wantChunk(reference.blobId, index)).toBe(true)
    await clock.advance(ms)
    await bob.handle({ type: 'blobChunk', handle: new Uint8Array(8), blob: reference.blobId, index: index++, bytes: new Uint8Array(40) })
    await settle()
    return bob.room
  }
  expect(await fetchOne(5)).toBe(BLOB_WINDOW)
  talk()
  expect(await fetchOne(5)).toBe(BLOB_WINDOW - 1)
  await clock.advance(TALK_PAUSE_MS)
  expect(bob.room).toBe(BLOB_WINDOW)
  // Nothing was said since, and still: the next word may come.
  expect(await fetchOne(40)).toBe(BLOB_WINDOW - 1)
  await clock.advance(199)
  expect(bob.room).toBe(BLOB_WINDOW - 1)
  await clock.advance(1)
  expect(await fetchOne(500)).toBe(BLOB_WINDOW - 1)
  await clock.advance(MAX_TALK_PAUSE_MS)
  expect(await fetchOne(500)).toBe(BLOB_WINDOW)
})

/** Lets what is under way go on as far as it can without time passing. */
async function settle(): Promise<void> {
  for (let i = 0; i < 40; i++) await new Promise((resolve) => setImmediate(resolve))
}
