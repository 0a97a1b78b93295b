/** What applications see of attached files. The meaning of every call is the contract of `docs/API.md`. */
import type { MessageId } from '@parley/protocol'
import type { FileInput } from '../attachments/file-input.ts'

export type { FileInput } from '../attachments/file-input.ts'

/** How a call that may have to fetch a file is watched and stopped. */
export interface FetchOptions {
  /** Stops this call; what was fetched stays, and the next call goes on with it. */
  readonly signal?: AbortSignal
  /** Bytes of the file that are here, and its size; never less than before, the last time both are equal. */
  readonly onProgress?: (received: number, total: number) => void
  /** How many members who are online hold some of it, by what they say; 0 means that the call waits for one to come. */
  readonly onHolders?: (holders: number) => void
  /** False: fails with `AttachmentUnavailable` when nobody online has what is missing, instead of waiting. Default true. */
  readonly wait?: boolean
}

/**
 * A file of a message. A frozen snapshot: its data are own members, so that it can be cloned; the calls are not.
 *
 * Every call fetches what is missing from the members who hold it, several at once, and keeps it on this device; calls for one file share the fetch.
 * What `blob`, `url` or `fetch` was asked for and a restart interrupted goes on by itself after it, unless a signal ended it or `wait` is false.
 * They fail with {AttachmentUnavailable} when it is deleted or broken, {StorageFull}, {Aborted}, {Closed}.
 */
export interface Attachment {
  /** Names it within the profile. */
  readonly id: string
  readonly messageId: MessageId
  /** Safe as the name of a file, at most 200 bytes. */
  readonly name: string
  /** MIME type, by its first bytes as far as they tell. What the sender says: never show a type that a page could run. */
  readonly type: string
  /** Bytes. */
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  /** Pixels, of pictures that the sender could read. */
  readonly width?: number
  /** See `width`. */
  readonly height?: number
  /** A `data:` URL of a small picture, empty when there is none. */
  readonly thumbnail: string

  /**
   * The file, checked to its last byte. For large files outside browsers use `stream`.
   * @example
   * ```ts
   * const text = await (await attachment.blob()).text()
   * ```
   */
  blob(options?: FetchOptions): Promise<Blob>
  /**
   * The bytes in their order, each piece checked; it fails at the end when the whole is not the file that was sent. Nothing is fetched before
   * it is read.
   * @example
   * ```ts
   * for await (const piece of attachment.stream() as unknown as AsyncIterable<Uint8Array>) console.log(piece.length)
   * ```
   */
  stream(options?: FetchOptions): ReadableStream<Uint8Array>
  /**
   * A `blob:` URL for `<img>` and downloads, of a type that starts nothing. The caller revokes it with `URL.revokeObjectURL`.
   * @example
   * ```ts
   * image.src = await attachment.url({ onProgress: (received, total) => console.log(`${received} of ${total}`) })
   * ```
   */
  url(options?: FetchOptions): Promise<string>
  /**
   * Brings all of it onto this device, to be read later without anybody online.
   * @example
   * ```ts
   * await attachment.fetch({ signal: AbortSignal.timeout(60_000) })
   * ```
   */
  fetch(options?: FetchOptions): Promise<void>
  /**
   * Bytes of it that are on this device now; equal to `size` when nothing has to be fetched.
   * @example
   * ```ts
   * const isHere = (await attachment.received()) === attachment.size
   * ```
   */
  received(): Promise<number>
}

/** What a message is sent with beside its text. */
export interface FilesInit {
  /** At most 10, each up to 2 GiB. They are sealed and on this disk before the promise resolves. */
  file?: FileInput | readonly FileInput[] | undefined
  /** Stops the sealing of `file`; nothing is sent then. */
  signal?: AbortSignal | undefined
  /** Bytes of `file` that are sealed, and all of them. */
  onProgress?: ((done: number, total: number) => void) | undefined
}

export interface ListAttachmentsOptions {
  /** The id of an attachment: those before it are given. */
  before?: string
  /** 1 to 500, default 50. */
  limit?: number
  /** A MIME type, `image/png`, or its first part, `image`. */
  type?: string
}

/** What a conversation offers around files. */
export interface AttachmentCalls {
  /**
   * Newest first, found by an index whatever the length of the history. @throws {InvalidArgument, MessageNotFound} for `before`.
   * @example
   * ```ts
   * const pictures = await conversation.getAttachments({ type: 'image', limit: 20 })
   * ```
   */
  getAttachments(options?: ListAttachmentsOptions): Promise<readonly Attachment[]>
}
