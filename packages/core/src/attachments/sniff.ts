/**
 * What a file is, by its first bytes. What its sender says counts only where it does not contradict them: a page or a program that calls
 * itself a picture is neither shown nor started as one. A table of our own: `file-type` knows hundreds of formats, at a size and with a
 * parser that a chat window has no use for.
 */

/** First bytes that `sniffType` and `typeOf` look at. */
export const SNIFF_BYTES = 512

/** What is said of a file that nothing is known of. */
export const UNKNOWN_TYPE = 'application/octet-stream'

/** Characters of a type: what RFC 6838 allows for both halves is 127 each, what is in use is under half of it. */
export const MAX_TYPE_BYTES = 127

/** RFC 6838 section 4.2, in lower case, without parameters. */
const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/

interface Signature {
  readonly type: string
  /** Latin-1 text that stands at `at`, by default at the start. */
  readonly magic: string
  readonly at?: number
  /** Latin-1 text that stands at `andAt` too. */
  readonly and?: string
  readonly andAt?: number
}

/** The more particular first. */
const SIGNATURES: readonly Signature[] = [
  { type: 'image/png', magic: '\x89PNG\r\n\x1a\n' },
  { type: 'image/jpeg', magic: '\xff\xd8\xff' },
  { type: 'image/gif', magic: 'GIF87a' },
  { type: 'image/gif', magic: 'GIF89a' },
  { type: 'image/webp', magic: 'RIFF', and: 'WEBP', andAt: 8 },
  { type: 'audio/wav', magic: 'RIFF', and: 'WAVE', andAt: 8 },
  { type: 'video/x-msvideo', magic: 'RIFF', and: 'AVI ', andAt: 8 },
  { type: 'image/avif', magic: 'ftypavif', at: 4 },
  { type: 'image/avif', magic: 'ftypavis', at: 4 },
  { type: 'image/heic', magic: 'ftyphei', at: 4 },
  { type: 'image/heic', magic: 'ftypmif1', at: 4 },
  { type: 'video/quicktime', magic: 'ftypqt  ', at: 4 },
  { type: 'audio/mp4', magic: 'ftypM4A ', at: 4 },
  { type: 'video/mp4', magic: 'ftyp', at: 4 },
  { type: 'video/webm', magic: '\x1a\x45\xdf\xa3' },
  { type: 'audio/ogg', magic: 'OggS' },
  { type: 'audio/flac', magic: 'fLaC' },
  { type: 'audio/mpeg', magic: 'ID3' },
  { type: 'audio/mpeg', magic: '\xff\xfb' },
  { type: 'audio/mpeg', magic: '\xff\xf3' },
  { type: 'audio/mpeg', magic: '\xff\xf2' },
  { type: 'audio/aac', magic: '\xff\xf1' },
  { type: 'audio/aac', magic: '\xff\xf9' },
  { type: 'image/tiff', magic: 'II*\0' },
  { type: 'image/tiff', magic: 'MM\0*' },
  { type: 'image/bmp', magic: 'BM', and: '\0\0\0\0', andAt: 6 },
  { type: 'application/pdf', magic: '%PDF-' },
  { type: 'application/zip', magic: 'PK\x03\x04' },
  { type: 'application/zip', magic: 'PK\x05\x06' },
  { type: 'application/gzip', magic: '\x1f\x8b\x08' },
  { type: 'application/x-7z-compressed', magic: '7z\xbc\xaf\x27\x1c' },
  { type: 'application/vnd.rar', magic: 'Rar!\x1a\x07' },
  { type: 'application/wasm', magic: '\0asm' },
  { type: 'application/x-executable', magic: '\x7fELF' },
  { type: 'application/x-msdownload', magic: 'MZ' },
]

