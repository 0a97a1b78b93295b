/**
 * The little formatting that people use while they chat: bold, italic, struck through, code, lists, quotes. Read by the CommonMark parser with everything else
 * switched off: no HTML, no images, no links with a text that hides where they lead. A text stays what was typed, and its places count from its beginning, for
 * mentions speak of places.
 */
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmStrikethroughFromMarkdown } from 'mdast-util-gfm-strikethrough'
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough'

type Root = ReturnType<typeof fromMarkdown>
/** A part of a text: a node of the syntax tree that mdast describes. */
export type FormattedNode = Root['children'][number]
type Nodes = Root | FormattedNode
type Parents = Extract<Nodes, { children: unknown }>

/** Constructs of CommonMark that a chat does without. */
const OFF = [
  'autolink',
  'characterEscape',
  'characterReference',
  'codeIndented',
  'definition',
  'hardBreakEscape',
  'headingAtx',
  'htmlFlow',
  'htmlText',
  'labelEnd',
  'labelStartImage',
  'labelStartLink',
  'setextUnderline',
  'thematicBreak',
]

/**
 * What goes beyond these is shown as it was typed. The parser takes time by the square of them, and people may write what takes long on purpose: within
 * them it stays below some 50 ms.
 */
const MAX_LENGTH = 4_000
const MAX_RUNS = 150
/** A line that begins with so many signs of quotes and lists. */
const NESTED = /^(?:[ \t]*(?:>|[-+*]|\d{1,9}[.)])){8}/m
const RUNS = /[*_~]+/g
/** In blocks of code, signs are only signs. */
const CODE = /```[^]*?```/g
/** Deeper nesting is no formatting any more. */
const MAX_DEPTH = 12
/** Without one of these there is nothing to parse, as in most messages. */
const SIGNS = /[*_~`]|^[ \t]*(?:>|[-+][ \t]|\d{1,9}[.)][ \t])/m

const extensions = [{ disable: { null: OFF } }, gfmStrikethrough({ singleTilde: false })]
const mdastExtensions = [gfmStrikethroughFromMarkdown()]

function isParent(node: Nodes): node is Parents {
  return 'children' in node
}

function isSimple(text: string): boolean {
  return text.length <= MAX_LENGTH && !NESTED.test(text) && (text.replace(CODE, '').match(RUNS)?.length ?? 0) <= MAX_RUNS
}

/** Whether it holds anything but paragraphs of plain text, and not too deep. */
function isWorthShowing(root: Root): boolean {
  let formatted = false
  let level: Nodes[] = [...root.children]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false
    formatted ||= level.some(({ type }) => type !== 'paragraph' && type !== 'text')
    level = level.flatMap((node): Nodes[] => (isParent(node) ? node.children : []))
  }
  return formatted
}

/** The parts of a text; `undefined` when it has no formatting, and is to be shown as it is. */
export function formatted(text: string): Root | undefined {
  if (!SIGNS.test(text) || !isSimple(text)) return undefined
  const root = fromMarkdown(text, { extensions, mdastExtensions })
  return isWorthShowing(root) ? root : undefined
}

/** The words alone, in one line: for previews. */
export function withoutFormatting(text: string): string {
  const root = formatted(text)
  return root === undefined ? text : wordsOf(root)
}

function wordsOf(node: Nodes): string {
  if ('value' in node) return node.value
  if (!isParent(node)) return ''
  const isInline = node.type === 'paragraph' || node.type === 'emphasis' || node.type === 'strong' || node.type === 'delete'
  return node.children.map(wordsOf).join(isInline ? '' : ' ')
}
