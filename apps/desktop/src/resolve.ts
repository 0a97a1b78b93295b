/**
 * Finding what a person means.
 */
import type { Attachment, Conversation, Parley, User } from '@parley/core'
import { isParleyError, ParleyError, parseUserId } from '@parley/protocol'
import type { ErrorCode, UserId } from '@parley/protocol'
import { printable } from './text.ts'

/** Shorter prefixes of ids would collide with titles that are words. */
const MIN_PREFIX = 4
/** Candidates that an error names. */
const MAX_NAMED = 5
/** What the index of attachments gives at a time. */
const ATTACHMENTS_AT_ONCE = 500

/**
 * The conversation with this id, with this title, or whose id begins so; titles in any case when none is spelled exactly so.
 * @throws {NotFound, InvalidArgument} when none, or more than one, is meant
 */
export function findConversation(parley: Parley, wanted: string): Conversation {
  return pick(named(parley.conversations), wanted, 'conversations', () => {
    const where =
      match(named(parley.requests), wanted).length > 0 ? 'It is a request; `parley accept` takes it.' : '`parley list` shows them.'
    return new ParleyError('NotFound', `There is no conversation "${printable(wanted)}". ${where}`)
  }).conversation
}

/** The same among requests. @throws {NotFound, InvalidArgument} */
export function findRequest(parley: Parley, wanted: string): Conversation {
  return pick(named(parley.requests), wanted, 'requests', () => {
    return new ParleyError('NotFound', `There is no request "${printable(wanted)}". \`parley requests\` shows them.`)
  }).conversation
}

/**
 * One of these people, by id, by the beginning of it, or by name. `code` and `advice` are for when there is none.
 * @throws {InvalidArgument} when more than one is meant
 */
export function findPerson<P extends Pick<User, 'id' | 'name'>>(people: readonly P[], wanted: string, code: ErrorCode, advice: string): P {
  // Who was let in and has not come yet has no name there, and may have one elsewhere.
  const named = people.toSorted((a, b) => Number(a.name !== '') - Number(b.name !== ''))
  const once = [...new Map(named.map((person) => [person.id, person])).values()]
  return pick(once, wanted, 'people', () => new ParleyError(code, `"${printable(wanted)}" is nobody known here. ${advice}`))
}

/** The user id that this is, if it is one. */
export function readUserId(text: string): UserId | undefined {
  try {
    return parseUserId(text)
  } catch (error) {
    if (isParleyError(error, 'InvalidArgument')) return undefined
    throw error
  }
}

/**
 * The attachment with this id, the only one of the message with this id, or the only one with this name.
 * @throws {NotFound, InvalidArgument} when none, or more than one, is meant
 */
export async function findAttachment(conversation: Conversation, wanted: string): Promise<Attachment> {
  const found: Attachment[] = []
  for (let before: string | undefined; ;) {
    const some = await conversation.getAttachments({ limit: ATTACHMENTS_AT_ONCE, ...(before === undefined ? {} : { before }) })
    const exact = some.find(({ id }) => id === wanted)
    if (exact !== undefined) return exact
    found.push(...some.filter(({ messageId, name }) => messageId === wanted || name === wanted))
    if (some.length < ATTACHMENTS_AT_ONCE) break
    before = some.at(-1)?.id
  }
  const [first, ...others] = found
  if (first === undefined)
    throw new ParleyError('NotFound', `There is no attachment "${printable(wanted)}". \`parley attachments\` shows them.`)
  if (others.length > 0) throw severalMeant(wanted, 'attachments', found)
  return first
}

interface Named {
  readonly id: string
  readonly name: string
}

function named(conversations: readonly Conversation[]): (Named & { readonly conversation: Conversation })[] {
  return conversations.map((conversation) => ({ id: conversation.getId(), name: conversation.getTitle(), conversation }))
}

/** What is meant, best first: an id, exact names and beginnings of ids, names in any case. */
function match<N extends Named>(all: readonly N[], wanted: string): readonly N[] {
  const exact = all.find(({ id }) => id === wanted)
  if (exact !== undefined) return [exact]
  const isPrefix = (id: string): boolean => wanted.length >= MIN_PREFIX && id.startsWith(wanted.toLowerCase())
  const spelled = all.filter(({ id, name }) => name === wanted || isPrefix(id))
  return spelled.length > 0 ? spelled : all.filter(({ name }) => wanted !== '' && fold(name) === fold(wanted))
}

function pick<N extends Named>(all: readonly N[], wanted: string, what: string, none: () => ParleyError): N {
  const found = match(all, wanted)
  const [first, ...others] = found
  if (first === undefined) throw none()
  if (others.length > 0) throw severalMeant(wanted, what, found)
  return first
}

function severalMeant(wanted: string, what: string, found: readonly Named[]): ParleyError {
  const names = found.slice(0, MAX_NAMED).map(({ id, name }) => `${id} (${printable(name)})`)
  const more = found.length > MAX_NAMED ? `, and ${found.length - MAX_NAMED} more` : ''
  return new ParleyError('InvalidArgument', `"${printable(wanted)}" means several ${what}; name one by its id: ${names.join(', ')}${more}`)
}

function fold(title: string): string {
  return title.normalize('NFC').toLowerCase()
}
