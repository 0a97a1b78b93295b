/**
 * Web addresses in what people write. Only `http:` and `https:` ever become links.
 */

/** A piece of a text; `href` when it is a web address. */
export interface TextPart {
  /** Where it begins in the text. */
  readonly at: number
  /** What it says. */
  readonly text: string
  /** Where it leads, as the browser writes it. */
  readonly href?: string
}

const CANDIDATE = /https?:\/\/[^\s<>"'`]+/gi
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…]+$/
const BRACKETS = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const

function withoutTrailing(candidate: string): string {
  let text = candidate
  for (;;) {
    const before = text
    text = text.replace(TRAILING, '')
    // A closing bracket belongs to the sentence unless the address opened it.
    for (const [open, close] of BRACKETS) {
      if (text.endsWith(close) && text.split(close).length > text.split(open).length) text = text.slice(0, -1)
    }
    if (text === before) return text
  }
}

function hrefOf(text: string): string | undefined {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== '' ? url.href : undefined
}

/**
 * The text in order, cut where addresses begin and end.
 * @example
 * ```tsx
 * const links = textParts('See https://example.org.').flatMap(({ href }) => (href === undefined ? [] : [href]))
 * ```
 */
export function textParts(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(CANDIDATE)) {
    const address = withoutTrailing(match[0])
    const href = hrefOf(address)
    if (href === undefined) continue
    if (match.index > end) parts.push({ at: end, text: text.slice(end, match.index) })
    parts.push({ at: match.index, text: address, href })
    end = match.index + address.length
  }
  if (end < text.length) parts.push({ at: end, text: text.slice(end) })
  return parts
}
