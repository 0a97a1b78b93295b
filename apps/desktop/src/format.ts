/**
 * Conversations, messages and members as people read them.
 */
import type {
  Attachment,
  Contact,
  Conversation,
  FormerMember,
  InviteInfo,
  Member,
  Message,
  MessagePage,
  Metadata,
  SearchResults,
} from '@parley/core'
import type { Terminal } from './printer.ts'
import { sizeText } from './progress.ts'
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

/** One message: time, author, wrapped text, its files, and what else there is to know. Of blocked people and hidden messages only that. */
export function formatMessage(message: Message, terminal: Terminal): string {
  const lead = `${timeOf(message.sentAt, terminal)}  ${pad(clip(nameOf(message.author), NAME_COLUMNS), NAME_COLUMNS)}  `
  const indent = ' '.repeat(width(lead))
  const columns = Math.max(MIN_TEXT_COLUMNS, terminal.columns - indent.length)
  const isShown = !message.isBlocked && !message.isHidden
  const lines = isShown && message.text !== '' ? wrap(message.text, columns) : []
  if (isShown) for (const { name, size } of message.attachments) lines.push(...wrap(`[${oneLine(name)}, ${sizeText(size)}]`, columns))
  const remarks = remarksOn(message, terminal, isShown).filter((remark) => remark !== '')
  if (remarks.length > 0) lines.push(...wrap(`(${remarks.join('; ')})`, columns))
  return lines.map((line, i) => (i === 0 ? lead : indent) + line).join('\n')
}

function remarksOn(message: Message, terminal: Terminal, isShown: boolean): string[] {
  const { forwardedFrom, reactions } = message
  return [
    message.isBlocked ? 'of somebody you blocked' : '',
    message.isHidden ? 'hidden by a moderator' : '',
    message.isPinned ? 'pinned' : '',
    forwardedFrom === undefined || !isShown ? '' : `first said by ${oneLine(forwardedFrom.author)}`,
    message.replyTo === undefined ? '' : `reply to ${message.replyTo}`,
    message.replies === 0 ? '' : `${message.replies} ${message.replies === 1 ? 'reply' : 'replies'}`,
    message.editedAt === undefined ? '' : `edited ${timeOf(message.editedAt, terminal)}`,
    isShown ? formatMetadata(message.metadata) : '',
    reactions.map(({ emoji, users }) => (users.length === 1 ? oneLine(emoji) : `${oneLine(emoji)} ${users.length}`)).join(' '),
    message.state ?? '',
  ]
}

/** The page with a line for each day, oldest first, and where one is in the conversation. `ids`: each message with its own. */
export function formatPage(page: MessagePage, terminal: Terminal, options: { ids?: boolean } = {}): string {
  const lines = linesByDay(page.messages, terminal, options)
  if (lines.length === 0) lines.push('No messages yet.')
  lines.push(`page ${page.page} of ${page.totalPages}, ${page.totalMessages} messages`)
  return lines.join('\n')
}

/** What a search found, and how to see more of it. */
export function formatResults(found: SearchResults, terminal: Terminal, options: { ids?: boolean } = {}): string {
  const { results, total, cursor, isComplete } = found
  const messages = results.map(({ message }) => message)
  const lines = linesByDay(messages, terminal, options)
  lines.push(`${results.length} of ${total}${isComplete ? '' : ' or more'}`)
  if (cursor !== undefined) lines.push(`more with --cursor ${cursor}`)
  return lines.join('\n')
}

function linesByDay(messages: readonly Message[], terminal: Terminal, options: { ids?: boolean }): string[] {
  const lines: string[] = []
  let day = ''
  for (const message of messages) {
    const its = dayOf(message.sentAt, terminal)
    if (its !== day) lines.push(`— ${its} —`)
    day = its
    lines.push(formatMessage(message, terminal))
    if (options.ids === true) lines.push(`       ${message.id}`)
  }
  return lines
}

export function formatMetadata(metadata: Metadata): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${oneLine(key)}=${printable(String(value))}`)
    .join(' ')
}

export function formatMember(member: Member): string {
  return `${pad(clip(nameOf(member), NAME_COLUMNS), NAME_COLUMNS)}  ${pad(member.role, 9)}  ${pad(member.status.toLowerCase(), 7)}  ${member.id}`
}

/** Somebody who is in it no more: how, when, and by whom. */
export function formatFormer(former: FormerMember, conversation: Conversation, terminal: Terminal): string {
  const by = [...conversation.members(), ...conversation.formerMembers()].find(({ id }) => id === former.by)
  const how = former.how === 'left' ? 'left' : `removed by ${nameOf(by ?? { id: former.by, name: '' })}`
  return `${pad(clip(nameOf(former), NAME_COLUMNS), NAME_COLUMNS)}  ${how}, ${dayOf(former.at, terminal)}  ${former.id}`
}

export function formatContact(contact: Contact): string {
  return `${pad(clip(nameOf(contact), NAME_COLUMNS), NAME_COLUMNS)}  ${contact.isBlocked ? 'blocked  ' : ''}${contact.id}`
}

/** A request by what it is called; a group also by who is in it. */
export function formatRequest(request: Conversation): string {
  const head = `${request.getId().slice(0, SHORT_ID)}  ${titleOf(request)}`
  return request.kind === 'direct' ? `${head} asks to write to you` : `${head}  ·  a group of ${request.members().map(nameOf).join(', ')}`
}

export function formatInvite(invite: InviteInfo, terminal: Terminal): string {
  const { state, used, uses, role, expiresAt, id, link } = invite
  const until = state === 'open' ? `until ${dayOf(expiresAt, terminal)}` : state
  return `${used} of ${uses} used  ${role}  ${until}  ${id}${link === undefined || state !== 'open' ? '' : `\n  ${link}`}`
}

export function formatAttachment({ id, name, size, type }: Attachment): string {
  return `${id}  ${pad(sizeText(size), 7)}  ${oneLine(type)}  ${oneLine(name)}`
}

/** One line of a list: id, unread, title, the last thing said. */
export function formatConversation(conversation: Conversation, terminal: Terminal): string {
  const last = conversation.getLastMessage()
  const unread = conversation.unread > 0 ? `(${conversation.unread}) ` : ''
  const joining = conversation.state === 'member' ? '' : ` [${conversation.state}]`
  const head = `${conversation.getId().slice(0, SHORT_ID)}  ${unread}${titleOf(conversation)}${joining}`
  if (last === undefined || last.isBlocked || last.isHidden) return head
  const said = last.text === '' ? last.attachments.map(({ name }) => `[${name}]`).join(' ') : last.text
  return clip(`${head}  ·  ${nameOf(last.author)}: ${said}`, Math.max(MIN_TEXT_COLUMNS, terminal.columns))
}
