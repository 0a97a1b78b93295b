/**
 * The attached files of a profile: what is held, what refers to it, and the fetches under way. Conversations and sessions of all links meet here.
 */
import { deriveKey, type FileCrypto } from '@parley/crypto'
import { conversationIdBytes, isParleyError, ParleyError, toBase32, type ConversationId } from '@parley/protocol'
import type { BlobStore } from '../blob-store.ts'
import type { Context } from '../context.ts'
import { storedSecret } from '../profile/secret.ts'
import { Mutex } from '../support/mutex.ts'
import { AttachmentFiles } from './attachment-files.ts'
import type { BlobPeer, BlobPort } from './blob-port.ts'
import { attachmentDeleted, Download } from './download.ts'
import type { FileReference, TransferOptions } from './seal-file.ts'
import type { FileReferences } from '../replica/file-references.ts'
import type { SealedFile } from './sealed-file.ts'
import type { FileSource } from './source.ts'

/** What the engine needs to send and to keep files. */
export interface AttachmentsInit {
  /** Owned by the engine, which closes it. */
  readonly blobs: BlobStore
  readonly crypto: FileCrypto
  /** Opens a file by its path, where there are paths: `fileSource` of `@parley/store-level`. The engine closes what it gives. */
  openPath?(path: string): Promise<FileSource>
  /** Width and height of a picture, and a small one of it: what browsers can do. Undefined when the bytes are no picture. */
  picture?(bytes: Uint8Array, type: string): Promise<Picture | undefined>
  /** Pictures up to so many bytes are fetched as their messages come. Default 2 MiB; 0 fetches nothing by itself. */
  autoFetchBytes?: number
}

/** What is told of a picture beside its bytes. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** PNG, JPEG or WebP. */
  readonly thumbnail: Uint8Array | undefined
}

/** Sealed files of which manifests are kept in memory, each up to 256 KiB. */
const MAX_KNOWN_FILES = 16
/** How often a file is sealed when an equal one is deleted meanwhile. */
const MAX_SEALINGS = 3
/** Chunks written at a time: Node has four threads for its disk, and live messages need some of them. */
const MAX_WRITES = 2
/** Who can hold a blob is told of more of it after so many chunks. */
const TELL_EVERY_CHUNKS = 16
const SECRET_NAME = 'blobs'

/** Runs while the messages of a conversation stay as they are: what is folded anew refers to nothing for a while. */
export type WhenStill = <T>(task: () => Promise<T>) => Promise<T>

interface Source {
  readonly peer: BlobPeer
  readonly told: (blobId: Uint8Array) => void
}

