/**
 * Speaking of people in a text: what was picked becomes ranges when it is sent, and ranges cut the text when it is shown.
 */
import type { Member, User } from '@parley/chat'
import type { Mention } from '../engine/types.ts'

/** Somebody who was picked, by the words that stand for them in the text. */
export interface Picked {
  readonly user: User['id']
  readonly label: string
}

/** What is being typed after an `@`: where the `@` is, and the letters after it. */
export interface MentionQuery {
  readonly at: number
  readonly letters: string
}

/** As many as the engine takes. */
const MAX_MENTIONS = 64
/** More suggestions than this are no help. */
const MAX_SUGGESTIONS = 6
/** Longer words are not the beginning of a name. */
const MAX_QUERY_LENGTH = 30

/** The query at the caret, when there is one: an `@` at the beginning of a word, and no space since. */
export function mentionQuery(text: string, caret: number): MentionQuery | undefined {
  const before = text.slice(Math.max(0, caret - MAX_QUERY_LENGTH - 1), caret)
  const match = /(?:^|[\s([{"'])@([^\s@]*)$/u.exec(before)
  return match?.[1] === undefined ? undefined : { at: caret - match[1].length - 1, letters: match[1] }
}

/** Whom the letters may mean, those whose name begins with them first. */
export function suggestions(members: readonly Member[], me: User['id'], letters: string): readonly Member[] {
  const wanted = letters.toLocaleLowerCase()
  const others = members.filter((member) => member.id !== me && member.name.trim() !== '')
  const begins = others.filter((member) => member.name.toLocaleLowerCase().startsWith(wanted))
  const contains = others.filter((member) => !begins.includes(member) && member.name.toLocaleLowerCase().includes(wanted))
  return [...begins, ...contains].slice(0, MAX_SUGGESTIONS)
}

/** A letter or digit right after it makes a name another word, and one right before the `@` makes it an address. */
const WORD = /[\p{L}\p{N}_]/u

function standsAlone(text: string, from: number, to: number): boolean {
  return !WORD.test(text.charAt(from - 1)) && !WORD.test(text.charAt(to))
}

/**
 * Where a text speaks of people: of those who were picked, and of members whose names were typed out. Longer names first, so that Anna does not
 * take the place of Anna Maria; of people with one name, whoever was picked.
 */
export function mentionsIn(text: string, picked: readonly Picked[], members: readonly Member[]): Mention[] {
  if (!text.includes('@')) return []
  const named = members.filter(({ name }) => name.trim() !== '').map(({ id, name }) => ({ user: id, label: `@${name}` }))
  const found: Mention[] = []
  for (const { user, label } of [...picked, ...named].toSorted((a, b) => b.label.length - a.label.length)) {
    for (let from = text.indexOf(label); from >= 0; from = text.indexOf(label, from + label.length)) {
      const to = from + label.length
      if (standsAlone(text, from, to) && !found.some((other) => from < other.to && other.from < to)) found.push({ user, from, to })
    }
  }
  return found.toSorted((a, b) => a.from - b.from).slice(0, MAX_MENTIONS)
}

/** Who is spoken of in a text that is edited again. */
export function pickedIn(text: string, mentions: readonly Mention[]): Picked[] {
  return mentions.map(({ user, from, to }) => ({ user, label: text.slice(from, to) })).filter(({ label }) => label !== '')
}

/** A piece of a text; `user` when it speaks of somebody. */
export interface MentionPart {
  readonly at: number
  readonly text: string
  readonly user?: User['id']
}

/** The text in order, cut where mentions begin and end. Ranges that do not fit the text are passed over: peers wrote them. */
export function mentionParts(text: string, mentions: readonly Mention[]): MentionPart[] {
  const parts: MentionPart[] = []
  let end = 0
  for (const { user, from, to } of mentions) {
    if (from < end || to <= from || to > text.length) continue
    if (from > end) parts.push({ at: end, text: text.slice(end, from) })
    parts.push({ at: from, text: text.slice(from, to), user })
    end = to
  }
  if (end < text.length) parts.push({ at: end, text: text.slice(end) })
  return parts
}
