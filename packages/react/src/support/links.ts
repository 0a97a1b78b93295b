/**
 * Web addresses in what people write. Only `http:` and `https:` ever become links.
 */

/** A piece of a text; `href` when it is a web address. */
export interface TextPart {
  /** Where it begins in the text. */
  readonly at: number
  readonly text: string
  readonly href?: string
}

const CANDIDATE = /https?:\/\/[^\s<>"'`]+/gi
/** Punctuation and brackets that end a sentence rather than an address. */
const TRAILING = /[.,;:!?…)\]}]+$/

function hrefOf(text: string): string | undefined {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== '' ? url.href : undefined
}

/** The text in order, cut where addresses begin and end. */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const address = match[0].replace(TRAILING, '')
    const href = hrefOf(address)
    if (href === undefined) continue
    if (match.index > end) parts.push({ at: end, text: text.slice(end, match.index) })
    parts.push({ at: match.index, text: address, href })
    end = match.index + address.length
  }
  if (end < text.length) parts.push({ at: end, text: text.slice(end) })
  return parts
}