export class Attachments implements BlobPort {
  readonly init: AttachmentsInit
  readonly files: AttachmentFiles
  readonly #context: Context
  readonly #known = new Map<string, Promise<SealedFile | undefined>>()
  readonly #downloads = new Map<string, Download>()
  readonly #sources = new Map<ConversationId, Map<BlobPeer, Source>>()
  /** Blobs of messages that are being written: not purged before they are referred to. */
  readonly #holds = new Map<string, number>()
  readonly #mutex = new Mutex()
  readonly #writers = Array.from({ length: MAX_WRITES }, () => new Mutex())
  #nextWriter = 0
  readonly #onSource = new Map<ConversationId, () => void>()
  readonly #references = new Map<ConversationId, { references: FileReferences; whenStill: WhenStill }>()
  #secret: Promise<Uint8Array> | undefined
  /** What an earlier run left is gone. */
  #swept: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(context: Context, init: AttachmentsInit) {
    this.init = init
    this.#context = context
    this.files = new AttachmentFiles(init)
  }

  /** A conversation is here, and with it what its messages refer to. What they drop is purged when nothing else needs it. */
  add(conversation: ConversationId, references: FileReferences, whenStill: WhenStill): void {
    this.#references.set(conversation, { references, whenStill })
    references.onDropped = (blobIds) => {
      this.purge(blobIds).catch((error: unknown) => this.#context.report(error, 'attachment'))
    }
  }

  /** The conversation is forgotten: what only it needs is deleted. */
  async remove(conversation: ConversationId): Promise<void> {
    const known = this.#references.get(conversation)
    this.#references.delete(conversation)
    if (known !== undefined) await this.purge(await known.whenStill(() => known.references.all()))
  }

  /**
   * Begins to remove what nothing refers to: what a crash left between a file and its message. Call it once all conversations are here. It looks at every
   * file, so nobody waits for it but who sends one.
   */
  sweep(): void {
    this.#swept = this.#mutex.run(async () => {
      for (const { blobId } of await this.init.blobs.list()) {
        if (this.#isClosed) return
        if (!(await this.#isNeeded(blobId))) await this.#delete(blobId)
      }
    })
    this.#swept.catch((error: unknown) => this.#context.report(error, 'attachment'))
  }

  /** Ends what is under way and closes the blob store. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const download of [...this.#downloads.values()]) download.fail(new ParleyError('Closed', 'this profile has been closed'))
    await this.#mutex.idle()
    await this.init.blobs.close()
  }

  // --- sending

  /** Seals and keeps a file of a conversation; it stays until `release`, and after that while a message refers to it. @throws as `AttachmentFiles.seal`. */
  async seal(conversation: ConversationId, source: FileSource, options: TransferOptions): Promise<FileReference> {
    await Promise.allSettled([this.#swept])
    this.#secret ??= storedSecret(this.#context.store, SECRET_NAME, this.#context.random).catch((error: unknown) => {
      // With room on the disk the next file may be luckier.
      this.#secret = undefined
      throw error
    })
    const secret = deriveKey(await this.#secret, 'blob', conversationIdBytes(conversation))
    for (let attempt = 1; ; attempt++) {
      try {
        const reference = await this.files.seal(source, secret, options)
        const name = toBase32(reference.blobId)
        this.#holds.set(name, (this.#holds.get(name) ?? 0) + 1)
        this.#known.delete(name)
        // The last message that had the same file was deleted a moment before it was held for this one.
        if ((await this.held(reference.blobId))?.isComplete === true || attempt === MAX_SEALINGS) return reference
        await this.release(conversation, [reference])
      } catch (error) {
        if (!isParleyError(error, 'NotFound') || attempt === MAX_SEALINGS) throw error
      }
    }
  }

  /**
   * Begins, or goes on with, a file that an archive holds: as `AttachmentFiles.adopt`. It stays until `release`, and after that while a message refers
   * to it. @throws as `AttachmentFiles.adopt`; nothing is held then.
   */
  async keep(blobId: Uint8Array, manifest: Uint8Array): Promise<SealedFile> {
    await Promise.allSettled([this.#swept])
    const name = toBase32(blobId)
    this.#holds.set(name, (this.#holds.get(name) ?? 0) + 1)
    try {
      const file = (await this.held(blobId)) ?? (await this.files.adopt(blobId, manifest))
      this.#remember(name, Promise.resolve(file))
      return file
    } catch (error) {
      await this.release(undefined, [{ blobId }])
      throw error
    }
  }

  /** The message is written and indexed, or will not be. */
  async release(conversation: ConversationId | undefined, references: readonly Pick<FileReference, 'blobId'>[]): Promise<void> {
    for (const { blobId } of references) {
      const name = toBase32(blobId)
      const left = (this.#holds.get(name) ?? 1) - 1
      if (left > 0) this.#holds.set(name, left)
      else this.#holds.delete(name)
      this.#tell(blobId)
    }
    const blobIds = references.map((reference) => reference.blobId)
    await this.purge(blobIds, conversation)
  }

  /** Resolves once what was dropped so far is deleted. */
  purged(): Promise<void> {
    return this.#mutex.idle()
  }

  /** Whether a message refers to the blob, or one that is being written, or will be once its files are here. */
  async isNeeded(blobId: Uint8Array): Promise<boolean> {
    return this.#holds.has(toBase32(blobId)) || this.files.isSealing(blobId) || this.#isNeeded(blobId)
  }

  /** Gives up what is held of a blob, for it is broken: it is fetched again when somebody wants it. */
  drop(blobId: Uint8Array): Promise<void> {
    return this.#mutex.run(() => this.#delete(blobId))
  }

  /** Deletes those of these blobs that no message refers to any more. `likely` is the conversation that is looked at first. */
  async purge(blobIds: readonly Uint8Array[], likely?: ConversationId): Promise<void> {
    if (blobIds.length === 0) return
    await this.#mutex.run(async () => {
      for (const blobId of blobIds) {
        if (this.#holds.has(toBase32(blobId))) continue
        if (!(await this.#isNeeded(blobId, likely))) await this.#delete(blobId)
      }
    })
  }

  // --- reading

  /** The fetch of a file, shared by all who read it. Call `use` on it before anything else. */
  download(conversation: ConversationId, reference: FileReference): Download {
    const name = toBase32(reference.blobId)
    let download = this.#downloads.get(name)
    if (download === undefined) {
      download = this.#makeDownload(name, reference)
      this.#downloads.set(name, download)
    }
    if (!download.conversations.has(conversation)) {
      download.conversations.add(conversation)
      for (const peer of this.#sources.get(conversation)?.keys() ?? []) download.join(peer)
    }
    return download
  }

  /** Called when a member comes online who may hold something. */
  watchSources(conversation: ConversationId, listener: (() => void) | undefined): void {
    if (listener === undefined) this.#onSource.delete(conversation)
    else this.#onSource.set(conversation, listener)
  }

  // --- for sessions

  join(conversation: ConversationId, peer: BlobPeer, told: (blobId: Uint8Array) => void): void {
    const sources = this.#sources.get(conversation) ?? new Map<BlobPeer, Source>()
    this.#sources.set(conversation, sources.set(peer, { peer, told }))
    for (const download of this.#downloads.values()) if (download.conversations.has(conversation)) download.join(peer)
    this.#onSource.get(conversation)?.()
  }

  leave(conversation: ConversationId, peer: BlobPeer): void {
    const sources = this.#sources.get(conversation)
    sources?.delete(peer)
    if (sources?.size === 0) this.#sources.delete(conversation)
    for (const download of [...this.#downloads.values()]) download.leave(peer)
  }

  async isReferenced(conversation: ConversationId, blobId: Uint8Array): Promise<boolean> {
    return (await this.#references.get(conversation)?.references.has(blobId)) === true
  }

  async held(blobId: Uint8Array): Promise<SealedFile | undefined> {
    const name = toBase32(blobId)
    const known = this.#known.get(name) ?? this.files.find(blobId)
    this.#remember(name, known)
    const file = await known
    if (file === undefined && this.#known.get(name) === known) this.#known.delete(name)
    return file
  }

  onHave(peer: BlobPeer, blobId: Uint8Array, bits: Uint8Array): void {
    this.#downloads.get(toBase32(blobId))?.onHave(peer, bits)
  }

  async onManifest(peer: BlobPeer, blobId: Uint8Array, bytes: Uint8Array): Promise<void> {
    await this.#downloads.get(toBase32(blobId))?.onManifest(peer, bytes)
  }

  async onChunk(peer: BlobPeer, blobId: Uint8Array, index: number, bytes: Uint8Array): Promise<void> {
    const writer = this.#writers[this.#nextWriter++ % MAX_WRITES]!
    await writer.run(async () => this.#downloads.get(toBase32(blobId))?.onChunk(peer, index, bytes))
  }

  onRoom(): void {
    for (const download of [...this.#downloads.values()]) download.pump()
  }

  // --- inside

  #makeDownload(name: string, reference: FileReference): Download {
    const { blobId } = reference
    let chunks = 0
    const download: Download = new Download({
      reference,
      files: this.files,
      clock: this.#context.clock,
      find: async () => {
        // Who still holds the snapshot of a message that was deleted brings nothing back.
        if (!(await this.#isReferencedNow(blobId))) throw attachmentDeleted()
        return this.held(blobId)
      },
      adopt: async (manifest) => {
        const file = await this.files.adopt(blobId, manifest)
        this.#remember(name, Promise.resolve(file))
        return file
      },
      onMore: (isComplete) => {
        if (isComplete || chunks++ % TELL_EVERY_CHUNKS === 1) this.#tell(blobId)
      },
      onIdle: () => {
        if (this.#downloads.get(name) === download) this.#downloads.delete(name)
      },
    })
    return download
  }

  /** The same as `#isNeeded`, at once where something is found. */
  async #isReferencedNow(blobId: Uint8Array): Promise<boolean> {
    for (const { references } of this.#references.values()) if (await references.has(blobId)) return true
    return this.#isNeeded(blobId)
  }

  async #isNeeded(blobId: Uint8Array, likely?: ConversationId): Promise<boolean> {
    const conversations = [...this.#references].sort(([a], [b]) => Number(b === likely) - Number(a === likely))
    for (const [, { references, whenStill }] of conversations) if (await whenStill(() => references.has(blobId))) return true
    return false
  }

  #remember(name: string, file: Promise<SealedFile | undefined>): void {
    this.#known.delete(name)
    this.#known.set(name, file)
    for (const other of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN_FILES) return
      this.#known.delete(other)
    }
  }

  #tell(blobId: Uint8Array): void {
    for (const sources of this.#sources.values()) for (const { told } of sources.values()) told(blobId)
  }

  async #delete(blobId: Uint8Array): Promise<void> {
    const name = toBase32(blobId)
    this.#known.delete(name)
    this.#downloads.get(name)?.fail(attachmentDeleted())
    await this.files.delete(blobId)
  }
}
