/** The attached files of one conversation: those of its messages, sending new ones, and fetching small pictures by themselves. */
import { decodeDescriptor, type AttachmentDescriptor } from './descriptor.ts'
import { isParleyError, MAX_PAYLOAD_BYTES, parseMessageId, ParleyError, Reject, toBase32, utf8, type MessageId } from '@parley/protocol'
import type { Attachment, FilesInit, ListAttachmentsOptions, UpdateMessageInit } from '../api.ts'
import type { Context } from '../context.ts'
import type { Content } from '../replica/content-cache.ts'
import type { Replica } from '../replica/replica.ts'
import { MessageAttachment, noPlaceForFiles } from './attachment.ts'
import type { Attachments } from './attachments.ts'
import { NO_FILES, prepareFiles, type PreparedFiles } from './sending.ts'
import type { TransferOptions } from './seal-file.ts'
import { WantedFiles } from './wanted-files.ts'

/** Attachments given at once unless told. */
const DEFAULT_LIMIT = 50
/** The most. */
export const MAX_LISTED_ATTACHMENTS = 500
/** Messages read at a time to list their attachments. */
const LIST_BATCH = 64
/** Pictures up to here are fetched by themselves: what a phone's camera makes, compressed. */
export const DEFAULT_AUTO_FETCH_BYTES = 2_097_152
/** Pictures that wait for a member who has them; the longest waiting are left to who looks at them. */
const MAX_AUTO_FETCHES = 128
/** Newest messages with files that are looked at after a start. */
const AUTO_FETCH_LOOK_BACK = 32
/** Left for what a payload needs beside text and files: metadata, mentions and their heads. */
const PAYLOAD_MARGIN_BYTES = 6_144

export class ConversationAttachments {
  readonly #context: Context
  readonly #replica: Replica
  readonly #attachments: Attachments | undefined
  /** By payload, which is kept while a message stays as it is. */
  readonly #made = new WeakMap<object, readonly Attachment[]>()
  readonly #wanted: WantedFiles
  readonly #automatic = new Map<string, Attachment>()
  readonly #closing = new AbortController()
  #isFetching = false
  #isMore = false
  #isLooking = false
  #isLookDue = false
  /** Keys of the newest messages with files, when they were last looked at. */
  #looked: ReadonlySet<string> = new Set()

  constructor(context: Context, replica: Replica, attachments: Attachments | undefined) {
    this.#context = context
    this.#replica = replica
    this.#attachments = attachments
    this.#wanted = new WantedFiles(context, replica.keys)
  }

  /** Begins to serve and to fetch. */
  async open(): Promise<void> {
    const { timeline, id } = this.#replica
    if (this.#attachments === undefined) return
    this.#attachments.add(id, timeline.indexes.references, (task) => this.#replica.whenStill(task))
    this.#attachments.watchSources(id, () => this.#fetchSome())
    for (const wanted of await this.#wanted.load()) this.#goOn(wanted)
    if (this.#autoFetchBytes === 0) return
    this.#replica.events.on('timeline', () => this.#look())
    this.#look()
  }

  close(): void {
    this.#closing.abort()
    this.#automatic.clear()
    this.#attachments?.watchSources(this.#replica.id, undefined)
  }

  /** The attachments of a message; the same objects while it stays as it is. */
  of({ id, payload }: Pick<Content, 'id' | 'payload'>): readonly Attachment[] {
    let made = this.#made.get(payload)
    if (made === undefined) this.#made.set(payload, (made = this.#make(id, payload.attachments)))
    return made
  }

  /** Newest first. @throws {InvalidArgument} */
  async list({ before, limit = DEFAULT_LIMIT, type }: ListAttachmentsOptions = {}): Promise<readonly Attachment[]> {
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED_ATTACHMENTS)
      throw new ParleyError('InvalidArgument', `limit is a whole number from 1 to ${MAX_LISTED_ATTACHMENTS}`)
    if (type !== undefined && typeof type !== 'string') throw new ParleyError('InvalidArgument', 'type is a MIME type, or its first part')
    const { timeline } = this.#replica
    const found: Attachment[] = []
    const place = before === undefined ? undefined : placeOf(before)
    let to: Uint8Array | undefined
    if (place !== undefined) {
      const key = await timeline.keyOf(place.messageId)
      if (key === undefined) throw new ParleyError('MessageNotFound', 'the message of this attachment is gone; list from the start')
      const [content] = await timeline.read([key])
      found.push(...(content === undefined ? [] : this.of(content).slice(0, place.index).toReversed()))
      to = key
    }
    const isAsked = (attachment: Attachment): boolean => type === undefined || isOfType(attachment.type, type)
    const listed = found.filter(isAsked)
    while (listed.length < limit) {
      const keys = await timeline.indexes.withFiles(LIST_BATCH, to)
      if (keys.length === 0) break
      to = keys[0]
      const contents = await timeline.read(keys)
      listed.push(...contents.toReversed().flatMap((content) => this.of(content).toReversed().filter(isAsked)))
    }
    return Object.freeze(listed.slice(0, limit))
  }

  /**
   * Seals and keeps the files of a message that is about to be written with this text.
   * @throws as `prepareFiles`, {StorageUnavailable} without a place for files.
   */
  async prepare({ file, signal, onProgress }: Pick<UpdateMessageInit, keyof FilesInit>, text: string): Promise<PreparedFiles> {
    if (file === undefined || file === null) return NO_FILES
    const options: TransferOptions = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) }
    if (this.#attachments === undefined) throw noPlaceForFiles()
    const { id } = this.#replica
    const room = MAX_PAYLOAD_BYTES - utf8(text).length - PAYLOAD_MARGIN_BYTES
    return prepareFiles({ attachments: this.#attachments, conversation: id, logger: this.#context.logger, room }, file, options)
  }

  /** Resolves once the bytes of files that messages have dropped are deleted. */
  async purged(): Promise<void> {
    await this.#attachments?.purged()
  }

  get #autoFetchBytes(): number {
    return this.#attachments === undefined ? 0 : (this.#attachments.init.autoFetchBytes ?? DEFAULT_AUTO_FETCH_BYTES)
  }

  /** Goes on with a fetch that a restart has interrupted. */
  #goOn(id: string): void {
    this.#find(id)
      .then((attachment) => (attachment === undefined ? this.#wanted.forget(id) : attachment.fetch()))
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#context.report(error, 'attachment')
      })
  }

  async #find(id: string): Promise<Attachment | undefined> {
    const { timeline } = this.#replica
    const key = await timeline.keyOf(placeOf(id).messageId)
    const [content] = key === undefined ? [] : await timeline.read([key])
    return content === undefined ? undefined : this.of(content).find((attachment) => attachment.id === id)
  }

