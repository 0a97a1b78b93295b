/** From files to what a message says of them: sealed and kept here first, so that a message never names what its author does not hold. */
import { MAX_ATTACHMENTS, ParleyError, type ConversationId } from '@parley/protocol'
import type { Logger } from '../transport.ts'
import { errorFacts } from '../support/error-facts.ts'
import type { Attachments, Picture } from './attachments.ts'
import { encodeDescriptor, MAX_DIMENSION, MAX_THUMBNAIL_BYTES, thumbnailType, type AttachmentDescriptor } from './descriptor.ts'
import { filesOf, sourceOf } from './file-input.ts'
import { checkFileSize } from './manifest.ts'
import { throwIfAborted, type FileReference, type TransferOptions } from './seal-file.ts'
import { describeSource, type FileSource } from './source.ts'

/** Pictures of which a thumbnail is made: a larger one would fill the memory of a phone when it is opened. */
const MAX_PICTURE_BYTES = 33_554_432

/** Files that are kept for a message that is about to be written. */
export interface PreparedFiles {
  /** For the payload, in the order of the files. */
  readonly attachments: readonly Uint8Array[]
  /** Writes the message that refers to them. Resolves once it is folded; when it fails, what no message refers to is deleted. */
  keepUntil<T>(write: () => Promise<T>): Promise<T>
}

/** A message without files. */
export const NO_FILES: PreparedFiles = { attachments: [], keepUntil: (write) => write() }

export interface PrepareInit {
  readonly attachments: Attachments
  readonly conversation: ConversationId
  readonly logger: Logger
  /** Bytes of the payload that are left for all of them. */
  readonly room: number
}

/**
 * Seals and keeps files. When it fails, nothing of them is left.
 * @throws {ParleyError} InvalidArgument, TooLarge, Aborted, StorageFull, StorageUnavailable; as `FileSource.read`.
 */
export async function prepareFiles(init: PrepareInit, file: unknown, options: TransferOptions): Promise<PreparedFiles> {
  const { attachments, conversation } = init
  const inputs = filesOf(file)
  if (inputs.length > MAX_ATTACHMENTS) throw new ParleyError('TooLarge', `a message can have at most ${MAX_ATTACHMENTS} files`)
  const sources: FileSource[] = []
  const references: FileReference[] = []
  const release = (): Promise<void> => attachments.release(conversation, references)
  try {
    for (const input of inputs) {
      throwIfAborted(options.signal)
      sources.push(await sourceOf(input, attachments.init.openPath))
      checkFileSize(sources.at(-1)!.size)
    }
    const descriptors: AttachmentDescriptor[] = []
    const progress = sumOf(sources, options)
    for (const [i, source] of sources.entries()) {
      const { name, type } = await describeSource(source)
      const picture = await pictureOf(init, source, type)
      const reference = await attachments.seal(conversation, source, progress(i))
      references.push(reference)
      descriptors.push({
        ...reference,
        name,
        type,
        dimensions: picture && { width: picture.width, height: picture.height },
        thumbnail: picture?.thumbnail,
      })
    }
    return {
      attachments: fitted(descriptors, init.room),
      async keepUntil(write) {
        try {
          return await write()
        } finally {
          await release()
        }
      },
    }
  } catch (error) {
    await release()
    throw error
  } finally {
    for (const source of sources) await source.close?.()
  }
}

/** Leaves thumbnails out, the last ones first, until all fit; what still does not is refused by the payload. */
function fitted(descriptors: readonly AttachmentDescriptor[], room: number): Uint8Array[] {
  const encoded = descriptors.map((descriptor) => encodeDescriptor(descriptor))
  for (let i = encoded.length - 1; i >= 0 && encoded.reduce((sum, bytes) => sum + bytes.length, 0) > room; i--)
    encoded[i] = encodeDescriptor({ ...descriptors[i]!, thumbnail: undefined })
  return encoded
}

/** A picture that cannot be read is sent as any file. */
async function pictureOf({ attachments, logger }: PrepareInit, source: FileSource, type: string): Promise<Picture | undefined> {
  if (attachments.init.picture === undefined || !type.startsWith('image/') || source.size === 0 || source.size > MAX_PICTURE_BYTES)
    return undefined
  const bytes = new Uint8Array(source.size)
  await source.read(0, bytes)
  try {
    const picture = await attachments.init.picture(bytes, type)
    if (picture === undefined || !isSide(picture.width) || !isSide(picture.height)) return undefined
    const { thumbnail } = picture
    const isGood = thumbnail !== undefined && thumbnail.length <= MAX_THUMBNAIL_BYTES && thumbnailType(thumbnail) !== undefined
    return isGood ? picture : { ...picture, thumbnail: undefined }
  } catch (error) {
    logger.debug('picture without a thumbnail', errorFacts(error))
    return undefined
  }
}

const isSide = (pixels: number): boolean => Number.isInteger(pixels) && pixels >= 1 && pixels <= MAX_DIMENSION

/** One progress for all files together. */
function sumOf(sources: readonly FileSource[], { signal, onProgress }: TransferOptions): (index: number) => TransferOptions {
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  return (index) => {
    const before = sources.slice(0, index).reduce((sum, { size }) => sum + size, 0)
    return {
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress: (done: number) => onProgress(before + done, total) }),
    }
  }
}
