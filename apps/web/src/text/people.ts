/**
 * How people are named and coloured.
 */
import type { Conversation, Member, Role, User } from '@parley/chat'
import { t } from '../i18n/translate.ts'
import type { PlainText } from '../i18n/translate.ts'

/** As many as there are `.hue-n` classes. */
const HUES = 10

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Marks that turn the direction of a text: no initials. */
const INVISIBLE = /[\p{Cf}\p{Cc}]/gu

/** What to call somebody whose name has not arrived yet. */
export function nameOf(person: Pick<User, 'name'>): string {
  return person.name.trim() === '' ? t('Somebody') : person.name
}

/** One or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.replace(INVISIBLE, '').trim().split(/\s+/)
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return picked
    .map((word) => firstGrapheme(word ?? ''))
    .join('')
    .toLocaleUpperCase()
}

function firstGrapheme(word: string): string {
  for (const { segment } of segmenter.segment(word)) return segment
  return ''
}

/** A number from 0 to 9 that stays with an id. */
export function hueOf(id: string): number {
  let hash = 0
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return hash % HUES
}

/** Bob; Bob and Carol; Bob, Carol and 3 more. */
export function nameList(names: readonly string[]): string {
  const [first, second] = names
  if (first === undefined) return ''
  if (second === undefined) return first
  return names.length === 2
    ? t('{first} and {second}', { first, second })
    : t('{first}, {second} and {count} more', { first, second, count: names.length - 2 })
}

/** Bob is typing */
export function typingWords(typing: readonly User[]): string {
  if (typing.length === 0) return ''
  const names = nameList(typing.map(nameOf))
  return typing.length === 1 ? t('{name} is typing', { name: names }) : t('{names} are typing', { names })
}

/** Whether this person decides who is in a group and what they may do: what the engine asks of their role. */
export function mayManage(role: Role | undefined): boolean {
  return role === 'founder' || role === 'admin'
}

/** 3 people, 2 online */
export function membersWords(members: readonly Member[]): string {
  const online = members.filter((member) => member.status === 'ONLINE').length
  if (members.length === 0) return t('Nobody here')
  return members.length === 1 ? t('Only you') : t('{count} people, {online} online', { count: members.length, online })
}

const ROLE_WORDS: Readonly<Record<Role, PlainText>> = {
  founder: 'Founder',
  admin: 'Admin',
  moderator: 'Moderator',
  writer: 'Writer',
  reader: 'Reads only',
}

/** A role in words. */
export function roleWords(role: Role): string {
  return t(ROLE_WORDS[role])
}

/** What to call a conversation whose title has not arrived yet. */
export function titleOf({ title, kind }: { readonly title: string; readonly kind: 'group' | 'direct' }): string {
  if (title !== '') return title
  return kind === 'direct' ? t('Somebody') : t('A group you were invited to')
}

/** What gives a conversation its colour: a direct one has that of the other person. */
export function faceOf(
  info: { readonly id: ReturnType<Conversation['getId']>; readonly kind: 'group' | 'direct'; readonly members: readonly Member[] },
  me: User['id'],
): string {
  return (info.kind === 'direct' ? info.members.find(({ id }) => id !== me)?.id : undefined) ?? info.id
}
