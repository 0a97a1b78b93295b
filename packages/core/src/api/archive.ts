/** What applications see of export and import. The meaning of every call is the contract of `docs/API.md`, the format that of `docs/guides/export.md`. */
import type { ArchiveSource } from '../archive/lines.ts'
import type { Conversation } from '../api.ts'

export type { ArchiveSource } from '../archive/lines.ts'

export interface ExportOptions {
  /** Whether the bytes of files that are here go along. Default true. */
  includeFiles?: boolean
  /** Stops it: the stream fails with `Aborted`. */
  signal?: AbortSignal
  /** Bytes of the archive so far. */
  onProgress?: (bytes: number) => void
}

export interface ImportOptions {
  signal?: AbortSignal
  /** Bytes of the archive that were read. */
  onProgress?: (bytes: number) => void
}

export interface ExportCalls {
  /**
   * The conversation as it is here and now, in an open format, with everything that its readers need: who has the file can read all of it. Nothing is
   * read before the stream is. The stream fails with {Aborted, Closed, AttachmentUnavailable}.
   *
   * @example
   * ```ts
   * const archive = await new Response(conversation.exportConversation({ includeFiles: false })).blob()
   * ```
   * @throws {Closed}
   */
  exportConversation(options?: ExportOptions): ReadableStream<Uint8Array>
}

export interface ImportCalls {
  /**
   * Reads an archive, checking every signature, chain and hash. A conversation that this profile is in gets what it lacks; any other becomes one to read, with
   * the state `archive`. Takes room for a second copy meanwhile.
   *
   * @example
   * ```ts
   * const archive = await new Response(conversation.exportConversation()).blob()
   * const copy = await parley.importConversation(archive, { onProgress: (bytes) => console.log(bytes, archive.size) })
   * ```
   * @throws {ArchiveInvalid} naming the line; nothing is imported then. {InvalidArgument, Aborted, StorageFull, Closed}
   */
  importConversation(source: ArchiveSource, options?: ImportOptions): Promise<Conversation>
}
