/**
 * Finding what a person means.
 */
import type { Conversation, Parley } from '@parley/core'
import { ParleyError } from '@parley/protocol'
import { printable } from './text.ts'

/** Shorter prefixes of ids would collide with titles that are words. */
const MIN_PREFIX = 4
/** Candidates that an error names. */
const MAX_NAMED = 5

/**
 * The conversation with this id, with this title, or whose id begins so; titles in any case when none is spelled exactly so.
 * @throws {NotFound, InvalidArgument} when none, or more than one, is meant
 */
export function findConversation(parley: Parley, wanted: string): Conversation {
  const all = parley.conversations
  const exact = all.find((one) => one.getId() === wanted)
  if (exact !== undefined) return exact
  const spelled = all.filter(
    (one) => one.getTitle() === wanted || (wanted.length >= MIN_PREFIX && one.getId().startsWith(wanted.toLowerCase())),
  )
  const found = spelled.length > 0 ? spelled : all.filter((one) => wanted !== '' && fold(one.getTitle()) === fold(wanted))
  const [first, ...others] = found
  if (first === undefined) throw new ParleyError('NotFound', `There is no conversation "${printable(wanted)}". \`parley list\` shows them.`)
  if (others.length > 0) {
    const names = found.slice(0, MAX_NAMED).map((one) => `${one.getId()} (${printable(one.getTitle())})`)
    const more = found.length > MAX_NAMED ? `, and ${found.length - MAX_NAMED} more` : ''
    throw new ParleyError(
      'InvalidArgument',
      `"${printable(wanted)}" means several conversations; name one by its id: ${names.join(', ')}${more}`,
    )
  }
  return first
}

function fold(title: string): string {
  return title.normalize('NFC').toLowerCase()
}
