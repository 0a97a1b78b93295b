/**
 * The attached files of one conversation on one link: asks the peer for chunks, within a window, and gives it those that it asks for, one at a
 * time. Nothing is sent that was not asked for, so the window of the receiver bounds what is under way.
 */
import { releaseBytes } from '@parley/crypto'
import { Reject, toBase32, type LinkMessage } from '@parley/protocol'
import type { BlobPeer, BlobPort } from '../attachments/blob-port.ts'
import { MAX_FRAME_BYTES } from '../transport.ts'
import type { SessionLine } from './session-line.ts'

/**
 * Chunks asked of one peer and not yet answered and written. What is on its way is what a live message can meet at most: 512 KiB, 5 ms at the 100 MB/s of
 * a local network. It is also what a far one can carry in a round trip: 5 MB/s at 100 ms, from each holder.
 */
export const BLOB_WINDOW = 2
/**
 * While somebody talks on the link, a file gets a part of the time only: two peers that are busy with one, with all of a core and a disk, are slow with what
 * is said. After a chunk so many times what it took passes before another is asked for, so that with a window of two most messages meet none, on a slow
 * machine too.
 */
const TALK_PAUSE_FACTOR = 5
/** Somebody who said something in this time talks. */
const TALK_MS = 1_000
/** At least; a chunk costs a fast machine some 10 ms. A file comes at some 7 MB/s then. */
export const TALK_PAUSE_MS = 60
/** At most: what takes long because the peer is far is nobody's burden. */
export const MAX_TALK_PAUSE_MS = 250
/** Chunks and manifests that a peer may have asked for at a time; honest ones ask for `BLOB_WINDOW` and a manifest for each file. */
export const MAX_BLOB_REQUESTS = 64
/** Blobs of which a peer is told when more of them is here; the longest ago asked for are forgotten. */
const MAX_INTERESTS = 256
const MANIFEST = 'manifest'

type BlobMessage = Extract<LinkMessage, { type: 'blobAsk' | 'blobHave' | 'blobWant' | 'blobManifest' | 'blobChunk' }>

interface Request {
  readonly blob: Uint8Array
  readonly what: number | typeof MANIFEST
  readonly isAllowed: boolean
}

export class BlobSession implements BlobPeer {
  readonly #line: SessionLine
  readonly #port: BlobPort
  readonly #onReject: (reject: Reject) => void
  /** What was asked for and not answered, and when. */
  readonly #asked = new Map<string, number>()
  #chunksAsked = 0
  /** What the peer asked for. */
  readonly #requests: Request[] = []
  #isServing = false
  readonly #interests = new Map<string, Uint8Array>()
  #isJoined = false
  /** How much had been said when the last chunk came, and when a chunk last found that something was. */
  #liveMessages: number
  #talkedAt = Number.NEGATIVE_INFINITY

  constructor(line: SessionLine, port: BlobPort, onReject: (reject: Reject) => void) {
    this.#line = line
    this.#port = port
    this.#onReject = onReject
    this.#liveMessages = line.liveMessages
  }

