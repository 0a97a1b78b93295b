/**
 * What a message says about a file that is attached to it:
 *
 *     CBOR [blob id, key, size, sha256, name, type, width, height, thumbnail]
 *
 * Ids, key and hash have 32 bytes. Width and height are null together, and fields that hold nothing are left out at the end.
 */
import { FILE_KEY_BYTES, SHA256_BYTES } from '@parley/crypto'
import { decodeCbor, encodeCbor, ParleyError, Reject, utf8, type CborValue } from '@parley/protocol'
import { BLOB_ID_BYTES, MAX_FILE_BYTES } from '../blob-store.ts'
import { checkFileSize } from './manifest.ts'
import { MAX_FILE_NAME_BYTES, safeFileName } from './names.ts'
import type { FileReference } from './seal-file.ts'
import { isNormalType, MAX_TYPE_BYTES, sniffType } from './sniff.ts'

/** A file as a message names it. */
export interface AttachmentDescriptor extends FileReference {
  /** Safe, at most `MAX_FILE_NAME_BYTES`. */
  readonly name: string
  /** A MIME type in lower case without parameters, at most `MAX_TYPE_BYTES`. What the sender says: see `isInlineSafe`. */
  readonly type: string
  /** Pixels of a picture or a film. */
  readonly dimensions: Dimensions | undefined
  /** A small picture of it, as PNG, JPEG or WebP: see `thumbnailType`. At most `MAX_THUMBNAIL_BYTES`. */
  readonly thumbnail: Uint8Array | undefined
}

/** Pixels, 1 to `MAX_DIMENSION` each. */
export interface Dimensions {
  readonly width: number
  readonly height: number
}

/** A thumbnail: 320 pixels as WebP. Three of them fit into one message beside its text. */
export const MAX_THUMBNAIL_BYTES = 16_384
/** Pixels of one side: what JPEG can say. Larger pictures travel without. */
export const MAX_DIMENSION = 65_535
/** A descriptor: its thumbnail, its name and type, and 104 bytes of ids, key and hash with room for their heads. */
export const MAX_DESCRIPTOR_BYTES = MAX_THUMBNAIL_BYTES + MAX_FILE_NAME_BYTES + MAX_TYPE_BYTES + 3 * 32 + 64

/** Fields that are always there. */
const FIXED_FIELDS = 6
const THUMBNAIL_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp'])

/**
 * The bytes for a message, with the name made safe.
 * @throws {ParleyError} TooLarge for the thumbnail or the file; InvalidArgument for anything else beyond its bounds.
 */
export function encodeDescriptor(descriptor: AttachmentDescriptor): Uint8Array {
  const { blobId, key, size, sha256, name, type, dimensions, thumbnail } = descriptor
  for (const bytes of [blobId, key, sha256]) if (bytes.length !== 32) throw invalid('Blob id, key and hash have 32 bytes each.')
  checkFileSize(size)
  if (!isNormalType(type)) throw invalid('This is not a MIME type in lower case.')
  if (dimensions !== undefined && !isDimension(dimensions.width, dimensions.height))
    throw invalid(`Width and height are whole numbers from 1 to ${MAX_DIMENSION}.`)
  if (thumbnail !== undefined) checkThumbnail(thumbnail)
  const { width, height } = dimensions ?? { width: null, height: null }
  const fields: CborValue[] = [blobId, key, size, sha256, safeFileName(name), type, width, height, thumbnail ?? null]
  while (fields.at(-1) === null) fields.pop()
  return encodeCbor(fields)
}

/** @throws {Reject} BadShape, NotCanonical, LimitExceeded. Byte fields are views; the name is made safe. */
export function decodeDescriptor(bytes: Uint8Array): AttachmentDescriptor {
  const fields = decodeCbor(bytes, { maxBytes: MAX_DESCRIPTOR_BYTES, maxDepth: 1, maxItems: 16 })
  if (!Array.isArray(fields) || fields.length < FIXED_FIELDS || fields.length > FIXED_FIELDS + 3)
    throw new Reject('BadShape', 'attachment has another shape than expected')
  if (fields.at(-1) === null) throw new Reject('NotCanonical', 'attachment ends with a field that holds nothing')
  const [blobId, key, size, sha256, name, type, width = null, height = null, thumbnail = null] = fields as CborValue[]
  if (typeof size !== 'number' || size < 0) throw new Reject('BadShape', 'size of an attachment is not a size')
  if (size > MAX_FILE_BYTES) throw new Reject('LimitExceeded', 'attachment is too large')
  return {
    blobId: fixedBytes(blobId, BLOB_ID_BYTES),
    key: fixedBytes(key, FILE_KEY_BYTES),
    size,
    sha256: fixedBytes(sha256, SHA256_BYTES),
    name: nameFrom(name),
    type: typeFrom(type),
    dimensions: dimensionsFrom(width, height),
    thumbnail: thumbnailFrom(thumbnail),
  }
}

/** What a thumbnail is by its bytes, or undefined when it is no picture that is safe to show; it is left out then. */
export function thumbnailType(thumbnail: Uint8Array): string | undefined {
  const type = sniffType(thumbnail)
  return type !== undefined && THUMBNAIL_TYPES.has(type) ? type : undefined
}

function checkThumbnail(thumbnail: Uint8Array): void {
  if (thumbnail.length > MAX_THUMBNAIL_BYTES) throw new ParleyError('TooLarge', `A thumbnail has at most ${MAX_THUMBNAIL_BYTES} bytes.`)
  if (thumbnailType(thumbnail) === undefined) throw invalid('A thumbnail is a PNG, a JPEG or a WebP.')
}

function fixedBytes(value: CborValue | undefined, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) throw new Reject('BadShape', 'attachment has a field of another length')
  return value
}

/** Which names are safe can change from version to version: a name is made so by who reads it, and its length alone decides. */
function nameFrom(value: CborValue | undefined): string {
  if (typeof value !== 'string' || value === '') throw new Reject('BadShape', 'attachment has no name')
  if (utf8(value).length > MAX_FILE_NAME_BYTES) throw new Reject('LimitExceeded', 'name of an attachment is too long')
  return safeFileName(value)
}

function typeFrom(value: CborValue | undefined): string {
  if (typeof value !== 'string' || !isNormalType(value)) throw new Reject('BadShape', 'type of an attachment is not a MIME type')
  return value
}

function dimensionsFrom(width: CborValue, height: CborValue): Dimensions | undefined {
  if (width === null && height === null) return undefined
  if (!isDimension(width, height)) throw new Reject('BadShape', 'attachment has impossible dimensions')
  return { width: width as number, height: height as number }
}

function thumbnailFrom(value: CborValue): Uint8Array | undefined {
  if (value === null) return undefined
  if (!(value instanceof Uint8Array) || value.length === 0) throw new Reject('BadShape', 'thumbnail is not bytes')
  if (value.length > MAX_THUMBNAIL_BYTES) throw new Reject('LimitExceeded', 'thumbnail is too large')
  return value
}

function isDimension(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_DIMENSION)
}

function invalid(message: string): ParleyError {
  return new ParleyError('InvalidArgument', message)
}
