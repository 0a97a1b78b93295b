/** A file of a message, as applications see it. */
import { FILE_CHUNK_BYTES } from '../blob-store.ts'
import type { Attachment, FetchOptions } from '../api.ts'
import { ParleyError, type ConversationId, type MessageId } from '@parley/protocol'
import type { Attachments } from './attachments.ts'
import { thumbnailType, type AttachmentDescriptor } from './descriptor.ts'
import type { Download } from './download.ts'
import type { WantedFiles } from './wanted-files.ts'
import { openFile, type ChunkReader } from './open-file.ts'
import { servedType } from './sniff.ts'

/** Bytes put together before they become a part of a Blob: a browser moves those to its disk. */
const BLOB_PART_BYTES = 16 * FILE_CHUNK_BYTES

/**
 * Its data are own members and its methods are not, so that structured clone and the view document take the data and leave the methods.
 * A frozen snapshot.
 */
export class MessageAttachment implements Attachment {
  readonly id: string
  readonly messageId: MessageId
  readonly name: string
  readonly type: string
  readonly size: number
  readonly sha256: string
  readonly width?: number
  readonly height?: number
  readonly thumbnail: string
  readonly #conversation: ConversationId
  readonly #descriptor: AttachmentDescriptor
  readonly #attachments: Attachments | undefined
  readonly #wanted: WantedFiles

  constructor(
    attachments: Attachments | undefined,
    wanted: WantedFiles,
    conversation: ConversationId,
    messageId: MessageId,
    index: number,
    descriptor: AttachmentDescriptor,
  ) {
    this.id = `${messageId}.${index}`
    this.messageId = messageId
    this.name = descriptor.name
    this.type = descriptor.type
    this.size = descriptor.size
    this.sha256 = hexOf(descriptor.sha256)
    if (descriptor.dimensions !== undefined) {
      this.width = descriptor.dimensions.width
      this.height = descriptor.dimensions.height
    }
    this.thumbnail = thumbnailUrl(descriptor.thumbnail)
    this.#conversation = conversation
    this.#descriptor = descriptor
    this.#attachments = attachments
    this.#wanted = wanted
    Object.freeze(this)
  }

  async blob(options: FetchOptions = {}): Promise<Blob> {
    return this.#wholly(options, () => this.#blob(options))
  }

  async #blob(options: FetchOptions): Promise<Blob> {
    const parts: Blob[] = []
    let pieces: Uint8Array<ArrayBuffer>[] = []
    let bytes = 0
    const flush = (): void => {
      parts.push(new Blob(pieces))
      pieces = []
      bytes = 0
    }
    for await (const piece of this.stream(options) as unknown as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      pieces.push(piece)
      if ((bytes += piece.length) >= BLOB_PART_BYTES) flush()
    }
    flush()
    return new Blob(parts, { type: servedType(this.type) })
  }

  stream(options: FetchOptions = {}): ReadableStream<Uint8Array> {
    // Nothing is fetched for a stream that nobody reads.
    let reading: Reading | undefined
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          reading ??= this.#read(options)
          try {
            const { done, value } = await reading.reader.read()
            if (!done) return controller.enqueue(value)
            await reading.end()
            controller.close()
          } catch (error) {
            await reading.end()
            throw error
          }
        },
        cancel: async (reason) => {
          await reading?.reader.cancel(reason)
          await reading?.end()
        },
      },
      { highWaterMark: 0 },
    )
  }

  async url(options: FetchOptions = {}): Promise<string> {
    return URL.createObjectURL(await this.blob(options))
  }

  async received(): Promise<number> {
    const file = await existing(this.#attachments).held(this.#descriptor.blobId)
    if (file === undefined) return 0
    return file.isComplete ? this.size : Math.min(this.size, file.held.size * FILE_CHUNK_BYTES)
  }

  async fetch(options: FetchOptions = {}): Promise<void> {
    return this.#wholly(options, () => this.#fetch(options))
  }

  async #fetch(options: FetchOptions): Promise<void> {
    const download = this.#download()
    const end = download.use()
    try {
      await download.complete({ ...waitOptions(options), onChange: this.#reporter(options, download) })
    } finally {
      end()
    }
  }

  /** Runs what brings the whole file, as something that the user wants: unless it is here, or only what can be had now is asked for. */
  async #wholly<T>(options: FetchOptions, bring: () => Promise<T>): Promise<T> {
    if (options.wait === false || (await this.received()) === this.size) return bring()
    return this.#wanted.during(this.id, bring)
  }

  #download(): Download {
    return existing(this.#attachments).download(this.#conversation, this.#descriptor)
  }

  #read(options: FetchOptions): Reading {
    const { signal } = options
    const download = this.#download()
    const unuse = download.use()
    // Tells of what comes while the reader waits for another place.
    const over = new AbortController()
    const watched = download.complete({ signal: over.signal, onChange: this.#reporter(options, download) }).catch(ignore)
    const { crypto } = existing(this.#attachments).init
    const chunk: ChunkReader = (index, at) => download.chunk(index, { ...waitOptions(options), ...at })
    const stream = openFile({ crypto, reference: this.#descriptor, chunk }, signal === undefined ? {} : { signal })
    return {
      reader: stream.getReader(),
      end: async () => {
        over.abort()
        await watched
        unuse()
      },
    }
  }

  /** Tells what changed since it was last called. */
  #reporter({ onProgress, onHolders }: FetchOptions, download: Download): () => void {
    let received = -1
    let holders = -1
    return () => {
      if (download.received > received) onProgress?.((received = download.received), this.size)
      if (download.holders !== holders) onHolders?.((holders = download.holders))
    }
  }
}

interface Reading {
  readonly reader: ReadableStreamDefaultReader<Uint8Array>
  end(): Promise<void>
}

function waitOptions({ signal, wait }: FetchOptions): { signal?: AbortSignal; wait?: boolean } {
  return { ...(signal === undefined ? {} : { signal }), ...(wait === undefined ? {} : { wait }) }
}

// The reader hears of it from the chunk that it waits for.
function ignore(): void {}

function existing(attachments: Attachments | undefined): Attachments {
  if (attachments === undefined) throw noPlaceForFiles()
  return attachments
}

/** The error of a profile without a blob store. */
export function noPlaceForFiles(): ParleyError {
  return new ParleyError('StorageUnavailable', 'this profile has no place for files')
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A URL that an `<img>` can show; empty when the bytes are no picture that is safe to show. */
function thumbnailUrl(thumbnail: Uint8Array | undefined): string {
  const type = thumbnail === undefined ? undefined : thumbnailType(thumbnail)
  if (thumbnail === undefined || type === undefined) return ''
  let text = ''
  for (const byte of thumbnail) text += String.fromCharCode(byte)
  return `data:${type};base64,${btoa(text)}`
}
