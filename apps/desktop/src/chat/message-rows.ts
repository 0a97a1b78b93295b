/**
 * Messages as the terminal interface shows them.
 */
import type { Message } from '@parley/core'
import type { MessageId, UserId } from '@parley/protocol'
import { dayOf, formatMetadata, nameOf, timeOf } from '../format.ts'
import type { Terminal } from '../printer.ts'
import { sizeText } from '../progress.ts'
import { clip, oneLine, wrap } from '../text.ts'
import { bold, dim, plain } from './paint.ts'
import type { Row, Span } from './paint.ts'
import type { Block } from './scroll.ts'

/** Messages of one person that follow each other within this time stand under one name. */
const GROUP_MS = 5 * 60_000
/** For the marks on the left. */
const INDENT = 2

/** What there is to know beside the messages. */
export interface MessageContext {
  readonly terminal: Terminal
  readonly columns: number
  readonly self: UserId
  readonly selected: MessageId | undefined
  readonly firstUnread: MessageId | undefined
  /** Nobody else is there who could have what one writes. */
  readonly isAlone: boolean
  who(id: UserId): string
}

/** What of a message depends on nothing but itself and the width. */
interface Fixed {
  readonly columns: number
  readonly day: string
  readonly time: string
  readonly body: readonly (readonly Span[])[]
}

/** A snapshot of a message never changes; a later state is another object. */
const fixed = new WeakMap<Message, Fixed>()

/** One block for each message, with lines for days and for where the unread ones begin. */
export function messageBlocks(messages: readonly Message[], context: MessageContext): Block[] {
  const byId = new Map(messages.map((message) => [message.id, message]))
  const own = messages.filter(({ state }) => state !== undefined)
  /** A device hands its messages over in order: those before have come at least as far. */
  const milestones = new Set(own.filter(({ state }, i) => own[i + 1]?.state !== state))
  let before: Message | undefined
  return messages.map((message) => {
    const lead = dividers(message, before, context)
    const rows: Row[] = []
    const isContinued = lead.length === 0 && before !== undefined && isOneGroup(before, message)
    if (!isContinued) rows.push(headRow(message, context))
    if (message.replyTo !== undefined) rows.push([dim(quoteOf(byId.get(message.replyTo), context))])
    rows.push(...fixedOf(message, context).body)
    if (milestones.has(message) && !context.isAlone) rows.push([dim(`(${stateText(message, context)})`)])
    before = message
    const indent = plain(' '.repeat(INDENT))
    const mark = message.id === context.selected ? bold('> ') : indent
    return { id: message.id, rows: [...lead.map((row) => [indent, ...row]), ...rows.map((row) => [mark, ...row])] }
  })
}

/** The beginning of what it says, on one line. */
export function summaryOf(message: Message, columns: number): string {
  if (message.isBlocked || message.isHidden) return 'not shown'
  return clip(message.text || message.attachments.map(({ name }) => `[${name}]`).join(' '), columns)
}

function dividers(message: Message, before: Message | undefined, context: MessageContext): Row[] {
  const { day } = fixedOf(message, context)
  const rows: Row[] = []
  if (before === undefined || fixedOf(before, context).day !== day) rows.push([dim(`— ${day} —`)])
  if (message.id === context.firstUnread) rows.push([bold('--- new ---')])
  return rows
}

function isOneGroup(before: Message, message: Message): boolean {
  return before.author.id === message.author.id && message.sentAt - before.sentAt < GROUP_MS
}

function headRow(message: Message, context: MessageContext): Row {
  const name = message.author.id === context.self ? 'You' : nameOf(message.author)
  return [{ text: clip(name, context.columns - 10), style: 'name' }, dim(`  ${fixedOf(message, context).time}`)]
}

function quoteOf(quoted: Message | undefined, { columns, self }: MessageContext): string {
  if (quoted === undefined) return '| to an earlier message'
  const name = quoted.author.id === self ? 'you' : nameOf(quoted.author)
  return clip(`| to ${name}: ${summaryOf(quoted, columns)}`, columns - INDENT)
}

function fixedOf(message: Message, { terminal, columns }: MessageContext): Fixed {
  const known = fixed.get(message)
  if (known?.columns === columns) return known
  const room = columns - INDENT
  const isShown = !message.isBlocked && !message.isHidden
  const lines: Row[] = isShown && message.text !== '' ? wrap(message.text.replaceAll('\t', '    '), room).map((line) => [plain(line)]) : []
  if (isShown)
    for (const { name, size } of message.attachments)
      lines.push(...wrap(`[${oneLine(name)}, ${sizeText(size)}]`, room).map((line) => [bold(line)]))
  const remarks = remarksOn(message, terminal, isShown).filter((remark) => remark !== '')
  if (remarks.length > 0) lines.push(...wrap(`(${remarks.join('; ')})`, room).map((line) => [dim(line)]))
  const made = { columns, day: dayOf(message.sentAt, terminal), time: timeOf(message.sentAt, terminal), body: lines }
  fixed.set(message, made)
  return made
}

function remarksOn(message: Message, terminal: Terminal, isShown: boolean): string[] {
  const { forwardedFrom, reactions, replies, editedAt } = message
  return [
    message.isBlocked ? 'of somebody you blocked' : '',
    message.isHidden ? 'hidden by a moderator' : '',
    message.isPinned ? 'pinned' : '',
    forwardedFrom === undefined || !isShown ? '' : `first said by ${oneLine(forwardedFrom.author)}`,
    replies === 0 ? '' : `${replies} ${replies === 1 ? 'reply' : 'replies'}`,
    editedAt === undefined ? '' : `edited ${timeOf(editedAt, terminal)}`,
    isShown ? oneLine(formatMetadata(message.metadata)) : '',
    reactions.map(({ emoji, users }) => (users.length === 1 ? oneLine(emoji) : `${oneLine(emoji)} ${users.length}`)).join(' '),
  ]
}

/** How far an own message has come. */
function stateText({ state, seenBy }: Message, { who }: MessageContext): string {
  if (state === 'stored') return 'stored here; nobody else has it yet'
  return state === 'seen' && seenBy.length > 0 ? `seen by ${seenBy.map(who).join(', ')}` : (state ?? '')
}