  /** Begins to ask. A session that is not started only answers. */
  start(): void {
    if (this.#isJoined) return
    this.#isJoined = true
    this.#port.join(this.#conversation, this, (blobId) => this.#tell(blobId))
  }

  stop(): void {
    if (!this.#isJoined) return
    this.#isJoined = false
    this.#port.leave(this.#conversation, this)
  }

  /** The session is over. */
  close(): void {
    this.stop()
    this.#requests.length = 0
    this.#interests.clear()
  }

  get room(): number {
    return this.#isJoined ? BLOB_WINDOW - this.#chunksAsked : 0
  }

  ask(blobId: Uint8Array): void {
    this.#line.send('control', { type: 'blobAsk', handle: this.#line.handle, blobs: [blobId] })
  }

  wantManifest(blobId: Uint8Array): boolean {
    return this.#want(blobId, MANIFEST)
  }

  wantChunk(blobId: Uint8Array, index: number): boolean {
    if (this.room <= 0 || !this.#want(blobId, index)) return false
    this.#chunksAsked++
    return true
  }

  strike(reject: Reject): void {
    this.#onReject(reject)
  }

  /** @throws {Reject} */
  async handle(message: BlobMessage): Promise<void> {
    switch (message.type) {
      case 'blobAsk':
        for (const blob of message.blobs) await this.#onAsk(blob.slice())
        return
      case 'blobHave':
        return this.#port.onHave(this, message.blob.slice(), message.bits.slice())
      case 'blobWant':
        return this.#onWant(message)
      case 'blobManifest':
        this.#answered(message.blob, MANIFEST)
        this.#hand(this.#port.onManifest(this, message.blob.slice(), message.bytes), message.bytes)
        return
      case 'blobChunk': {
        const askedAt = this.#answered(message.blob, message.index)
        // Not waited for: a disk that writes keeps nobody's messages waiting, and the window bounds what is in memory.
        this.#hand(this.#port.onChunk(this, message.blob.slice(), message.index, message.bytes), message.bytes, () =>
          this.#makeRoom(askedAt),
        )
        return
      }
    }
  }

  get #conversation() {
    return this.#line.shared.replica.id
  }

  #want(blob: Uint8Array, what: number | typeof MANIFEST): boolean {
    const name = nameOf(blob, what)
    if (this.#asked.has(name)) return false
    const isManifest = what === MANIFEST
    const chunks = isManifest ? [] : [what]
    if (!this.#line.send('control', { type: 'blobWant', handle: this.#line.handle, blob, manifest: isManifest, chunks })) return false
    this.#asked.set(name, this.#line.shared.context.clock.now())
    return true
  }

  /** There is room for another chunk: at once, or after a pause while somebody talks. `askedAt`: when this one was asked for. */
  #makeRoom(askedAt: number): void {
    const { liveMessages } = this.#line
    const { clock } = this.#line.shared.context
    const now = clock.now()
    if (liveMessages !== this.#liveMessages) this.#talkedAt = now
    this.#liveMessages = liveMessages
    const make = (): void => {
      this.#chunksAsked--
      this.#port.onRoom()
    }
    if (now - this.#talkedAt >= TALK_MS) return make()
    const fair = TALK_PAUSE_FACTOR * (now - askedAt)
    clock.setTimeout(make, Math.min(MAX_TALK_PAUSE_MS, Math.max(TALK_PAUSE_MS, fair)))
  }

  /** When it was asked for. @throws {Reject} BadProof for what was not asked for. */
  #answered(blob: Uint8Array, what: number | typeof MANIFEST): number {
    const name = nameOf(blob, what)
    const askedAt = this.#asked.get(name)
    if (askedAt === undefined) throw new Reject('BadProof', 'a part of a file that was not asked for')
    this.#asked.delete(name)
    return askedAt
  }

  #hand(done: Promise<void>, bytes: Uint8Array, then?: () => void): void {
    done
      .catch((error: unknown) => {
        if (error instanceof Reject) this.#onReject(error)
        else this.#line.shared.context.report(error, 'attachment')
      })
      .finally(() => {
        releaseMessage(bytes)
        then?.()
      })
  }

  async #onAsk(blob: Uint8Array): Promise<void> {
    const name = toBase32(blob)
    this.#interests.delete(name)
    this.#interests.set(name, blob)
    if (this.#interests.size > MAX_INTERESTS) this.#interests.delete(this.#interests.keys().next().value!)
    await this.#sayHave(blob)
  }

  /** More of a blob is here. */
  #tell(blob: Uint8Array): void {
    if (!this.#interests.has(toBase32(blob))) return
    this.#sayHave(blob).catch((error: unknown) => this.#line.shared.context.report(error, 'attachment'))
  }

  async #sayHave(blob: Uint8Array): Promise<void> {
    const file = (await this.#mayHave(blob)) ? await this.#port.held(blob) : undefined
    const bits = file === undefined || file.held.size === 0 ? new Uint8Array(0) : file.held.toBytes()
    this.#line.send('history', { type: 'blobHave', handle: this.#line.handle, blob, bits })
  }

  async #mayHave(blob: Uint8Array): Promise<boolean> {
    return this.#line.isMember && (await this.#port.isReferenced(this.#conversation, blob))
  }

  /** @throws {Reject} LimitExceeded */
  async #onWant({ blob: view, manifest, chunks }: Extract<BlobMessage, { type: 'blobWant' }>): Promise<void> {
    const count = chunks.length + Number(manifest)
    if (this.#requests.length + count > MAX_BLOB_REQUESTS) throw new Reject('LimitExceeded', 'too many parts of files asked for at once')
    const blob = view.slice()
    const isAllowed = await this.#mayHave(blob)
    if (manifest) this.#requests.push({ blob, what: MANIFEST, isAllowed })
    for (const index of chunks) this.#requests.push({ blob, what: index, isAllowed })
    if (this.#isServing) return
    this.#isServing = true
    this.#serve()
      .catch((error: unknown) => this.#line.shared.context.report(error, 'attachment'))
      .finally(() => (this.#isServing = false))
  }

  /** One part after the other, each read once there is room for it. */
  async #serve(): Promise<void> {
    for (;;) {
      await this.#line.whenRoom('blobs')
      const request = this.#requests.shift()
      if (request === undefined) return
      const { blob, what, isAllowed } = request
      const { handle } = this.#line
      const file = isAllowed && this.#line.isMember ? await this.#port.held(blob) : undefined
      if (what === MANIFEST) {
        this.#line.send('blobs', { type: 'blobManifest', handle, blob, bytes: file?.manifestBytes ?? new Uint8Array(0) })
        continue
      }
      const bytes = await file?.chunk(what)
      this.#line.send('blobs', { type: 'blobChunk', handle, blob, index: what, bytes: bytes ?? new Uint8Array(0) })
      if (bytes !== undefined) releaseBytes(bytes)
    }
  }
}

const nameOf = (blob: Uint8Array, what: number | typeof MANIFEST): string => `${toBase32(blob)}/${what}`

/** Gives back the memory of a message whose bytes these were: one of several frames was put together for us alone. */
function releaseMessage(bytes: Uint8Array): void {
  if (bytes.length > MAX_FRAME_BYTES) releaseBytes(new Uint8Array(bytes.buffer))
}
