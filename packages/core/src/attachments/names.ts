/**
 * Names of files, made harmless. A name comes from another person and ends up on a screen and on a disk: it must not pretend to be of
 * another type, name a folder, or be refused by any system.
 */
import { utf8 } from '@parley/protocol'

/**
 * UTF-8 bytes of a file name. Systems stop at 255 bytes or characters; 15 are left for what they add: ` (12)`, `.part`.
 */
export const MAX_FILE_NAME_BYTES = 240

/** Bytes of an extension that is kept when a name is cut; what is longer is not one. */
const MAX_EXTENSION_BYTES = 17

/** What a file is called when nothing is left of its name. */
const NAMELESS = 'file'

/**
 * Characters that are not seen or that change how the others are seen: controls, line and paragraph separators, marks and overrides of
 * direction (`exe.gpj` shown as a picture), zero-width spaces, variation tags, lone surrogates. The joiners of emoji and of
 * Persian stay.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\u{e0000}-\u{e007f}]/gu

/** What Windows refuses in names. */
const FORBIDDEN = /[<>:"|?*]/g

/** Names that Windows takes for devices, whatever their extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?: *\.|$)/i

/**
 * A name that every system takes as the name of one file in one folder: without what comes before the last separator, without invisible
 * characters, with neither dots nor spaces at its ends, at most `MAX_FILE_NAME_BYTES`, never empty. Safe names stay as they are.
 */
export function safeFileName(name: string): string {
  const last =
    name
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? ''
  // Composed last: what stood between a letter and its accent may just have gone.
  const visible = last
    .replace(INVISIBLE, '')
    .replace(FORBIDDEN, '_')
    .replace(/\p{Zs}+/gu, ' ')
    .normalize('NFC')
  const whole = trimmed(visible)
  const plain = trimmed(shortened(DEVICE.test(whole) ? `_${whole}` : whole))
  return plain === '' ? NAMELESS : plain
}

/** Leading dots hide a file, trailing ones and spaces are dropped by Windows. */
function trimmed(name: string): string {
  return name.replace(/^[. ]+/, '').replace(/[. ]+$/, '')
}

/** The name within its limit, its extension kept, cut between characters. */
function shortened(name: string): string {
  if (utf8(name).length <= MAX_FILE_NAME_BYTES) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 && utf8(name.slice(dot)).length <= MAX_EXTENSION_BYTES ? name.slice(dot) : ''
  let room = MAX_FILE_NAME_BYTES - utf8(extension).length
  let stem = ''
  for (const character of extension === '' ? name : name.slice(0, dot)) {
    room -= utf8(character).length
    if (room < 0) break
    stem += character
  }
  return trimmed(stem) + extension
}