/** What formats with one beginning can be in particular; there the sender's word counts. */
const REFINEMENTS: Readonly<Record<string, RegExp>> = {
  'application/zip':
    /^application\/(?:vnd\.openxmlformats-officedocument\.[a-z.]+|vnd\.oasis\.opendocument\.[a-z-]+|epub\+zip|vnd\.android\.package-archive|java-archive)$/,
  'audio/ogg': /^(?:video|application)\/ogg$|^audio\/opus$/,
  'video/webm': /^audio\/webm$|^(?:video|audio)\/(?:x-)?matroska$/,
  'video/mp4': /^audio\/(?:mp4|x-m4a)$|^video\/(?:quicktime|x-m4v|3gpp2?)$/,
  'image/heic': /^image\/(?:heif|avif)$/,
}

/** What the tags at the start of a text make of it, in a browser that is given the chance. */
const MARKUP: readonly (readonly [RegExp, string])[] = [
  [/^<svg[\s>]|^<\?xml[^]*<svg[\s>]|^<!doctype svg|^<!--[^]*<svg[\s>]/, 'image/svg+xml'],
  [/^<(?:!doctype html|html|head|body|script|iframe|style|title|table|div|br|p|a|b|h1|img|font|!--)(?=[\s>/!-])/, 'text/html'],
  [/^<\?xml/, 'application/xml'],
]

/** Types that a browser shows or plays without starting anything that is in them. */
const INLINE_SAFE: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'audio/wav',
  'audio/mp4',
  'audio/ogg',
  'audio/webm',
  'audio/flac',
  'audio/mpeg',
  'audio/aac',
  'video/mp4',
  'video/webm',
  'video/ogg',
  'video/quicktime',
  'text/plain',
])

/** The type that the first bytes show, or undefined when they show none. */
export function sniffType(start: Uint8Array): string | undefined {
  const text = latin1(start.subarray(0, SNIFF_BYTES))
  const found = SIGNATURES.find(({ magic, at = 0, and = '', andAt = 0 }) => text.startsWith(magic, at) && text.startsWith(and, andAt))
  if (found !== undefined) return found.type
  // A byte order mark and blanks before the first tag do not keep a browser from seeing it.
  const tags = text.replace(/^(?:\xef\xbb\xbf)?\s*/, '').toLowerCase()
  return MARKUP.find(([pattern]) => pattern.test(tags))?.[1]
}

/** The type in lower case without its parameters, or undefined when it is none. */
export function normalType(type: string): string | undefined {
  const plain = type
    .replace(/;[^]*$/, '')
    .trim()
    .toLowerCase()
  return isNormalType(plain) ? plain : undefined
}

/** Whether a type is written as `normalType` writes it. */
export function isNormalType(type: string): boolean {
  return type.length <= MAX_TYPE_BYTES && TYPE.test(type)
}

/**
 * What a file counts as, by its first bytes and by what its sender says of it: the bytes win, the sender's word refines them, and stands alone
 * only for types that no beginning shows.
 */
export function typeOf(start: Uint8Array, declared: string | undefined): string {
  const said = declared === undefined ? undefined : normalType(declared)
  const seen = sniffType(start)
  if (seen !== undefined) return said !== undefined && REFINEMENTS[seen]?.test(said) === true ? said : seen
  if (said === undefined || isRecognisable(said)) return UNKNOWN_TYPE
  return said
}

/** Whether a file of this type may be shown in a page. Everything else is offered for download only, as `servedType`. */
export function isInlineSafe(type: string): boolean {
  return INLINE_SAFE.has(type)
}

/** The type to give to a browser along with the bytes: one that starts nothing. */
export function servedType(type: string): string {
  return isInlineSafe(type) ? type : UNKNOWN_TYPE
}

/** Whether files of this type begin in a way that would have been seen. SVG and HTML have many beginnings, and stay what they are called. */
function isRecognisable(type: string): boolean {
  return /^(?:image|audio|video)\//.test(type)
    ? SIGNATURES.some((known) => known.type === type) || INLINE_SAFE.has(type)
    : type === 'application/pdf'
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