  /** Messages may be new here: small pictures of the newest are fetched. */
  #look(): void {
    this.#isLookDue = true
    if (this.#isLooking) return
    this.#isLooking = true
    this.#lookWhileDue()
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.#context.report(error, 'attachment')
      })
      .finally(() => (this.#isLooking = false))
  }

  async #lookWhileDue(): Promise<void> {
    const { timeline } = this.#replica
    while (this.#isLookDue && !this.#closing.signal.aborted) {
      this.#isLookDue = false
      const keys = await timeline.indexes.withFiles(AUTO_FETCH_LOOK_BACK)
      const fresh = keys.filter((key) => !this.#looked.has(toBase32(key)))
      this.#looked = new Set(keys.map(toBase32))
      for (const content of fresh.length === 0 ? [] : await timeline.read(fresh)) this.#want(this.of(content))
    }
    this.#fetchSome()
  }

  #want(attachments: readonly Attachment[]): void {
    for (const attachment of attachments) {
      if (attachment.size > this.#autoFetchBytes || !attachment.type.startsWith('image/')) continue
      this.#automatic.set(attachment.id, attachment)
      if (this.#automatic.size > MAX_AUTO_FETCHES) this.#automatic.delete(this.#automatic.keys().next().value!)
    }
  }

  /** Fetches what waits, one after the other; what nobody online has waits for the next who comes. */
  #fetchSome(): void {
    this.#isMore = true
    if (this.#isFetching || this.#automatic.size === 0) return
    this.#isFetching = true
    this.#fetchAll()
      .catch((error: unknown) => this.#context.report(error, 'attachment'))
      .finally(() => {
        this.#isFetching = false
        if (this.#isMore && !this.#closing.signal.aborted) this.#fetchSome()
      })
  }

  async #fetchAll(): Promise<void> {
    const { signal } = this.#closing
    this.#isMore = false
    // The newest first: that is what is looked at.
    for (const [id, attachment] of [...this.#automatic].toReversed()) {
      if (signal.aborted) return
      try {
        await attachment.fetch({ signal, wait: false })
        this.#automatic.delete(id)
      } catch (error) {
        if (!isParleyError(error)) throw error
        // Broken, or there is no room: who looks at it is told.
        if (error.code !== 'AttachmentUnavailable' || error.cause !== undefined) this.#automatic.delete(id)
        if (error.code === 'StorageFull' || error.code === 'StorageUnavailable') throw error
      }
    }
  }

  #make(messageId: MessageId, attachments: readonly Uint8Array[]): readonly Attachment[] {
    return Object.freeze(
      attachments.flatMap((bytes, index) => {
        const descriptor = readDescriptor(bytes)
        return descriptor === undefined
          ? []
          : [new MessageAttachment(this.#attachments, this.#wanted, this.#replica.id, messageId, index, descriptor)]
      }),
    )
  }
}

/** Undefined for what a member signed and yet is no attachment: it is not shown, here and everywhere. Copies, for the payload is a view. */
function readDescriptor(bytes: Uint8Array): AttachmentDescriptor | undefined {
  try {
    return decodeDescriptor(bytes.slice())
  } catch (error) {
    if (error instanceof Reject) return undefined
    throw error
  }
}

function placeOf(id: string): { messageId: MessageId; index: number } {
  const [message = '', number = ''] = typeof id === 'string' ? id.split('.') : []
  if (!/^\d{1,2}$/.test(number)) throw new ParleyError('InvalidArgument', 'this is not the id of an attachment')
  return { messageId: parseMessageId(message), index: Number(number) }
}

/** `image`, `image/*` and `image/png` all say of `image/png` what it is. */
function isOfType(type: string, asked: string): boolean {
  const plain = asked.toLowerCase()
  return type === plain || type.startsWith(plain.endsWith('/*') ? plain.slice(0, -1) : `${plain}/`)
}
