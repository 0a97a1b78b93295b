/**
 * Conversations, messages and members as people read them.
 */
import type { Conversation, Member, Message, MessagePage, Metadata } from '@parley/core'
import type { Terminal } from './printer.ts'
import { clip, oneLine, pad, printable, width, wrap } from './text.ts'

/** Columns for names; longer ones are cut. */
const NAME_COLUMNS = 16
/** Narrower text is harder to read than one that runs over the edge. */
const MIN_TEXT_COLUMNS = 24
/** Enough of an id to tell people and conversations apart. */
const SHORT_ID = 8

/** A name, or the beginning of the id of somebody whose name is not known. */
export function nameOf(user: { id: string; name: string }): string {
  return oneLine(user.name) || user.id.slice(0, SHORT_ID)
}

export function titleOf(conversation: Conversation): string {
  return oneLine(conversation.getTitle()) || conversation.getId().slice(0, SHORT_ID)
}

export function timeOf(ms: number, terminal: Terminal): string {
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: terminal.timeZone }).format(ms)
}

export function dayOf(ms: number, terminal: Terminal): string {
  const wanted = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } as const
  const parts = new Intl.DateTimeFormat('en-GB', { ...wanted, timeZone: terminal.timeZone }).formatToParts(ms)
  // Without the punctuation, which differs from one Node to the next.
  return parts.flatMap(({ type, value }) => (type === 'literal' ? [] : [value])).join(' ')
}

/** One message: time, author, wrapped text, and what else there is to know. */
export function formatMessage(message: Message, terminal: Terminal): string {
  const lead = `${timeOf(message.sentAt, terminal)}  ${pad(clip(nameOf(message.author), NAME_COLUMNS), NAME_COLUMNS)}  `
  const indent = ' '.repeat(width(lead))
  const columns = Math.max(MIN_TEXT_COLUMNS, terminal.columns - indent.length)
  const remarks = [
    message.replyTo === undefined ? '' : `reply to ${message.replyTo}`,
    message.editedAt === undefined ? '' : `edited ${timeOf(message.editedAt, terminal)}`,
    formatMetadata(message.metadata),
    message.state ?? '',
  ].filter((remark) => remark !== '')
  const lines = message.text === '' ? [] : wrap(message.text, columns)
  if (remarks.length > 0) lines.push(...wrap(`(${remarks.join('; ')})`, columns))
  return lines.map((line, i) => (i === 0 ? lead : indent) + line).join('\n')
}

/** The page with a line for each day, oldest first, and where one is in the conversation. */
export function formatPage(page: MessagePage, terminal: Terminal): string {
  const lines: string[] = []
  let day = ''
  for (const message of page.messages) {
    const its = dayOf(message.sentAt, terminal)
    if (its !== day) lines.push(`— ${its} —`)
    day = its
    lines.push(formatMessage(message, terminal))
  }
  if (lines.length === 0) lines.push('No messages yet.')
  lines.push(`page ${page.page} of ${page.totalPages}, ${page.totalMessages} messages`)
  return lines.join('\n')
}

export function formatMetadata(metadata: Metadata): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${oneLine(key)}=${printable(String(value))}`)
    .join(' ')
}

export function formatMember(member: Member): string {
  return `${pad(clip(nameOf(member), NAME_COLUMNS), NAME_COLUMNS)}  ${pad(member.role, 9)}  ${pad(member.status.toLowerCase(), 7)}  ${member.id}`
}

/** One line of a list: id, unread, title, the last thing said. */
export function formatConversation(conversation: Conversation, terminal: Terminal): string {
  const last = conversation.getLastMessage()
  const unread = conversation.unread > 0 ? `(${conversation.unread}) ` : ''
  const joining = conversation.state === 'member' ? '' : ` [${conversation.state}]`
  const head = `${conversation.getId().slice(0, SHORT_ID)}  ${unread}${titleOf(conversation)}${joining}`
  if (last === undefined) return head
  return clip(`${head}  ·  ${nameOf(last.author)}: ${last.text}`, Math.max(MIN_TEXT_COLUMNS, terminal.columns))
}
